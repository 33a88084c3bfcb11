import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from release import GALAXIES, STARS, TRANSIENTS, made_by, release, write

from gnomon.audit.explain import explain, main, root_of


def test_the_chain_goes_back_to_what_lies_outside(tmp_path):
    lines = list(explain(release(tmp_path / "run"), TRANSIENTS))
    assert lines[0].startswith(TRANSIENTS)
    assert "Made by simulate version 3." in lines[0]
    assert any(line.strip().startswith(GALAXIES) for line in lines)
    assert any("survey.yaml" in line and line.endswith("from outside") for line in lines)
    assert any('options {"seed": 7}' in line for line in lines)
    assert sum("CHANGED" in line for line in lines) == 0


def test_an_input_that_changed_since_is_named(tmp_path):
    root = release(tmp_path / "run")
    write(root, STARS, made_by(root, "simulate_sky"), seed=3)
    assert any(line.strip().startswith(STARS) and "CHANGED since" in line for line in explain(root, GALAXIES))


def test_the_root_is_found_from_the_file(tmp_path, capsys):
    root = release(tmp_path / "run")
    assert root_of(root / GALAXIES) == root
    main([str(root / GALAXIES)])
    assert capsys.readouterr().out.startswith(GALAXIES)


def test_what_is_no_product_is_refused(tmp_path, caplog):
    with pytest.raises(SystemExit, match="2"):
        main([str(tmp_path / "nothing.txt")])
    assert "no dataset type has such a path" in caplog.text
