"""Differences of simulated pairs against truth."""

from dataclasses import replace

import numpy as np
import pytest

from algorithms.difference.fields import SKY, Seeing, isolated, moffat, paint, pair
from gnomon.algorithms.difference.subtract import score_width, subtract
from gnomon.algorithms.measure import measure_forced
from gnomon.containers.image import Image
from gnomon.errors import UnprocessableData
from gnomon.flags import MASK

SHAPE = (384, 384)
ORDERS = {"sharper template": (4.5, 3.0), "same": (3.5, 3.5), "worse template": (3.0, 4.0)}


def run(p):
    return subtract(p.science, p.science_psf, p.template, p.template_psf, *isolated(p))


def blank(p, light=3.0, border=12):
    """Pixels with next to no star light."""
    dark = paint(p.science.shape, Seeing(4.5), p.x, p.y, p.flux) < light
    inner = np.zeros(dark.shape, bool)
    inner[border:-border, border:-border] = True
    return dark & inner


def chi(d):
    return d.image.flux / np.sqrt(np.maximum(d.image.variance, 1e-9))


@pytest.fixture(scope="module", params=ORDERS)
def order(request):
    s, t = ORDERS[request.param]
    p = pair(2, shape=SHAPE, science=Seeing(s, 0.05), template=Seeing(t), depth=4.0, n=150)
    return p, run(p)


def test_variance_plane_is_the_noise_on_blank_sky(order):
    # 5e4 pixels know the noise to 0.3 %; faint wings below 3 units add 1 %.
    p, d = order
    assert chi(d)[blank(p)].std() == pytest.approx(1.0, abs=0.02)


def test_noise_of_neighbours_is_uncorrelated(order):
    p, d = order
    dark = blank(p)
    for axis in (0, 1):
        both = dark & np.roll(dark, 1, axis)
        assert abs((chi(d) * np.roll(chi(d), 1, axis))[both].mean()) < 0.02


def test_score_on_blank_sky_has_unit_width(order):
    # About 1000 independent scores: 2 %; and twice that from the halos of bright stars.
    p, d = order
    values = d.score[blank(p)]
    assert 1.4826 * np.median(np.abs(values - np.median(values))) == pytest.approx(1.0, abs=0.06)
    assert np.abs(values).max() < 6.0


def test_stars_cancel_to_near_the_noise(order):
    # Pixels of stars, up to 100 times the sky noise: 1 is noise alone; the bar of other codes is 1.4.
    p, d = order
    core = paint(SHAPE, Seeing(3.5), p.x, p.y, p.flux) > 50
    core[:12] = core[-12:] = core[:, :12] = core[:, -12:] = False
    assert np.sqrt(np.mean(chi(d)[core] ** 2)) < 1.4


def test_kernel_sum_is_the_flux_scale():
    # 1.4 % of the light is carried further than the 11 px of the kernel; the sky of the stamps takes up some.
    p = pair(1, shape=SHAPE, scale=0.7, n=150)
    assert run(p).kernel.sum_at(192, 192) == pytest.approx(0.7, rel=0.025)


def test_variation_of_the_psf_is_followed():
    p = pair(4, shape=SHAPE, science=Seeing(4.5, 0.0, 0.12, -0.08), template=Seeing(3.0), n=200)
    d = run(p)
    assert d.kernel.degree >= 1
    core = paint(SHAPE, Seeing(4.0), p.x, p.y, p.flux) > 50
    core[:12] = core[-12:] = core[:, :12] = core[:, -12:] = False
    assert np.sqrt(np.mean(chi(d)[core] ** 2)) < 1.4


def test_sky_that_varies_is_taken_off():
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    sky = 20 + 0.03 * x + 8 * np.sin(y / 120)
    p = pair(5, shape=SHAPE, sky=sky, n=100)
    left = run(p).image.flux[blank(p)]
    # Noise of the mean of a cell is 0.1; the spline misses the sine by (128 / 120)^2 / 16 of its 8 between cells.
    assert abs(left.mean()) < 0.3
    assert left.std() == pytest.approx(np.sqrt(SKY * 1.03), rel=0.03)


