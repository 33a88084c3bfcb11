import numpy as np
import pytest

from algorithms.scenes import gaussian_stamp
from gnomon.algorithms.detrend.brighter_fatter import correct_brighter_fatter, potential
from gnomon.algorithms.detrend.correct import Masters, detrend
from gnomon.algorithms.psf import adaptive_moments
from gnomon.containers.instrument import RawLayout
from gnomon.containers.raw import RawAmp, RawDetector, Section
from gnomon.sim.charge import gather_charge

LOSS, SIGMA, SKY, SIDE = 2e-6, 1.7, 500.0, 41
FLUX = np.array([1e4, 1e5, 3e5, 6e5, 1e6, 1.4e6])  # peaks to 7.7e4 electrons


def stars():
    """A row of stars far apart, and the sky."""
    return np.hstack([f * gaussian_stamp(0.2, -0.3, SIGMA, SIDE // 2) + SKY for f in FLUX]).astype("f4")


def sizes(pixels):
    """T of each star and its light within the stamp, sky taken off."""
    cut = np.stack(np.split(pixels - SKY, len(FLUX), axis=1)).astype(float)
    return adaptive_moments(cut).trace, cut.sum((1, 2))


def test_the_growth_of_bright_stars_is_taken_out_and_no_light_is_lost():
    true, seen = stars(), gather_charge(stars(), LOSS)
    made = correct_brighter_fatter(seen, potential(LOSS))
    (t_true, _), (t_seen, _), (t_made, flux) = sizes(true), sizes(seen), sizes(made)
    grown, left = (np.polyfit(FLUX, t / t_true - 1, 1)[0] * FLUX[-1] for t in (t_seen, t_made))
    assert grown > 0.02  # two per cent and more at full well
    assert abs(left) < 0.1 * grown
    assert made.sum(dtype=float) == pytest.approx(seen.sum(dtype=float), rel=1e-6)
    # the field reaches 8 pixels, a stamp 20: what crosses its border belongs to the sky
    np.testing.assert_allclose(flux, FLUX, rtol=1e-3)


def test_neighbours_gain_a_seventh_of_what_a_pixel_loses():
    k, m = potential(LOSS), 8
    beside = k[m, m] + k[m, m + 2] + k[m - 1, m + 1] + k[m + 1, m + 1] - 4 * k[m, m + 1]
    assert beside / LOSS == pytest.approx(1 / 7, abs=0.01)


def test_a_flat_field_and_an_empty_one_stay():
    for level in (0.0, 3e4):
        flat = np.full((40, 50), level, "f4")
        np.testing.assert_allclose(correct_brighter_fatter(flat, potential(LOSS)), flat, rtol=1e-6)


def test_it_is_made_where_the_instrument_asks_for_it():
    seen = gather_charge(stars(), LOSS)
    ny, nx = seen.shape
    amp = RawAmp(
        seen, Section(0, nx, 0, ny), Section(0, 0, 0, 0), Section(0, nx, 0, ny),
        {"GAIN": 1.0, "RDNOISE": 5.0, "SATURATE": 1e6},
    )  # fmt: skip
    raw = RawDetector((amp,), {})
    plain, narrow = (detrend(raw, Masters(), 30.0, RawLayout(brighter_fatter=b)) for b in (0.0, LOSS))
    np.testing.assert_array_equal(plain.flux, seen)
    np.testing.assert_allclose(narrow.flux, correct_brighter_fatter(seen, potential(LOSS)), rtol=1e-6)
    np.testing.assert_array_equal(narrow.variance, plain.variance)


def test_the_kernel_is_the_area_that_a_pixel_loses():
    k = potential(LOSS)
    m = len(k) // 2
    laplacian = k[m - 1, m] + k[m + 1, m] + k[m, m - 1] + k[m, m + 1] - 4 * k[m, m]
    assert laplacian == pytest.approx(-LOSS)


def test_an_unlikely_number_is_refused():
    with pytest.raises(ValueError, match="wanted 0 to 1e-4"):
        RawLayout(brighter_fatter=2.0)
