import pytest

from gnomon.costs import costs_page, where_the_time_went, write_costs
from gnomon.errors import ConfigError
from gnomon.io.spent import Spent, spent_in

HEAD = "s\th:m:s\tmax_rss\tmax_vms\tmax_uss\tmax_pss\tio_in\tio_out\tmean_load\tcpu_time\n"


def job(folder, step, name, wall, cpu):
    path = folder / "benchmark" / step / f"{name}.tsv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{HEAD}{wall}\t0:00:01\t100.5\t-\t-\t-\t-\t-\t-\t{cpu}\n")


def test_jobs_of_a_step_add_up_and_the_costliest_stands_first(tmp_path):
    job(tmp_path, "isr", "1", 2.0, 1.5)
    job(tmp_path, "isr", "2", 3.0, 2.5)
    job(tmp_path, "coadd", "deep", 9.0, 8.0)
    spent = list(spent_in(tmp_path))
    assert sum(s.cpu_s for s in spent if s.step == "isr") == 4.0
    page = costs_page(spent, {"isr": 5.0}, 2)
    assert page.index(">coadd<") < page.index(">isr<")
    assert "3 jobs in" in page


def test_time_is_inside_steps_around_them_or_between_jobs():
    jobs = [Spent("isr", "1", 10.0, 10.0, 8.0, 1.0), Spent("isr", "2", 20.0, 5.0, 4.0, 1.0)]
    # from 0 to 20 s on two cores: 40 s, of which 12 in steps, 15 - 12 in jobs, 40 - 15 between them
    text = where_the_time_went(jobs, 2)
    assert [text.count(part) for part in ("(30%)", "(8%)", "(62%)")] == [1, 1, 1]


def test_a_step_knows_better_what_it_took_than_who_looks_once_a_second(tmp_path):
    job(tmp_path, "isr", "1", 3.0, 1.5)
    log = tmp_path / "log" / "isr" / "1.log"
    log.parent.mkdir(parents=True)
    log.write_text(
        "WARNING x, 9.00 CPU s, 9 MB\nINFO isr visit=1: 4 detectors made, 0 failed, 2.25 CPU s, 240 MB\n"
    )
    (found,) = spent_in(tmp_path)
    assert (found.wall_s, found.cpu_s, found.memory_mb) == (3.0, 2.25, 240.0)


def test_what_was_too_short_to_be_measured_counts_as_nothing(tmp_path):
    job(tmp_path, "isr", "1", 0.1, "NA")
    assert write_costs(tmp_path).read_text().startswith("<!doctype html>")


def test_a_folder_without_benchmarks_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="no benchmark files"):
        write_costs(tmp_path)
