from dataclasses import replace

import numpy as np
import pytest

from gnomon.algorithms.measure.galaxy_fit import Modes, _evaluate, _model, fit_models, wave_numbers


def modes(parameters, flux, noise=1.0, side=45):
    """Noiseless stamps of models behind a Gaussian PSF of sigma 1.6 px, straight in Fourier space."""
    kx, ky, twice = (v.ravel() for v in wave_numbers(side))
    beam = np.exp(-0.5 * 1.6**2 * (kx**2 + ky**2))
    keep = beam > 0.01
    kx, ky, power = kx[keep], ky[keep], (twice * beam**2)[keep]
    power = np.broadcast_to(power, (len(parameters), len(kx)))
    n = len(parameters)
    empty = Modes(kx, ky, np.zeros_like(power), power, np.full(n, noise * side**2), np.full(n, 1.88), side)
    return replace(empty, data=flux[:, None] * power * _model(empty, parameters)[0])


TRUE = np.array([[np.log(2.0), 0.4, -0.2, 0.3], [np.log(3.0), 0.0, 0.5, 0.6]])


def test_gradient_is_that_of_the_posterior():
    m = modes(TRUE, np.array([300.0, 500.0]))
    at = TRUE + np.array([0.1, 0.05, -0.1, 0.05])
    _, _, gradient, _ = _evaluate(m, at)
    for k in range(4):
        step = 1e-5 * np.eye(4)[k]
        numeric = (_evaluate(m, at + step)[1] - _evaluate(m, at - step)[1]) / 2e-5
        # the constant mode's derivative is a difference of one per cent, the bulge's a table's slope
        np.testing.assert_allclose(gradient[:, k], numeric, rtol=0.02, atol=0.02)


def test_a_model_without_noise_is_found_again():
    fit = fit_models(modes(TRUE, np.array([3e4, 5e4])))
    assert fit.converged.all()
    # S/N of 2,000: the prior moves the bulge by a few thousandths
    np.testing.assert_allclose(fit.parameters, TRUE, atol=0.02)
    assert fit.flux == pytest.approx([3e4, 5e4], rel=0.005)


def test_noise_alone_does_not_converge_to_a_source():
    m = modes(TRUE, np.array([-50.0, -80.0]))
    assert not fit_models(m).converged.any()
