import numpy as np
import pytest

from gnomon.algorithms.validation.objects import (
    TrueSources,
    check_patch,
    depth,
    filter_loss,
    is_alone,
    match_objects,
    overshone,
)
from gnomon.containers.catalog import Catalog

ARCSEC = 1 / 3600


def truth(n=200, seed=0):
    """Stars on a grid of 10 arcsec across RA 0, every other one a galaxy, S/N 5 to 105 in g and r."""
    k = np.arange(n)
    flux = np.stack([100.0 + k, 200.0 + 2 * k], -1)
    snr = np.linspace(5, 105, n)
    return TrueSources(
        ra=np.mod((k % 20 - 10) * 10 * ARCSEC, 360), dec=k // 20 * 10 * ARCSEC,
        is_star=k % 2 == 0, is_galaxy=k % 2 == 1, constant=k % 4 == 0, flux=flux,
        snr=np.stack([snr, snr], -1), overshone=np.zeros(n, np.bool_),
    )  # fmt: skip


def objects(true, factor=1.0, seed=0):
    """Objects at every true source, with noise of the stated errors."""
    rng = np.random.default_rng(seed)
    n = len(true.ra)
    columns = {
        "coord_ra": true.ra, "coord_dec": true.dec, "flags": np.zeros(n, np.uint32),
        "detect_significance": true.snr[:, 0], "blendedness": np.zeros(n, np.float32),
    }  # fmt: skip
    for k, band in enumerate("gr"):
        err = true.flux[:, k] / true.snr[:, k]
        flux = true.flux[:, k] * factor + err * rng.standard_normal(n)
        columns |= {f"{band}_psfFlux": flux, f"{band}_psfFluxErr": err, f"{band}_cModelFlux": flux}
        columns[f"{band}_nVisit"] = np.full(n, 5)
    return Catalog(columns)


def test_everything_found_is_complete_and_pure_with_pulls_of_one():
    true = truth(2000)
    rows = check_patch(objects(true), true, ("g", "r"))
    assert rows["object completeness", ""] == (1.0, int((true.snr[:, 0] > 10).sum()))
    assert rows["object purity", ""][0] == 1.0
    pull, n = rows["coadd PSF flux pull, less 1", "r"]
    assert abs(pull) < 4 * 0.9 / np.sqrt(n)  # the MAD's standard error is 1.17 / sqrt(2 n)


def test_fluxes_five_percent_high_are_a_bias_of_five_percent_and_no_colour():
    true = truth(2000)
    rows = check_patch(objects(true, 1.05), true, ("g", "r"))
    assert rows["coadd PSF flux bias", "g"][0] == pytest.approx(0.05, abs=0.004)
    assert rows["model flux bias of galaxies", "r"][0] == pytest.approx(0.05, abs=0.004)
    assert rows["model colour bias g-r", ""][0] == pytest.approx(0, abs=0.004)


def test_stars_in_the_light_of_others_are_not_judged():
    true = truth(2000)
    table = objects(true)
    spoiled = np.arange(2000) % 8 == 0  # half of the steady stars
    table = table.with_columns(
        blendedness=np.where(spoiled, np.float32(0.3), np.float32(np.nan)),
        g_psfFlux=np.where(spoiled, 1.5, 1.0) * table["g_psfFlux"],
    )
    assert check_patch(table, true, ("g", "r"))["coadd PSF flux bias", "g"][0] == pytest.approx(0, abs=0.004)


def test_half_of_the_objects_is_half_of_the_completeness():
    true = truth(2000)
    rows = check_patch(objects(true).take(np.arange(2000) % 2 == 0), true, ("g", "r"))
    assert rows["object completeness", ""][0] == pytest.approx(0.5, abs=0.01)


def test_objects_of_nothing_are_impure():
    true = truth()
    made = objects(true)
    moved = made.with_columns(coord_dec=made["coord_dec"] + np.where(np.arange(200) < 100, 5 * ARCSEC, 0))
    wrong = (np.arange(200) < 100) & (made["detect_significance"] > 10)
    right = (np.arange(200) >= 100) & (made["detect_significance"] > 10)
    rows = check_patch(moved, true, ("g", "r"))
    assert rows["object purity", ""][0] == pytest.approx(right.sum() / (wrong.sum() + right.sum()))


def test_neighbours_of_two_percent_disturb_and_fainter_ones_do_not():
    true = truth(4)
    true.flux[:] = [[100, 100], [1, 1], [100, 100], [3, 3]]
    true.ra[:], true.dec[:] = [0, 2 * ARCSEC, 1, 1 + 2 * ARCSEC], 0
    assert is_alone(true).tolist() == [True, False, False, False]


def test_a_source_under_the_light_of_a_brighter_one_is_overshone():
    profile = np.exp(-0.5 * (np.arange(30) / 2.0) ** 2)
    ra = np.array([0, 4 * 0.2, 20 * 0.2]) * ARCSEC  # 4 pixels: exp(-2) = 0.135 of the peak
    dec = np.zeros(3)
    assert overshone(ra, dec, np.array([100.0, 12, 1]), profile, 0.2).tolist() == [False, True, False]
    assert overshone(ra, dec, np.array([100.0, 15, 1]), profile, 0.2).tolist() == [False, False, False]


def test_the_brighter_of_two_true_sources_is_taken():
    true = truth(2)
    true.ra[:], true.dec[:] = [0, 0.3 * ARCSEC], 0
    found, row = match_objects(objects(true).take(np.array([0])), true)
    assert (found.tolist(), row.tolist()) == ([0], [1])


def test_filtering_a_star_loses_nothing_and_a_gaussian_wide_galaxy_its_share():
    sigma = np.array([2.0, 2.0, 2.0])
    loss = filter_loss(np.array([0.0, 3.0, 30.0]), np.zeros(3), sigma)
    assert loss[0] == pytest.approx(1)
    assert 0.4 < loss[1] < 0.8
    assert loss[2] < 0.05


def test_depth_is_that_of_faint_objects_where_all_visits_meet():
    true = truth()
    made = objects(true).with_columns(r_psfFluxErr=np.full(200, 10.0), r_psfFlux=np.full(200, 50.0))
    made["r_nVisit"][:50] = 3
    assert depth(made, "r", 5) == (pytest.approx(31.4 - 2.5 * np.log10(50)), 150)
    assert depth(made, "r", 6)[1] == 0


def test_nothing_at_all_is_nan():
    true = truth()
    rows = check_patch(objects(true).take(np.zeros(0, np.int64)), true, ("g", "r"))
    assert rows["object completeness", ""][0] == 0
    assert np.isnan(rows["object purity", ""][0])
    none = true.take(np.zeros(0, np.int64))
    assert np.isnan(check_patch(objects(true), none, ("g", "r"))["object completeness", ""][0])
