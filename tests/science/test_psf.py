import numpy as np
import pytest

from gnomon.algorithms.psf import adaptive_moments, fit_psf, select_stars
from gnomon.containers.image import Image
from science.star_fields import star_field, true_stamps

pytestmark = pytest.mark.science

SIDE, SIZE = 2600, 41


@pytest.fixture(scope="module")
def field():
    rng = np.random.default_rng(3)
    noisy, variance, _, stars = star_field(rng, SIDE, 900, flux=(1e4, 2.5e6))
    return Image(noisy, variance, np.zeros(noisy.shape, np.uint32)), stars


def test_size_and_shape_of_the_model_over_the_detector(field):
    image, (x, y, flux) = field
    rng = np.random.default_rng(4)
    chosen = select_stars(x, y, flux, np.sqrt(flux + 4e4), np.full(len(x), 1.6), np.ones(len(x), bool))
    rows = chosen.fit
    fit = fit_psf(
        image, x[rows] + rng.normal(0, 0.05, len(rows)), y[rows] + rng.normal(0, 0.05, len(rows)), size=SIZE
    )
    at_x, at_y = np.rint(rng.uniform(50, SIDE - 50, (2, 150)))
    got = adaptive_moments(fit.model.stamps(at_x, at_y))
    want = adaptive_moments(true_stamps(at_x, at_y, SIDE, 0.7, SIZE))
    size = got.trace / want.trace - 1
    e = np.stack([got.e1 - want.e1, got.e2 - want.e2])
    # the bars of issue 4; its |mean de| < 1e-4 is of many visits: one detector of 510 stars, crowded, knows it to 1e-4
    assert abs(size.mean()) < 5e-4
    assert size.std() < 1e-3
    assert np.abs(e.mean(axis=1)).max() < 3e-4
    assert e.std(axis=1).max() < 3e-4
    apart = np.hypot(at_x[:, None] - at_x, at_y[:, None] - at_y)
    product = np.einsum("ki,kj->ij", e, e)
    assert abs(product[(apart > 0) & (apart < 300)].mean()) < 2e-5  # TE1: 1 arcmin
    assert abs(product[apart > 1500].mean()) < 1e-7  # TE2: 5 arcmin


def test_reserve_stars_agree_with_the_model(field):
    image, (x, y, flux) = field
    chosen = select_stars(x, y, flux, np.sqrt(flux + 4e4), np.full(len(x), 1.6), np.ones(len(x), bool))
    model = fit_psf(image, x[chosen.fit], y[chosen.fit], size=SIZE).model
    rows = chosen.reserve[:60]
    ix, iy = np.rint(x[rows]).astype(int), np.rint(y[rows]).astype(int)
    inside = (np.minimum(ix, iy) > 20) & (np.maximum(ix, iy) < SIDE - 21)
    rows, ix, iy = rows[inside], ix[inside], iy[inside]
    cut = np.array([image.flux[b - 20 : b + 21, a - 20 : a + 21] for a, b in zip(ix, iy, strict=True)])
    star = adaptive_moments(cut)
    psf = adaptive_moments(model.stamps(x[rows], y[rows], x[rows] - ix, y[rows] - iy))
    # a star of S/N 1000 knows T to 2e-3; 50 of them, some with neighbours
    assert abs(np.nanmedian(star.trace / psf.trace - 1)) < 2e-3
    assert abs(np.nanmedian(star.e1 - psf.e1)) < 1e-3
