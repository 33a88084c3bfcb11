import pytest

from gnomon.io.atomic import replacing


def test_file_appears_only_when_the_block_ends(tmp_path):
    with replacing(tmp_path / "a" / "b.txt") as temporary:
        temporary.write_text("whole")
        assert not (tmp_path / "a" / "b.txt").exists()
        assert temporary.parent == tmp_path / "a"
    assert (tmp_path / "a" / "b.txt").read_text() == "whole"


def test_a_failed_block_leaves_nothing(tmp_path):
    with pytest.raises(RuntimeError), replacing(tmp_path / "b.txt") as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_a_failed_block_keeps_the_file_that_was_there(tmp_path):
    (tmp_path / "b.txt").write_text("before")
    with pytest.raises(RuntimeError), replacing(tmp_path / "b.txt") as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert (tmp_path / "b.txt").read_text() == "before"
