import numpy as np
import pytest

from gnomon.algorithms.psf import adaptive_moments, fit_psf
from gnomon.containers.image import Image
from gnomon.containers.psf import polynomial_terms
from gnomon.errors import UnprocessableData
from gnomon.flags import MASK

SIDE = 600
SKY = 400.0


def moffat(x, y, px, py):
    """A Moffat of beta 3 whose width and ellipticity drift over the field; sharp features none."""
    alpha = 3.0 * (1 + 0.04 * (px / SIDE - 0.5))
    u, v = x - px, y - py
    e = 0.05 * (py / SIDE - 0.5)
    r2 = (u * u * (1 - e) + v * v * (1 + e)) / alpha**2
    return 2 / (np.pi * alpha**2) * (1 + r2) ** -3


def field(n, seed=1, noise=True, flux=(3e4, 3e5)):
    rng = np.random.default_rng(seed)
    px, py = rng.uniform(25, SIDE - 25, (2, n))
    f = 10 ** rng.uniform(*np.log10(flux), n)
    image = np.zeros((SIDE, SIDE))
    for k in range(n):
        y, x = np.mgrid[int(py[k]) - 25 : int(py[k]) + 26, int(px[k]) - 25 : int(px[k]) + 26]
        ok = (y >= 0) & (y < SIDE) & (x >= 0) & (x < SIDE)
        np.add.at(image, (y[ok], x[ok]), f[k] * moffat(x[ok], y[ok], px[k], py[k]))
    variance = image + SKY
    if noise:
        image = image + rng.normal(0, np.sqrt(variance))
    mask = np.zeros(image.shape, np.uint32)
    return Image(image.astype(np.float32), variance.astype(np.float32), mask), px, py, f


def errors_of(model, n=60):
    """Relative error of T and error of e1 of the model against the truth at random places."""
    rng = np.random.default_rng(99)
    px, py = rng.uniform(50, SIDE - 50, (2, n))
    px, py = np.rint(px), np.rint(py)
    y, x = np.mgrid[-20:21, -20:21]
    truth = np.array([moffat(x + a, y + b, a, b) for a, b in zip(px, py, strict=True)])
    got, want = adaptive_moments(model.stamps(px, py)), adaptive_moments(truth)
    return got.trace / want.trace - 1, got.e1 - want.e1


def test_size_and_shape_over_the_field_at_high_signal():
    image, x, y, _ = field(60, noise=False)
    fit = fit_psf(image, x + 0.1, y - 0.1)
    size, shape = errors_of(fit.model)
    # 60 stars of 600 x 600 px overlap in their wings; alpha and e are linear in position, T is not quite
    assert abs(size.mean()) < 2e-3
    assert size.std() < 2e-3
    assert abs(shape.mean()) < 5e-4
    assert shape.std() < 1e-3
    assert np.median(np.hypot(fit.x - x, fit.y - y)[fit.used]) < 2e-3


def test_noise_averages_down_as_the_stars_say():
    image, x, y, f = field(60, seed=2)
    fit = fit_psf(image, x, y)
    size, shape = errors_of(fit.model)
    # a star of S/N 200 knows T to ~1.4 / 200; 60 stars and 6 terms leave 2.2e-3
    assert abs(size.mean()) < 3e-3
    assert shape.std() < 4e-3
    ratio = fit.flux[fit.used] / f[fit.used]
    assert abs(np.median(ratio / np.median(ratio)) - 1) < 2e-3
    assert np.median(fit.chi2[fit.used]) == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("n, degree", [(1, 0), (5, 0), (12, 1), (25, 2)])
def test_few_stars_lower_the_degree_and_still_give_a_psf(n, degree):
    image, x, y, _ = field(n, seed=n, flux=(2e5, 3e5))
    model = fit_psf(image, x, y).model
    assert model.degree == degree
    assert abs(model.stamps(300, 300).sum() - 1) < 1e-5
    size, _ = errors_of(model)
    assert abs(size.mean()) < 0.04


def test_a_galaxy_a_cosmic_ray_and_a_lost_position_do_not_spoil_it():
    image, x, y, _ = field(40, seed=7)
    yy, xx = np.mgrid[:SIDE, :SIDE]
    image.flux[:] += 3e3 * np.exp(-0.5 * ((xx - 300) ** 2 + (yy - 250) ** 2) / 5.0**2)
    image.flux[int(y[3]) + 1, int(x[3])] += 5e4
    image.mask[int(y[4]), int(x[4])] = MASK["SAT"]
    x, y = np.append(x, [300, np.nan, 2]), np.append(y, [250, 5, 2])
    fit = fit_psf(image, x, y)
    assert not fit.used[[4, -1, -2, -3]].any()
    size, _ = errors_of(fit.model)
    assert abs(size.mean()) < 5e-3


def true_shape(model):
    """(6, 3) polynomials of the true e1, e2 and ln T in the model's coordinates."""
    px, py = (v.ravel() for v in np.meshgrid(*[np.arange(40, SIDE, 65.0)] * 2))
    y, x = np.mgrid[-20:21, -20:21]
    m = adaptive_moments(np.array([moffat(x + a, y + b, a, b) for a, b in zip(px, py, strict=True)]))
    terms = polynomial_terms(model.normalise(px, py), 2)
    return np.linalg.lstsq(terms, np.stack([m.e1, m.e2, np.log(m.trace)], 1), rcond=None)[0]


def test_a_shape_known_from_elsewhere_is_kept_where_the_stars_do_not_deny_it():
    image, x, y, _ = field(25, seed=2)
    first = fit_psf(image, x, y).model
    known = true_shape(first)
    size, shape = errors_of(fit_psf(image, x, y, start=first, iterations=1, shape=known).model)
    # first order in what the first model is off by, squared: 1e-3; and what the stars find beyond it by chance
    assert size.std() < 2e-3
    assert shape.std() < 1e-3
    wrong = known + np.array([[0.02, 0, 0.05]] + [[0, 0, 0]] * 5)
    size, shape = errors_of(fit_psf(image, x, y, start=first, iterations=1, shape=wrong).model)
    assert abs(size.mean()) < 0.01  # the stars know better: 25 of 1 to 4 %
    assert abs(shape.mean()) < 0.005


def test_a_shape_without_a_start_is_refused():
    image, x, y, _ = field(3)
    with pytest.raises(ValueError, match="without the start"):
        fit_psf(image, x, y, shape=np.zeros((6, 3)))


def test_same_input_same_bytes():
    image, x, y, _ = field(12, seed=3)
    assert fit_psf(image, x, y).model.basis.tobytes() == fit_psf(image, x, y).model.basis.tobytes()


def test_no_usable_star_is_unprocessable():
    image, x, y, _ = field(3)
    with pytest.raises(UnprocessableData, match="none of 0 stars"):
        fit_psf(image, x[:0], y[:0])
    with pytest.raises(UnprocessableData, match="none of 2 stars"):
        fit_psf(image, np.array([-50.0, np.nan]), np.array([3.0, 4.0]))


def test_an_even_size_is_refused():
    image, x, y, _ = field(3)
    with pytest.raises(ValueError, match="odd"):
        fit_psf(image, x, y, size=40)
