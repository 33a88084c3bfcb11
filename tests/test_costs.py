import pytest

from gnomon.costs import costs_page, spent_in, write_costs
from gnomon.errors import ConfigError

HEAD = "s\th:m:s\tmax_rss\tmax_vms\tmax_uss\tmax_pss\tio_in\tio_out\tmean_load\tcpu_time\n"


def job(folder, step, name, wall, cpu):
    path = folder / "benchmark" / step / f"{name}.tsv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{HEAD}{wall}\t0:00:01\t100.5\t-\t-\t-\t-\t-\t-\t{cpu}\n")


def test_jobs_of_a_step_add_up_and_the_costliest_stands_first(tmp_path):
    job(tmp_path, "isr", "1", 2.0, 1.5)
    job(tmp_path, "isr", "2", 3.0, 2.5)
    job(tmp_path, "coadd", "deep", 9.0, 8.0)
    spent = list(spent_in(tmp_path / "benchmark"))
    assert sum(s.cpu_s for s in spent if s.step == "isr") == 4.0
    page = costs_page(spent, {"isr": 5.0})
    assert page.index(">coadd<") < page.index(">isr<")
    assert "3 jobs, 0.2 CPU minutes" in page


def test_what_was_too_short_to_be_measured_counts_as_nothing(tmp_path):
    job(tmp_path, "isr", "1", 0.1, "NA")
    assert [s.cpu_s for s in spent_in(tmp_path / "benchmark")] == [0.0]
    assert write_costs(tmp_path).read_text().startswith("<!doctype html>")


def test_a_folder_without_benchmarks_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="no benchmark files"):
        write_costs(tmp_path)
