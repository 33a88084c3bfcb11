import galsim
import numpy as np
import pytest

from gnomon.algorithms.measure.profiles import (
    de_vaucouleurs,
    de_vaucouleurs_within,
    exponential,
    exponential_within,
    quadratic_form,
)

Q = np.geomspace(1e-4, 1e5, 60)


@pytest.mark.parametrize(
    ("ours", "theirs", "tolerance"),
    [(exponential, galsim.Exponential, 1e-9), (de_vaucouleurs, galsim.DeVaucouleurs, 1e-3)],
)
def test_transforms_are_those_of_galsim(ours, theirs, tolerance):
    profile = theirs(half_light_radius=1.0)
    true = [profile.kValue(float(k), 0.0).real for k in np.sqrt(Q)]
    np.testing.assert_allclose(ours(Q)[0], true, atol=tolerance)  # the table's steps cost 6e-4


@pytest.mark.parametrize("profile", [exponential, de_vaucouleurs])
def test_slopes_are_derivatives(profile):
    step = 1e-4
    # the middle of a table's step, where its slope is that of a straight line
    q = np.exp(np.arange(-5.975, 8, 0.5))
    numeric = (profile(q * np.exp(step))[0] - profile(q * np.exp(-step))[0]) / (2 * step)
    np.testing.assert_allclose(profile(q)[1], numeric, atol=1e-7)


@pytest.mark.parametrize("within", [exponential_within, de_vaucouleurs_within])
def test_half_of_the_light_is_within_the_half_light_radius(within):
    assert within(np.array([1.0]))[0] == pytest.approx(0.5, abs=1e-6)


def test_ellipses_have_their_axis_ratio_and_area():
    eta = 0.8
    kx, ky = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    q, _ = quadratic_form(np.array([[np.log(2.0), eta, 0.0]]), kx, ky)
    a, b = np.sqrt(q[0])
    assert a / b == pytest.approx(np.exp(eta))
    assert a * b == pytest.approx(4.0)


def test_derivatives_of_the_form_are_right():
    rng = np.random.default_rng(0)
    p, kx, ky = rng.normal(size=(5, 3)), rng.normal(size=7), rng.normal(size=7)
    _, by = quadratic_form(p, kx, ky)
    for k in range(3):
        step = 1e-6 * np.eye(3)[k]
        numeric = (quadratic_form(p + step, kx, ky)[0] - quadratic_form(p - step, kx, ky)[0]) / 2e-6
        np.testing.assert_allclose(by[k], numeric, rtol=1e-6, atol=1e-7)
