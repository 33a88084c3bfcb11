import numpy as np
import pytest

from gnomon.containers.catalog import Catalog
from gnomon.containers.dataid import DataId
from gnomon.containers.ids import source_ids
from gnomon.containers.skymap import PatchGrid, discrete_skymap
from gnomon.errors import UnprocessableData
from gnomon.io.catalogs import conform
from gnomon.pipeline.diff import AssociateConfig
from gnomon.steps.associate import associate

SKYMAP = discrete_skymap([(np.radians(10.0), 0.0, 0.006, 0.003)], PatchGrid(np.radians(0.2 / 3600)))
"""Two patches side by side."""


def visit(number, n=40, seed=0):
    """Transients on a grid that spans both patches."""
    rng = np.random.default_rng(seed + number)
    k = np.arange(n)
    err = 0.05 / 3600
    full = lambda v: np.full(n, v)  # noqa: E731
    return Catalog(
        {
            "diaSourceId": source_ids(2026112200000 + number, 3, k), "visit": full(2026112200000 + number),
            "band": np.full(n, "gr"[number % 2], object), "midpointMjdTai": full(61000.0 + number),
            "ra": 10 + (k - 19.5) * 0.007 + err * rng.standard_normal(n), "dec": err * rng.standard_normal(n),
            "raErr": full(err), "decErr": full(err), "psfFlux": full(300.0), "psfFluxErr": full(20.0),
            "scienceFlux": full(900.0), "scienceFluxErr": full(20.0), "reliability": full(0.9),
            "extra": full(1.0),
        }
    )  # fmt: skip


def run(sources, patch, **options):
    return associate(SKYMAP, sources, data_id=DataId(tract=0, patch=patch), config=AssociateConfig(**options))


def test_every_object_belongs_to_one_patch_and_takes_all_its_detections():
    visits = [visit(k) for k in range(5)]
    parts = [run(visits, patch) for patch in range(SKYMAP.n_patches(0))]
    ids = np.concatenate([p.object["diaObjectId"] for p in parts])
    assert len(ids) == len(np.unique(ids)) == 40
    assert sum(len(p.object) > 0 for p in parts) >= 2
    for p in parts:
        assert (p.object["nDiaSources"] == 5).all()
        assert set(p.association["diaObjectId"]) == set(p.object["diaObjectId"])
        conform(p.object, "dia_object")
        conform(p.association, "dia_association")


def test_unreliable_detections_found_no_objects():
    bad = [v.with_columns(reliability=np.where(np.arange(40) < 30, 0.1, 0.9)) for v in (visit(0), visit(1))]
    found = [run(bad, p, min_reliability=0.5) for p in range(SKYMAP.n_patches(0))]
    assert sum(len(f.object) for f in found) == 10


def test_nothing_detected_is_told():
    with pytest.raises(UnprocessableData, match="no detections"):
        run([visit(0).take(np.zeros(0, np.int64))], 0)
