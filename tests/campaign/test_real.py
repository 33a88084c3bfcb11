"""Real exposures through the same rules: VIRCAM frames that agree with each other, DECam with a known offset."""

import sys
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial import KDTree

sys.path.insert(0, str(Path(__file__).parent))
from campaigns import IMAGES, gaia_shards, snakemake

from gnomon.flags import SOURCE
from gnomon.io.catalogs import read_catalog

pytestmark = pytest.mark.campaign
UNSOUND = np.uint32(
    sum(SOURCE[n] for n in ("saturated", "edge", "badCenter", "deblended", "centroid", "psfFlux"))
)
TOGETHER_ARCSEC = 0.5


def run(folder, instrument, data, **options):
    config = {"campaign": instrument, "instrument": instrument, "data": str(data), "steps": {}, **options}
    snakemake(folder, "--until", "calibrate_visit", config=config)
    return Path(folder, "run")


def stars(path):
    """Point sources of S/N above 20 that share no footprint."""
    table = read_catalog(path)
    with np.errstate(invalid="ignore"):
        bright = table["psfFlux"] > 20 * table["psfFluxErr"]
    return table.take(bright & ((table["flags"] & UNSOUND) == 0) & (table["extendedness"] == 0))


def pairs(one, other):
    """Separations in mas and magnitude differences of the stars that two tables share."""
    scale = np.cos(np.radians(one["coord_dec"].mean()))
    tree = KDTree(np.stack([other["coord_ra"] * scale, other["coord_dec"]], -1))
    apart, row = tree.query(np.stack([one["coord_ra"] * scale, one["coord_dec"]], -1))
    near = apart < TOGETHER_ARCSEC / 3600
    return apart[near] * 3.6e6, -2.5 * np.log10(one["psfFlux"][near] / other["psfFlux"][row[near]])


@pytest.mark.skipif(not (IMAGES / "viking").is_dir(), reason="shared/data/images/viking is not here")
def test_vircam_frames_agree_to_30_mas_and_0_03_mag(tmp_path):
    root = run(tmp_path, "vircam", IMAGES / "viking")
    tables = [stars(p) for p in sorted((root / "preliminary" / "source").glob("*.parquet"))]
    assert len(tables) == 4
    for one, other in combinations(tables, 2):
        apart, fainter = pairs(one, other)
        assert len(apart) > 50
        assert np.median(apart) <= 30
        assert abs(np.median(fainter)) <= 0.03


@pytest.fixture(scope="module")
def gaia(tmp_path_factory):
    """Reference shards of the Gaia stars that come with the DECam exposures."""
    folder = tmp_path_factory.mktemp("gaia")
    gaia_shards(folder)
    return folder


@pytest.mark.skipif(
    not (IMAGES / "decam_testcase4").is_dir(), reason="shared/data/images/decam_testcase4 is not here"
)
def test_decam_exposures_are_shifted_onto_gaia_and_say_so(tmp_path, gaia):
    data = IMAGES / "decam_testcase4" / "images" / "decam" / "CP"
    root = run(tmp_path, "decam", data, refcat=str(gaia))
    tables = [read_catalog(p) for p in sorted((root / "preliminary" / "summary").glob("*.parquet"))]
    assert len(tables) == 9
    assert all(len(t) == 1 for t in tables)
    assert {t["astromKind"][0] for t in tables} == {"shift"}
    assert max(t["astromOffset"][0] for t in tables) < 0.1


@pytest.mark.skipif(
    not (IMAGES / "decam_testcase4").is_dir(), reason="shared/data/images/decam_testcase4 is not here"
)
def test_the_older_exposure_of_2015_loses_its_offset(tmp_path, gaia):
    data = IMAGES / "decam_testcase4" / "images" / "decam" / "CP20150407"
    root = run(tmp_path, "decam", data, refcat=str(gaia))
    (summary,) = (read_catalog(p) for p in (root / "preliminary" / "summary").glob("*.parquet"))
    assert summary["astromOffset"][0] == pytest.approx(0.24, abs=0.04)  # 0.24 by the data's own page
    assert summary["astromKind"][0] == "shift"
    assert summary["astromRms"][0] < 30
