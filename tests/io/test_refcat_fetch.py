"""Answers of archives are kept; no network is touched here."""

import sys

import numpy as np
import pytest

from gnomon.errors import ConfigError
from gnomon.io.refcat import Region
from gnomon.io.refcat_fetch import fetch_cached
from gnomon.io.refcat_tables import read_columns

REGION = Region(1.0, -0.5, 0.01)


def test_an_answer_is_asked_for_once(tmp_path):
    asked = []

    def query(region):
        asked.append(region)
        return {"ra": np.array([57.3]), "dec": np.array([-28.6])}

    first = fetch_cached("gaia_dr3", REGION, tmp_path, query)
    second = fetch_cached("gaia_dr3", REGION, tmp_path, query)
    assert first == second
    assert asked == [REGION]
    assert read_columns(first)["ra"].tolist() == [57.3]


def test_other_regions_and_catalogues_are_other_files(tmp_path):
    def query(_):
        return {"ra": np.zeros(1)}

    regions = [REGION, Region(1.0, 0.5, 0.01), Region(1.0, -0.5, 0.02)]
    paths = {fetch_cached(f, r, tmp_path, query) for f in ("gaia_dr2", "gaia_dr3") for r in regions}
    assert len(paths) == 6


def test_a_query_that_fails_leaves_no_file(tmp_path):
    def query(_):
        raise ConnectionError("no network")

    with pytest.raises(ConnectionError):
        fetch_cached("gaia_dr3", REGION, tmp_path, query)
    assert list(tmp_path.iterdir()) == []


def test_without_astroquery_the_way_out_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "astroquery", None)
    with pytest.raises(ConfigError, match="pip install"):
        fetch_cached("gaia_dr3", REGION, tmp_path)
