import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from release import GALAXIES, STARS, TRANSIENTS, made_by, release, write

from gnomon.audit.compare import compared, main
from gnomon.audit.manifest import manifest_of


def both(tmp_path, seed):
    return release(tmp_path / "a" / "run"), release(tmp_path / "b" / "run", seed)


def test_equal_releases_are_the_same(tmp_path, capsys):
    roots = both(tmp_path, 0)
    main([str(r) for r in roots])
    assert [line.split()[1:] for line in capsys.readouterr().out.splitlines()[1:]] == [
        ["1", "0", "0", "0"]
    ] * 3


def test_a_changed_catalogue_is_named_with_its_column(tmp_path, capsys):
    roots = both(tmp_path, 1)
    with pytest.raises(SystemExit, match="1"):
        main([str(r) for r in roots])
    text = capsys.readouterr().out
    assert f"truth_stars: {STARS}: column x row [0]" in text
    assert "x: 5 of 5 rows differ, by" in text
    assert f"truth_galaxies: {GALAXIES}: provenance, inputs: {STARS}" in text


def test_products_of_one_release_only_are_counted(tmp_path):
    roots = both(tmp_path, 0)
    (roots[1] / TRANSIENTS).unlink()
    write(roots[1], "truth/asteroids.parquet", made_by(roots[1], "simulate_sky"))
    rows = {w[0]: w[1:] for w in (line.split() for line in compared(*map(manifest_of, roots), ()))}
    assert rows["truth_transients"] == ["0", "0", "1", "0"]
    assert rows["truth_asteroids"] == ["0", "0", "0", "1"]


def test_a_release_that_is_not_there_is_refused(tmp_path, caplog):
    with pytest.raises(SystemExit, match="2"):
        main([str(tmp_path / "x"), str(tmp_path / "y")])
    assert "there is no release" in caplog.text
