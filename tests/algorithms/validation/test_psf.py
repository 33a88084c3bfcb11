import numpy as np
import pytest

from gnomon.algorithms.validation.psf import psf_residuals
from gnomon.containers.catalog import Catalog


def visit(n=400, e1=0.0, noise=0.0, seed=0):
    """Stars over 12 arcmin at ra 0 whose e1 is off the PSF's by a constant and by noise."""
    rng = np.random.default_rng(seed)
    t = np.full(n, 6.0)
    off1, off2 = e1 + noise * rng.normal(size=n), noise * rng.normal(size=n)
    return Catalog({
        "coord_ra": rng.uniform(-0.1, 0.1, n) % 360, "coord_dec": rng.uniform(-0.1, 0.1, n),
        "ixx": t / 2 * (1 + off1), "iyy": t / 2 * (1 - off1), "ixy": t / 2 * off2,
        "ixxPSF": t / 2, "iyyPSF": t / 2, "ixyPSF": np.zeros(n),
        "psfFlux": np.full(n, 1e5), "psfFluxErr": np.full(n, 1e5 * max(noise, 1e-4) / np.sqrt(2)),
        "isPsfReserve": np.ones(n, bool),
    })  # fmt: skip


def test_a_common_error_is_seen_at_all_distances():
    found = psf_residuals(visit(e1=0.002))
    assert found["PSF e1 residual"][0] == pytest.approx(0.002)
    for te in ("PSF TE1", "PSF TE2"):
        assert found[te][0] == pytest.approx(4e-6)
    assert found["PSF TE2"][1] > found["PSF TE1"][1] > 100


def test_photon_noise_averages_to_nothing():
    found = psf_residuals(visit(noise=0.01))
    for te in ("PSF TE1", "PSF TE2"):
        value, n = found[te]
        # products of independent deviates of both components: sqrt(2) 1e-4 / sqrt(n), four of these
        assert abs(value) < 4 * np.sqrt(2) * 1e-4 / np.sqrt(n)
    assert abs(found["PSF size residual"][0]) < 1e-9


@pytest.mark.parametrize("n", [0, 1])
def test_too_few_stars_tell_nothing(n):
    found = psf_residuals(visit(n))
    assert found["PSF TE1"][1] == found["PSF TE2"][1] == 0
    assert np.isnan(found["PSF TE1"][0])
