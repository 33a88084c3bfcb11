import numpy as np
import pytest

from gnomon.containers.catalog import Catalog
from gnomon.containers.dataid import DataId
from gnomon.errors import UnprocessableData
from gnomon.io.catalogs import conform, empty_catalog
from gnomon.pipeline.joint import CheckJointConfig
from gnomon.steps.check_joint import check_joint
from steps.summaries import rows

NO_MAPS, NO_ZERO_POINTS = (empty_catalog(n, "no solution") for n in ("astrometry_fit", "photometry_fit"))


def detections(visits=8, stars=400, position_mas=3.0, magnitude=0.004, motion=20.0, seed=0, spread=8):
    """Stars that move, seen in r with errors that are stated: 3 mas, 4 mmag."""
    rng = np.random.default_rng(seed)
    star, visit = (c.ravel() for c in np.meshgrid(np.arange(stars), np.arange(visits), indexing="ij"))
    n, years = len(star), visit / visits
    move = rng.normal(0, motion, (2, stars))[:, star] * years
    noise = rng.normal(0, position_mas, (2, n))
    flux = 1e5 * (1 + spread * rng.random(stars))[star] * 10 ** (-0.4 * rng.normal(0, magnitude, n))
    east = (move[0] + noise[0]) / 3.6e6 / np.cos(np.radians(60))
    given = {
        "isolatedStarId": star, "visit": visit, "band": np.full(n, "r", object),
        "midpointMjdTai": 61000 + 365.25 * years,
        "coord_ra": (359.99 + 0.02 * rng.random(stars)[star] + east) % 360,
        "coord_dec": 60 + (move[1] + noise[1]) / 3.6e6, "coord_raErr": np.full(n, 3.0 / 3.6e6),
        "coord_decErr": np.full(n, 3.0 / 3.6e6), "psfFlux": flux, "psfFluxErr": flux * 0.004 / 1.0857,
    }  # fmt: skip
    return Catalog(rows("isolated_star_source", n, **given))


def run(found, maps=NO_MAPS, zero_points=NO_ZERO_POINTS, truth=()):
    stars, galaxies = ([t[k] for t in truth] for k in (0, 1))
    table = check_joint(
        found, maps, zero_points, stars, galaxies, data_id=DataId(tract=0), config=CheckJointConfig()
    )
    conform(table, "check")
    return dict(zip(table["quantity"], table["value"], strict=True))


def sky_of(found, variable=(), beside=()):
    """Truth of the stars of `detections`: of some that vary, and galaxies of half a star's flux 1.5" north of some."""
    _, first = np.unique(found["isolatedStarId"], return_index=True)
    place = {
        "ra": found["coord_ra"][first],
        "dec": found["coord_dec"][first],
        "flux_r": found["psfFlux"][first],
    }
    still = {n: np.zeros(len(first)) for n in ("pm_ra", "pm_dec", "parallax")}
    stars = Catalog({**place, **still, "variable": np.isin(np.arange(len(first)), variable).astype(np.int64)})
    rows = stars.take(np.asarray(beside, np.int64))
    north = {"ra": rows["ra"], "dec": rows["dec"] + 1.5 / 3600, "flux_r": 0.5 * rows["flux_r"]}
    return stars, Catalog(north)


def test_scatter_of_moving_stars_is_their_error():
    got = run(detections())
    # spread of 3200 x 2 and 3200 normal deviates: 1 % and 1.5 %; right ascension runs over 0
    assert got["relative astrometry"] == pytest.approx(3.0, rel=0.05)
    assert got["photometric repeatability"] == pytest.approx(0.004, rel=0.06)
    assert np.isnan(got["pull of repeated fluxes"])  # S/N 270: calibration's, not photons'
    assert (
        got["photometric repeatability, photons taken off"] < 0.0015
    )  # an error of 3 % of 4 mmag, in quadrature, and half again


def test_a_map_that_is_off_everywhere_is_seen_against_the_truth():
    found = detections(motion=0.0)
    found = found.with_columns(coord_dec=found["coord_dec"] + found["isolatedStarId"] * 7.2 / 3600)
    stars, galaxies = sky_of(found)
    off = stars.with_columns(dec=stars["dec"] - 4.0 / 3.6e6)
    # the truth is each star's first detection: 3 mas / sqrt(400)
    assert run(found, truth=[(off, galaxies)])["absolute astrometry"] == pytest.approx(4.0, abs=0.5)
    assert run(found, truth=[(stars, galaxies)])["absolute astrometry"] < 0.6
    assert "absolute astrometry" not in run(found)


def test_calibration_errors_stand_out_of_the_photons():
    got = run(detections(magnitude=0.008))
    assert got["photometric repeatability, photons taken off"] == pytest.approx(
        np.sqrt(64 - 16) / 1000, rel=0.08
    )


def test_zero_points_of_the_joint_fit_are_applied():
    found = detections()
    dim = found["visit"] == 3
    wrong = found.with_columns(
        **{n: np.where(dim, found[n] * 0.9, found[n]) for n in ("psfFlux", "psfFluxErr")}
    )
    fit = Catalog(
        rows("photometry_fit", 1, visit=[3], nStar=[9], nx=[100], ny=[100], zeroPoint00=[2.5 * np.log10(0.9)])
    )
    photons_off = "photometric repeatability, photons taken off"
    assert run(wrong)[photons_off] > 0.01
    assert run(wrong, zero_points=fit)[photons_off] < 0.0015


def fainter(found, error=0.02):
    """The same stars at S/N 54, their errors enlarged in proportion."""
    stretched = np.median(found["psfFlux"]) * (found["psfFlux"] / np.median(found["psfFlux"])) ** (
        error / 0.004
    )
    return found.with_columns(psfFlux=stretched, psfFluxErr=stretched * error / 1.0857)


def test_pulls_of_photons_are_one():
    """3200 deviates of 8 visits a star: 1.3 %, and clipping at four sigma takes 0.05 %."""
    got = run(fainter(detections(spread=0)))
    assert got["pull of repeated fluxes"] == pytest.approx(1.0, abs=0.05)
    assert got["pull of repeated fluxes, less 1"] == pytest.approx(got["pull of repeated fluxes"] - 1)


def test_stars_that_vary_and_stars_with_neighbours_say_nothing_of_errors():
    found = fainter(detections(spread=0))
    apart = found["isolatedStarId"] * 7.2 / 3600
    found = found.with_columns(coord_dec=found["coord_dec"] + apart)
    odd = found["isolatedStarId"] < 80
    jump = np.where(odd & (found["visit"] % 2 == 0), 1.06, 1.0)
    spoilt = found.with_columns(psfFlux=found["psfFlux"] * jump)
    assert run(spoilt)["pull of repeated fluxes"] > 1.1
    truth = sky_of(found, variable=np.arange(40), beside=np.arange(40, 80))
    assert run(spoilt, truth=[truth])["pull of repeated fluxes"] == pytest.approx(1.0, abs=0.05)


def test_stars_seen_too_rarely_are_not_judged():
    got = run(detections(visits=2))
    assert np.isnan(got["relative astrometry"])
    assert np.isnan(got["photometric repeatability"])


def test_no_stars_are_told_with_their_reason():
    with pytest.raises(UnprocessableData, match="cloudy"):
        run(empty_catalog("isolated_star_source", "cloudy"))