def test_difference_psf_is_the_response_to_a_new_star():
    new = ([100.3, 250.0], [120.0, 290.4], [2e5, -2e5])
    base, shape = pair(6, shape=SHAPE, depth=2.0, n=100), SHAPE
    extra = paint(shape, Seeing(4.5), *new).astype("f4")
    with_new = replace(
        base, science=Image(base.science.flux + extra, base.science.variance, base.science.mask)
    )
    a, b = run(base), run(with_new)
    change = Image(b.image.flux - a.image.flux, a.image.variance, a.image.mask)
    found = measure_forced(change, new[0], new[1], a.psf, apertures_px=(6.0,))
    # The sky moves by less than 1e-3 of the flux in the aperture; the PSF model is cut off at 20 px.
    np.testing.assert_allclose(found["psfFlux"], new[2], rtol=5e-3)


def test_holes_of_either_image_are_marked_and_stay_there():
    p = pair(7, shape=SHAPE, n=100)
    clean = run(p)
    t = Image(p.template.flux.copy(), p.template.variance.copy(), p.template.mask.copy())
    t.flux[200:210, 100:104], t.variance[200:210, 100:104] = 0.0, 0.0
    s = Image(p.science.flux.copy(), p.science.variance.copy(), p.science.mask.copy())
    s.mask[50:53, 60] |= MASK["SAT"]
    d = run(replace(p, template=t, science=s))
    assert (d.image.mask[200:210, 100:104] & MASK["NO_DATA"]).all()
    assert (d.image.variance[200:210, 100:104] == 0).all()
    assert (d.image.mask[198:212, 98:106] & MASK["NO_DATA"]).all()
    assert (d.image.mask[50:53, 60] & MASK["SAT"]).all()
    assert not (d.image.mask[300:, 300:] & ~np.uint32(MASK["EDGE"])).any()
    away = np.abs(d.image.flux - clean.image.flux)[300:370, 300:370]
    assert away.max() < 3.0  # 0.3 sigma: only through the sky and the kernel
    assert np.isfinite(d.image.flux).all() and np.isfinite(d.score).all()


@pytest.mark.parametrize("seeing", ORDERS.values(), ids=ORDERS)
def test_without_stars_for_a_kernel_the_psf_models_make_one(seeing):
    # Stars of up to 100 sigma a pixel; the models are exact but for the sub-pixel places: 2 to 3 % of a star is left
    p = pair(2, SHAPE, *(Seeing(s) for s in seeing), depth=4.0, n=40)
    d = subtract(p.science, p.science_psf, p.template, p.template_psf, p.x[:2], p.y[:2])
    assert d.note.startswith("kernel of the PSF models: 2 stars")
    assert chi(d)[blank(p)].std() == pytest.approx(1.0, abs=0.03)
    bright = p.flux > 3e3
    left = measure_forced(d.image, p.x[bright], p.y[bright], d.psf, apertures_px=(6.0,))["psfFlux"]
    assert np.nanmedian(np.abs(left) / p.flux[bright]) < 0.03


def test_stars_for_a_kernel_leave_no_note(order):
    assert order[1].note == ""


def test_template_elsewhere_is_unprocessable():
    p = pair(8, shape=(200, 200), n=20)
    nothing = Image(p.template.flux, np.zeros_like(p.template.variance), p.template.mask)
    with pytest.raises(UnprocessableData, match="no pixel"):
        subtract(p.science, p.science_psf, nothing, p.template_psf, p.x, p.y)


def test_other_shape_is_refused():
    p = pair(8, shape=(200, 200), n=0)
    with pytest.raises(ValueError, match="shape"):
        cut = p.template.section(slice(0, 100), slice(0, 100))
        subtract(p.science, p.science_psf, cut, p.template_psf, p.x, p.y)


def test_same_input_gives_the_same_bytes():
    p = pair(9, shape=(256, 256), n=80)
    assert run(p).image.flux.tobytes() == run(p).image.flux.tobytes()


def test_profile_of_the_field_has_unit_sum():
    assert moffat(3.0, half=60).sum() == pytest.approx(1.0, abs=2e-3)


def test_score_of_correlated_noise_has_unit_width():
    """A width below one is left, one outlier does not count, and nothing known is no reason to scale."""
    rng = np.random.default_rng(4)
    shape = (200, 200)
    image = Image(np.zeros(shape, "f4"), np.ones(shape, "f4"), np.zeros(shape, "u4"))
    wide = rng.normal(0, 1.2, shape).astype("f4")
    wide[5, 5] = 1e4
    # the median absolute deviation of 40,000 numbers is good to 0.6 %
    assert score_width(wide, image) == pytest.approx(1.2, abs=0.04)
    assert score_width(wide / 2, image) == 1.0
    unknown = Image(image.flux, np.zeros(shape, "f4"), image.mask)
    assert score_width(wide, unknown) == 1.0
