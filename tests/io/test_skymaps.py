from pathlib import Path

import numpy as np
import pytest

from gnomon.containers.tiling import Tiling
from gnomon.errors import ConfigError
from gnomon.io.skymaps import read_skymap, write_tiling

DISCRETE = Tiling("discrete", 120, 32, 60.0, ((10.0, -20.0, 0.5, 0.3),), 0.2, 150, 50, 20, 1)


def test_a_skymap_comes_back_as_it_was(tmp_path):
    write_tiling(DISCRETE, tmp_path / "skymap.json")
    skymap = read_skymap(tmp_path / "skymap.json")
    assert np.degrees([skymap.ra[0], skymap.dec[0]]) == pytest.approx([10.0, -20.0])
    assert (skymap.nx.tolist(), skymap.ny.tolist()) == ([3], [2])
    assert skymap.grid.pixel_scale == pytest.approx(np.radians(0.2 / 3600))


def test_a_file_that_says_the_same_is_left_alone(tmp_path):
    path = tmp_path / "skymap.json"
    write_tiling(DISCRETE, path)
    before = path.stat().st_mtime_ns, path.stat().st_ino
    write_tiling(DISCRETE, path)
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == before


@pytest.mark.parametrize("text", ["", "{}", '{"kind": "rings"}', '{"kind": 3'])
def test_what_is_no_skymap_is_refused(tmp_path, text):
    path = Path(tmp_path, "skymap.json")
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"skymap\.json is not a skymap"):
        read_skymap(path)
