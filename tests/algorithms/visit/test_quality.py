import numpy as np
import pytest

from gnomon.algorithms.visit.quality import psf_quality
from gnomon.containers.catalog import Catalog
from gnomon.containers.psf import PsfModel

SIZE = 31


def gaussian(sigma):
    y, x = np.mgrid[:SIZE, :SIZE] - SIZE // 2
    stamp = np.exp(-0.5 * (x * x + y * y) / sigma**2)
    return stamp / stamp.sum()


def stars(size_ratio, x, y):
    n, one = len(x), np.ones(len(x))
    width = {"ixxPSF": 4 * one, "iyyPSF": 4 * one, "ixyPSF": 0 * one}
    seen = {"ixx": 4 * size_ratio, "iyy": 4 * size_ratio, "ixy": 0 * one}
    flags = {"isPsfStar": np.arange(n) % 7 > 0, "isPsfReserve": np.arange(n) % 7 == 0}
    return Catalog({"x": x, "y": y, **width, **seen, "psfFlux": 1e4 * one, "psfFluxErr": one, **flags})


def test_scatter_range_and_reach_of_a_psf_are_told():
    rng = np.random.default_rng(3)
    middle, half = (199.5, 99.5), (200.0, 100.0)
    # mixed linearly from 1.8 to 2.2 pixels of sigma across the columns
    narrow, wide = gaussian(1.8), gaussian(2.2)
    psf = PsfModel(
        np.stack([(narrow + wide) / 2, (wide - narrow) / 2, 0 * wide]).astype(np.float32), 1, middle, half
    )
    x, y = rng.uniform(0, 100, 700), rng.uniform(0, 200, 700)
    found = psf_quality(stars(1 + 0.02 * rng.standard_normal(700), x, y), psf, 0.2)
    assert found["psfTraceRadiusDelta"] == pytest.approx(0.4, abs=1e-3)  # stamps end at 7 sigma
    assert found["psfSizeScatter"] == pytest.approx(0.02, rel=0.2)  # 1.17 / sqrt(700), four times
    # all stars are in the first quarter: the other border is 300 pixels away, less what lies between stars
    assert found["maxDistToNearestPsf"] == pytest.approx(300, abs=10)
    none = psf_quality(stars(np.ones(0), x[:0], y[:0]), psf, 0.2)
    assert np.isnan(none["psfSizeScatter"]) and np.isnan(none["maxDistToNearestPsf"])
