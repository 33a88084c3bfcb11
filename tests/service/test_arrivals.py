"""Which files are whole, and what has been done with them."""

import time

import pytest

from exposure_files import RAW, write_raw
from gnomon.service.arrivals import Arrivals
from gnomon.service.journal import Journal


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until it is told."""
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_a_whole_file_is_handed_out_once_when_it_has_settled(tmp_path, clock):
    arrivals = Arrivals(tmp_path, RAW, settle_s=1.0)
    path = write_raw(tmp_path / "a.fits")
    assert arrivals.look() == []
    clock[0] += 1.5
    assert arrivals.look() == [path]
    clock[0] += 1.5
    assert arrivals.look() == []


def test_a_file_still_being_written_waits(tmp_path, clock):
    whole = write_raw(tmp_path / "whole.fits").read_bytes()
    (tmp_path / "whole.fits").unlink()
    arrivals, path = Arrivals(tmp_path, RAW, settle_s=1.0, give_up_s=60.0), tmp_path / "b.fits"
    for part in (0.3, 0.6, 0.9):
        path.write_bytes(whole[: int(part * len(whole))])
        assert arrivals.look() == []
        clock[0] += 5.0
        assert arrivals.look() == []  # quiet, but cut short
    path.write_bytes(whole)
    assert arrivals.look() == []
    clock[0] += 1.0
    assert arrivals.look() == [path]


def test_a_file_that_stays_broken_is_handed_out_at_last(tmp_path, clock):
    path = tmp_path / "c.fits"
    path.write_bytes(b"SIMPLE  =")
    arrivals = Arrivals(tmp_path, RAW, settle_s=1.0, give_up_s=60.0)
    assert arrivals.look() == []
    clock[0] += 59.0
    assert arrivals.look() == []
    clock[0] += 1.0
    assert arrivals.look() == [path]


def test_hidden_and_foreign_files_are_not_exposures(tmp_path, clock):
    (tmp_path / ".a.fits").write_bytes(b"x")
    (tmp_path / "notes.txt").write_text("x")
    arrivals = Arrivals(tmp_path, RAW, settle_s=0.0, give_up_s=0.0)
    assert arrivals.look() == []


def test_the_journal_survives_a_kill_within_a_line(tmp_path):
    path = tmp_path / "prompt" / "journal.jsonl"
    journal = Journal(path)
    journal.add({"visit": "1", "state": "done"})
    journal.add({"visit": "2", "state": "done"})
    path.write_text(path.read_text()[:-7])
    again = Journal(path)
    assert again.find("visit", "1") == {"visit": "1", "state": "done"}
    assert again.find("visit", "2") is None
    again.add({"visit": "2", "state": "done"})
    assert len(Journal(path).entries) == 2
