import gzip
import json

import numpy as np
import pytest

from gnomon.errors import ConfigError, UnprocessableData
from gnomon.io.obscodes import read_obscodes, sites_of

ENTRIES = {
    "X05": {"Longitude": 289.25058, "cos": 0.864981, "sin": -0.500958, "Name": "Rubin"},
    "C51": {"Name": "WISE"},
}
COLUMNS = (
    "Code  Long.   cos      sin    Name\n"
    "X05 289.250580.864981-0.500958Rubin\nC51                           WISE\n"
)


@pytest.mark.parametrize("packed", [False, True])
def test_json_and_its_gzip(tmp_path, packed):
    text = json.dumps(ENTRIES).encode()
    path = tmp_path / "codes"
    path.write_bytes(gzip.compress(text) if packed else text)
    assert read_obscodes(path) == {"X05": (pytest.approx(np.deg2rad(289.25058)), 0.864981, -0.500958)}


def test_columns(tmp_path):
    path = tmp_path / "ObsCodes.html"
    path.write_text(COLUMNS)
    assert read_obscodes(path) == {"X05": (pytest.approx(np.deg2rad(289.25058)), 0.864981, -0.500958)}


def test_stations_without_a_place_are_nan(tmp_path):
    sites = sites_of({"X05": (1.0, 0.5, 0.2)}, ["X05", "C51"])
    assert np.isfinite(sites[0]).all() and np.isnan(sites[1]).all()
    with pytest.raises(ConfigError, match="C51"):
        sites_of({"X05": (1.0, 0.5, 0.2)}, ["C51"])


def test_other_files_are_refused(tmp_path):
    path = tmp_path / "codes"
    for text in ("{", "nothing here"):
        path.write_text(text)
        with pytest.raises(UnprocessableData, match="no table of observatory codes"):
            read_obscodes(path)
