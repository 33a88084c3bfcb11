"""Fluxes, completeness and purity of difference sources over many pairs."""

import numpy as np
import pytest

from algorithms.difference.fields import SKY, Seeing, isolated, pair
from gnomon.algorithms.difference.sources import difference_sources
from gnomon.algorithms.difference.subtract import subtract
from gnomon.algorithms.measure import measure_forced
from gnomon.flags import SOURCE

pytestmark = pytest.mark.science

SHAPE = (512, 512)
ORDERS = {
    "sharper": (4.5, 3.0, 16.0),
    "shallow": (4.5, 3.0, 2.0),
    "same": (3.5, 3.5, 4.0),
    "worse": (3.0, 4.0, 16.0),
}


def injected(seed, snr, science, template, depth):
    rng = np.random.default_rng(1000 + seed)
    x, y = (g.ravel() + rng.uniform(-8, 8, 100) for g in np.meshgrid(*[np.arange(30, 482, 48)] * 2))
    area = 4 * np.pi * (science / 2.355 * 1.15) ** 2
    flux = rng.choice([-1.0, 1.0], 100) * snr * np.sqrt(SKY * area)
    seeing = Seeing(science, 0.04, 0.02, -0.02), Seeing(template)
    p = pair(seed, SHAPE, *seeing, depth=depth, n=150, new=(x, y, flux))
    d = subtract(p.science, p.science_psf, p.template, p.template_psf, *isolated(p))
    return p, d, x, y, flux


@pytest.mark.parametrize("order", ORDERS)
def test_flux_of_transients_of_snr_10_is_unbiased(order):
    # 300 sources of S/N 10 know the mean flux to 0.6 %, the mean pull to 0.06, its scatter to 4 %.
    ratio, pull = [], []
    for seed in range(3):
        p, d, x, y, flux = injected(seed, 10.0, *ORDERS[order])
        clear = np.array([np.hypot(p.x - a, p.y - b).min() > 6 for a, b in zip(x, y, strict=True)])
        got = measure_forced(d.image, x[clear], y[clear], d.psf, apertures_px=(6.0,))
        ratio.append(got["psfFlux"] / flux[clear])
        pull.append((got["psfFlux"] - flux[clear]) / got["psfFluxErr"])
    assert np.concatenate(ratio).mean() == pytest.approx(1.0, abs=0.02)
    assert abs(np.concatenate(pull).mean()) < 0.2
    assert np.concatenate(pull).std() == pytest.approx(1.0, abs=0.12)


@pytest.mark.parametrize("order", ORDERS)
def test_transients_of_snr_10_are_found_and_little_else(order):
    # S/N 10 by the noise-equivalent area of the image alone; the template's noise takes up to a third of it.
    wanted = found = false = 0
    for seed in range(3):
        p, d, x, y, _ = injected(seed, 10.0, *ORDERS[order])
        table = difference_sources(d, p.science, p.science_psf)
        distance = np.hypot(table["x"][:, None] - x, table["y"][:, None] - y)
        wanted += len(x)
        found += int((distance.min(axis=0) < 2).sum())
        inside = (table["flags"] & SOURCE["edge"]) == 0
        false += int((distance.min(axis=1)[inside] > 3).sum())
    assert found >= 0.95 * wanted
    assert false <= 0.05 * found
