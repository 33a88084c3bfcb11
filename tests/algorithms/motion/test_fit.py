import numpy as np
import pytest
from astropy.coordinates import get_body_barycentric
from astropy.time import Time

from gnomon.algorithms.motion.fit import MAS, Epochs, Prior, fit_motion
from gnomon.containers.sphere import angles, directions

EPOCH = 61000.0


def sky(n_objects, n_epochs, rng, dec0=None, span=1500.0, err_mas=20.0):
    """Stars moved by the ERFA ephemeris, with correlated position errors; ragged by a few epochs."""
    ra = rng.uniform(0, 2 * np.pi, n_objects)
    dec = np.arcsin(rng.uniform(-1, 1, n_objects)) if dec0 is None else np.full(n_objects, dec0)
    truth = np.column_stack([rng.normal(0, 50, (n_objects, 2)), rng.uniform(0, 100, n_objects)])
    n = n_epochs + rng.integers(0, 4, n_objects)
    offsets = np.concatenate([[0], np.cumsum(n)])
    who = np.repeat(np.arange(n_objects), n)
    mjd = EPOCH + rng.uniform(-span / 2, span / 2, len(who))
    earth = get_body_barycentric("earth", Time(mjd, format="mjd", scale="tdb"), ephemeris="builtin")
    r = directions(ra, dec)[who]
    a, d = ra[who], dec[who]
    east = np.stack([-np.sin(a), np.cos(a), 0 * a], axis=-1)
    north = np.stack([-np.sin(d) * np.cos(a), -np.sin(d) * np.sin(a), np.cos(d)], axis=-1)
    years = (mjd - EPOCH)[:, None] / 365.25
    moved = r + (truth[who, 0, None] * east + truth[who, 1, None] * north) * MAS * years
    moved = moved - truth[who, 2, None] * MAS * earth.xyz.to_value("au").T
    e = err_mas * rng.uniform(0.5, 2, (len(who), 2))
    rho = rng.uniform(-0.7, 0.7, len(who))
    g = rng.standard_normal((len(who), 2))
    noise = np.column_stack([e[:, 0] * g[:, 0], e[:, 1] * (rho * g[:, 0] + np.sqrt(1 - rho**2) * g[:, 1])])
    seen_ra, seen_dec = angles(moved + (noise[:, :1] * east + noise[:, 1:] * north) * MAS)
    cov = rho * e[:, 0] * e[:, 1] * MAS**2
    return Epochs(offsets, mjd, seen_ra, seen_dec, e[:, 0] * MAS, e[:, 1] * MAS, cov), ra, dec, truth


def pulls(motion, ra, dec, truth):
    sigma = np.sqrt(np.einsum("npp->np", motion.covariance))
    d_ra = np.arctan2(np.sin(motion.ra - ra), np.cos(motion.ra - ra)) * np.cos(dec) / MAS
    p = np.column_stack([d_ra, (motion.dec - dec) / MAS, motion.pm_ra, motion.pm_dec, motion.parallax])
    return (p - np.column_stack([np.zeros((len(ra), 2)), truth])) / sigma


def test_five_parameters_are_unbiased_with_honest_covariance():
    epochs, *true = sky(1500, 30, np.random.default_rng(1))
    motion = fit_motion(epochs, EPOCH)
    assert motion.five_parameters.all()
    p = pulls(motion, *true)
    # 1500 objects: error of a mean 0.026, of a deviation 0.018; the ephemeris adds less than 0.05 mas.
    assert np.abs(p.mean(axis=0)).max() < 0.08
    assert np.abs(p.std(axis=0) - 1).max() < 0.06
    c = motion.covariance[:, 2, 4] / np.sqrt(motion.covariance[:, 2, 2] * motion.covariance[:, 4, 4])
    assert np.mean(p[:, 2] * p[:, 4] - c) == pytest.approx(0, abs=0.08)
    assert np.median(motion.chi2 / (2 * motion.n_used - 5)) == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("dec0", [np.radians(89.99), np.radians(-89.99), 0.0])
def test_poles_are_places_like_others(dec0):
    epochs, *true = sky(400, 25, np.random.default_rng(2), dec0=dec0)
    p = pulls(fit_motion(epochs, EPOCH), *true)
    assert np.abs(p[:, 1:].std(axis=0) - 1).max() < 0.15  # 400 objects: 0.035


def test_gross_outliers_are_clipped_and_do_not_bias():
    rng = np.random.default_rng(3)
    epochs, *true = sky(500, 30, rng)
    dec = epochs.dec.copy()
    bad = rng.choice(len(dec), len(dec) // 20, replace=False)
    dec[bad] += 1.0 / 3600 * np.pi / 180  # one arcsecond, 50 sigma
    motion = fit_motion(Epochs(*[getattr(epochs, f) if f != "dec" else dec for f in Epochs.__slots__]), EPOCH)
    p = pulls(motion, *true)
    assert motion.n_clipped.sum() == pytest.approx(len(bad), rel=0.02)
    assert np.abs(p.mean(axis=0)).max() < 0.15  # 500 objects: 0.045; clipping itself is symmetric
    assert np.abs(p.std(axis=0) - 1).max() < 0.12


def test_too_few_epochs_give_a_mean_position_only():
    epochs, *_ = sky(50, 0, np.random.default_rng(4), span=20.0)
    motion = fit_motion(epochs, EPOCH)
    n = np.diff(epochs.offsets)
    assert not motion.five_parameters.any()
    assert np.isnan(motion.parallax).all()
    assert np.isfinite(motion.ra[n > 0]).all()
    assert np.isnan(motion.ra[n == 0]).all()


def test_unusable_epoch_does_not_count():
    epochs, *_ = sky(20, 20, np.random.default_rng(5))
    err, ra = epochs.ra_err.copy(), epochs.ra.copy()
    err[::7], ra[::7] = np.nan, np.nan
    motion = fit_motion(
        Epochs(epochs.offsets, epochs.mjd_tai, ra, epochs.dec, err, epochs.dec_err, epochs.ra_dec_cov), EPOCH
    )
    assert (motion.n_used + motion.n_clipped).sum() == np.isfinite(err).sum()
    assert motion.five_parameters.all()


def test_prior_is_a_measurement_more():
    epochs, ra, dec, truth = sky(300, 12, np.random.default_rng(6))
    precision = np.zeros((300, 5, 5))
    precision[:, 4, 4] = 1.0  # parallax known to 1 mas
    mean = np.column_stack([ra, dec, np.zeros((300, 2)), truth[:, 2]])
    with_prior = fit_motion(epochs, EPOCH, Prior(mean, precision))
    without = fit_motion(epochs, EPOCH)
    assert np.sqrt(with_prior.covariance[:, 4, 4]).max() <= 1.0
    assert (with_prior.covariance[:, 2, 2] <= without.covariance[:, 2, 2] * (1 + 1e-9)).all()


def test_no_objects_give_no_rows():
    none = np.zeros(0)
    assert len(fit_motion(Epochs(np.zeros(1, np.int64), *([none] * 6)), EPOCH).ra) == 0
