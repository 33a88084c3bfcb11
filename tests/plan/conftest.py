from types import SimpleNamespace

import numpy as np
import pytest

from gnomon.containers.skymap import PatchGrid, rings_skymap
from gnomon.datamodel import DATASETS, DatasetType
from gnomon.pipeline.step import Cost, Many, Step
from gnomon.plan.census import census
from gnomon.plan.incidence import CameraFootprints, incidence

ARCSEC = np.pi / 180 / 3600
TEMPLATE = {
    "exposure": "raw/{visit}",
    "visit": "x/{visit}/",
    "night": "x/{night}/",
    "tract": "x/{tract}/",
    "patch": "x/{tract}/{patch}/",
    "patch_band": "x/{tract}/{patch}/{band}/",
    "campaign": "x/",
}
# name, grain, reads ("*" gathers), loops over detectors
TABLE = [
    ("recipe", "campaign", [], False),
    ("raw", "exposure", ["recipe"], False),
    ("bias", "campaign", ["*raw"], False),
    ("isr", "visit", ["*raw", "bias"], True),
    ("stars", "tract", ["*isr"], False),
    ("calexp", "visit", ["isr", "*stars"], True),
    ("coadd", "patch_band", ["*calexp"], False),
    ("objects", "patch", ["*coadd"], False),
    ("difference", "visit", ["calexp", "*coadd"], True),
    ("link", "night", ["*difference", "link"], False),
    ("report", "campaign", ["*objects", "*link"], False),
]


@pytest.fixture
def steps(monkeypatch):
    """A pipeline in small: every grain, two turns from visits to tracts and back."""
    for name, grain, _, _ in TABLE:
        template = TEMPLATE[grain] + (name if grain != "exposure" else "")
        monkeypatch.setitem(DATASETS, name, DatasetType(name, template, "Catalog", f"The {name}."))
    return {
        name: Step(
            name,
            object,
            reads={r.strip("*"): Many(r[1:]) if r[0] == "*" else r for r in reads},
            writes={name: name},
            axis="detector" if loops else "",
            cost=Cost(cpu_s=1, cpu_s_per_input=2, mem_mb=100, mem_mb_per_input=10, out_mb=3),
        )
        for name, _, reads, loops in TABLE
    }


@pytest.fixture(scope="session")
def survey():
    """40 visits of 4 detectors over three nights and two bands near the pole, and 5 calibration exposures."""
    rng = np.random.default_rng(8)
    n, half = 40, 0.002
    x, y = np.array([[-1, 1, 1, -1]]) * half, np.array([[-1, -1, 1, 1]]) * half
    x, y = np.concatenate([x - half, x + half] * 2), np.concatenate([y - half] * 2 + [y + half] * 2)
    where = rng.uniform(0, 2 * np.pi, n), np.pi / 2 - np.abs(rng.normal(0, 0.03, n)), rng.uniform(0, 6, n)
    footprints = CameraFootprints(*where, x, y)
    grid = PatchGrid(4 * ARCSEC, cell_inner=50, cell_border=10, cells_inner=5)
    skymap = rings_skymap(120, 60 * ARCSEC, grid)
    pairs = incidence(footprints, skymap)
    night, band = np.sort(rng.integers(0, 3, n)).astype(np.int32), rng.integers(0, 2, n).astype(np.int32)
    visit = 2026101000000 + night.astype(np.int64) * 100000 + np.arange(n) + 1000
    calibrations = 2026101000000 + np.arange(5)
    names = ("20261010", "20261011", "20261012")
    flats = np.array([-1, -1, -1, 0, 1], np.int32)
    four, mjd = np.full(n, 4, np.int32), 61000 + night + np.arange(n) / 100
    units = census(visit, night, band, four, names, ("g", "r"), calibrations, flats, pairs, mjd, 60.0)
    return SimpleNamespace(units=units, pairs=pairs, footprints=footprints, skymap=skymap)
