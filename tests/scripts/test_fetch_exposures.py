import importlib.util
import sys
from pathlib import Path

import pytest

PATH = Path(__file__).parents[2] / "scripts" / "fetch_exposures.py"
WORDS = ["fetch_exposures.py", "--ra", "36.9", "--dec", "-5.2"]


class Archive:
    """An archive that knows some files and notes what it was asked for."""

    def __init__(self, names):
        self.names, self.asked, self.sent = names, {}, []

    def query_surveys(self, **asked):
        self.asked = asked
        return {"ARCFILE": self.names} if self.names else None

    def retrieve_data(self, names, destination):
        self.sent = names


def run(monkeypatch, archive, folder, *words):
    spec = importlib.util.spec_from_file_location("fetch_exposures", PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(sys, "argv", [*WORDS, "--into", str(folder), *words])
    with pytest.raises(SystemExit) as done:
        module.main(archive)
    return done.value.code


def test_asks_for_the_field_and_keeps_to_the_number_wanted(monkeypatch, tmp_path):
    archive = Archive(["c", "a", "b"])
    assert run(monkeypatch, archive, tmp_path, "--most", "2") == 0
    assert archive.sent == ["a", "b"]
    assert (archive.asked["coord1"], archive.asked["coord2"]) == (36.9, -5.2)


def test_an_empty_answer_is_an_error_that_says_where(monkeypatch, tmp_path, capsys):
    assert run(monkeypatch, Archive([]), tmp_path) == 2
    assert "no image of VIKING at ra 36.9" in capsys.readouterr().err
