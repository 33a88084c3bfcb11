import numpy as np
import pytest

from gnomon.algorithms.joint.scatter import sigma_mad
from gnomon.algorithms.photoz import features, network, training
from gnomon.algorithms.photoz.metrics import scaled_error, scores
from gnomon.algorithms.photoz.neighbours import nearest_neighbour_redshift, neighbour_scatter
from gnomon.algorithms.photoz.predict import (
    model_arrays,
    model_from_arrays,
    pack_density,
    predict,
    unpack_density,
)
from gnomon.errors import UnprocessableData

PLAN = training.TrainingPlan(hidden=(64, 64), n_bins=100, n_steps=700, n_members=2)


def galaxies(n, seed):
    """Colours that run smoothly with redshift; every flux has its own signal-to-noise of 4 to 100."""
    rng = np.random.default_rng(seed)
    z = rng.uniform(0.05, 0.8, n)
    magnitude = 20 + 2 * z + 0.5 * rng.standard_normal(n)
    colours = np.column_stack([1.5 * z, 1.2 * np.sin(3 * z), 0.8 * z**2])
    m = magnitude[:, None] + np.column_stack([np.zeros(n), -np.cumsum(colours, axis=1)])
    flux = 10 ** (-0.4 * (m - 31.4))
    err = flux * 10 ** rng.uniform(-2, -0.6, flux.shape)
    return flux + err * rng.standard_normal(flux.shape), err, z


@pytest.fixture(scope="module")
def model():
    return training.train(*galaxies(2500, 1), PLAN, np.random.default_rng(2))


def test_gradient_is_that_of_the_loss():
    rng = np.random.default_rng(0)
    net = network.initial_network((5, 7, 4), rng)
    net = network.Network(tuple(w.astype(np.float64) for w in net.weights), net.biases)
    x, t = rng.standard_normal((6, 5)), rng.dirichlet(np.ones(4), 6)
    _, slopes = training.gradients(net, x, t)
    step = 1e-5
    for k, w in enumerate(net.weights):
        for index in ((0, 0), (2, 3)):
            old = w[index]
            w[index] = old + step
            up, _ = training.gradients(net, x, t)
            w[index] = old - step
            down, _ = training.gradients(net, x, t)
            w[index] = old
            # Central difference of step 1e-5, float32 constants inside: 1e-5 relative at best.
            assert slopes[2 * k][index] == pytest.approx((up - down) / (2 * step), rel=1e-3, abs=1e-6)


def test_network_beats_nearest_neighbours(model):
    flux, err, z = galaxies(1500, 3)
    d_knn = scaled_error(nearest_neighbour_redshift(flux, err, *galaxies(2500, 1)), z)
    result = predict(model, flux, err)
    s = scores(result.estimates.median, result.probability, model.edges, z)
    assert s.sigma_mad < sigma_mad(d_knn)
    assert abs(s.bias) < 0.2 * s.sigma_mad + 3 * s.sigma_mad / np.sqrt(1500)
    assert s.outlier_fraction < 0.02
    assert s.pit_ks < 0.15


def test_few_redshifts_are_not_learnt_by_heart():
    """400 training objects: p(z) of others stays calibrated; KS of 1,500 by chance 0.035."""
    flux, err, z = galaxies(1500, 3)
    few = training.train(*galaxies(400, 1), training.TrainingPlan(n_members=1), np.random.default_rng(2))
    result = predict(few, flux, err)
    assert scores(result.estimates.median, result.probability, few.edges, z).pit_ks < 0.1


def test_the_scatter_of_neighbours_leaves_each_out():
    flux, err, z = galaxies(500, 1)
    told = neighbour_scatter(flux, err, z)
    assert told == pytest.approx(
        sigma_mad(
            scaled_error(nearest_neighbour_redshift(*galaxies(500, 3)[:2], flux, err, z), galaxies(500, 3)[2])
        ),
        rel=0.25,
    )
    assert neighbour_scatter(flux, err, np.full(500, 0.4)) == pytest.approx(0.0, abs=1e-12)


def test_training_twice_gives_the_same_bits(model):
    again = training.train(*galaxies(2500, 1), PLAN, np.random.default_rng(2))
    for a, b in zip(again.networks[0].weights, model.networks[0].weights, strict=True):
        assert (a == b).all()


def test_missing_band_is_flagged_and_widens_the_distribution(model):
    flux, err, _ = galaxies(400, 4)
    full = predict(model, flux, err)
    flux[:, 1] = np.nan
    result = predict(model, flux, err)
    assert result.missing_band.all()
    assert not full.missing_band.any()
    width = lambda r: np.median(r.estimates.quantiles[:, 1] - r.estimates.quantiles[:, 0])  # noqa: E731
    assert width(result) > width(full)
    assert np.isfinite(result.estimates.mean).all()


def test_object_without_bands_has_no_redshift_and_a_flag(model):
    result = predict(model, np.full((2, 4), np.nan), np.ones((2, 4)))
    assert result.no_data.all()
    assert np.isnan(result.estimates.mode).all()
    np.testing.assert_allclose(result.probability.sum(axis=1), 1)


def test_objects_like_the_training_set_are_not_extrapolated_and_strange_ones_are(model):
    flux, err, _ = galaxies(500, 5)
    assert predict(model, flux, err).extrapolated.mean() < 0.02  # threshold is twice the training set's 99 %
    strange = flux * np.array([1, 30, 0.05, 40])
    assert predict(model, strange, strange * 0.02).extrapolated.mean() > 0.95


def test_negative_flux_gives_finite_inputs(model):
    flux, err, _ = galaxies(3, 6)
    assert np.isfinite(features.network_inputs(-flux, err, model.scaling)).all()


def test_no_objects_give_no_rows(model):
    result = predict(model, np.zeros((0, 4)), np.zeros((0, 4)))
    assert result.probability.shape == (0, 100)
    assert len(result.estimates.mode) == 0


def test_model_survives_as_plain_arrays(model):
    flux, err, _ = galaxies(50, 7)
    back = model_from_arrays(model_arrays(model))
    assert (predict(back, flux, err).probability == predict(model, flux, err).probability).all()


def test_packed_density_keeps_the_probabilities(model):
    p = predict(model, *galaxies(200, 8)[:2]).probability
    back = unpack_density(pack_density(p, model.edges), model.edges)
    # Half a code of sqrt(p): |dp| <= p_max / 255 per bin.
    assert np.abs(back - p).max() < p.max() / 200


def test_renoised_flux_has_the_promised_scatter():
    flux, err = np.full((20_000, 2), 100.0), np.full((20_000, 2), 5.0)
    noisy, grown = features.renoise(flux, err, 1.1, np.random.default_rng(9))
    assert noisy.std() == pytest.approx(5.5, rel=0.02)  # relative error of a deviation: 1 / sqrt(2 n)
    assert grown[0, 0] == pytest.approx(5 * np.hypot(1, 1.1))


def test_too_few_redshifts_are_refused():
    with pytest.raises(UnprocessableData, match="50 usable"):
        training.train(*galaxies(50, 1), PLAN, np.random.default_rng(0))


def test_wrong_number_of_bands_is_refused(model):
    with pytest.raises(ValueError, match="4"):
        predict(model, np.ones((2, 3)), np.ones((2, 3)))


def test_band_never_seen_is_refused():
    flux, err, _ = galaxies(300, 1)
    err[:, 2] = np.nan
    with pytest.raises(ValueError, match="missing in every"):
        features.fit_scaling(flux, err)
