"""The status page, from events as the logger plugin writes them."""

import json
import logging

import pytest

from gnomon.status import headline, in_use, latest_run, main, page, seconds_left, share_of_cores, text
from snakemake_logger_plugin_gnomon import LogHandler, LogHandlerSettings


def told(tmp_path, *events):
    """Lines of an event file."""
    return [json.dumps({"time": t, "event": e, **facts}) + "\n" for t, e, facts in events]


def started(job, rule, name, **facts):
    return {"job": job, "rule": rule, "name": name, "threads": 1, "log": [], **facts}


@pytest.fixture
def lines(tmp_path):
    """Two cores for 40 s: two jobs of 10 s, one that fails after 10 s, one that runs since 20 s; two to come."""
    log = tmp_path / "isr.log"
    log.write_text("INFO isr\nERROR isr: no such file: raw/3.fits\n")
    return told(
        tmp_path,
        (90.0, "cores", {"cores": 2}),
        (100.0, "run", {"jobs": {"isr": 5, "report": 1, "all": 1}, "pid": 1}),
        (100.0, "started", started(1, "isr", "1")),
        (100.0, "started", started(2, "isr", "2")),
        (110.0, "finished", {"job": 1}),
        (110.0, "finished", {"job": 2}),
        (110.0, "started", started(3, "isr", "3", log=[str(log)])),
        (120.0, "failed", {"job": 3}),
        (120.0, "started", started(4, "isr", "4")),
    )


def test_states_cores_and_time_left(lines):
    run = latest_run(lines)
    assert headline(run, 140.0).startswith("2 of 6 jobs done, 1 running, 1 failed; 1 of 2 cores in use")
    assert "all" not in run.planned
    assert in_use(run, 140.0)[-2:] == [(120.0, 1), (140.0, 0)]
    assert share_of_cores(run, 140.0) == pytest.approx(50 / 80)  # 3 x 10 s and 20 s of 2 x 40 s
    # 3 of isr and the report at 10 s each, of which 20 s are behind one, over 2 x 50/80 cores
    assert seconds_left(run, 140.0) == pytest.approx((40 - 20) / (2 * 50 / 80))


def test_a_failure_is_told_with_the_last_line_of_its_log(lines):
    assert "failed isr 3: ERROR isr: no such file: raw/3.fits" in text(latest_run(lines), 140.0)
    assert "no such file: raw/3.fits" in page(latest_run(lines), 140.0)


def test_a_job_that_was_done_later_has_not_failed(lines, tmp_path):
    again = told(tmp_path, (130.0, "started", started(3, "isr", "3")), (135.0, "finished", {"job": 3}))
    assert not latest_run([*lines, *again]).of_state("failed")


def test_the_latest_run_counts_and_half_a_line_does_not(lines, tmp_path):
    again = told(tmp_path, (200.0, "run", {"jobs": {"isr": 3}, "pid": 2}))
    assert headline(latest_run([*lines, *again, '{"time": 201.0, "ev']), 205.0).startswith(
        "0 of 3 jobs done, 0 running"
    )


def test_the_page_needs_no_other_file(lines):
    html = page(latest_run(lines), 140.0)
    assert "<svg" in html
    assert "src=" not in html
    assert "http" not in html.replace("http://www.w3.org", "")


def test_events_are_written_as_they_come(tmp_path):
    path = tmp_path / "log" / "events.jsonl"
    handler = LogHandler(None, LogHandlerSettings(file=str(path)))
    for facts in (
        {"event": "resources_info", "cores": 2},
        {"event": "run_info", "stats": {"isr": 1, "total": 1}},
        {
            "event": "job_info",
            "jobid": 7,
            "rule_name": "isr",
            "wildcards": {"visit": "3"},
            "threads": 1,
            "log": ["x"],
        },
        {"event": "shellcmd"},
        {"event": "job_finished", "job_id": 7},
    ):
        handler.emit(logging.makeLogRecord(facts))
    assert headline(latest_run(path.read_text().splitlines(keepends=True)), 0.0).startswith(
        "1 of 1 jobs done"
    )
    handler.close()
    assert latest_run(path.read_text().splitlines(keepends=True)).closed


def test_a_folder_without_events_is_refused(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main([str(tmp_path)])
    assert "--logger gnomon" in capsys.readouterr().err
