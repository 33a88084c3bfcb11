import numpy as np
import pytest

from algorithms.astrometry.survey import make_survey
from gnomon.algorithms.joint.positions import joint_fluxes, zero_point_over
from gnomon.containers.catalog import Catalog
from gnomon.containers.dataid import DataId
from gnomon.errors import UnprocessableData
from gnomon.io.catalogs import conform
from gnomon.pipeline.joint import FitPhotometryConfig
from gnomon.steps.fit_photometry import fit_photometry
from joint_scene import summaries, tables

CONFIG = FitPhotometryConfig(colour=("g", "r"), min_snr=5)


@pytest.fixture(scope="module")
def scene():
    rng = np.random.default_rng(4)
    survey = make_survey(rng, visits=6, n_stars=300, rms_air=0)
    star, source, facts, reference, _ = tables(survey, rng)
    return star, source, facts, reference.with_columns(id=np.arange(len(reference)))


def run(star, source, told, refcats):
    return fit_photometry(star, source, told, refcats, data_id=DataId(tract=0), config=CONFIG)


def test_zero_points_are_those_of_the_survey(scene):
    star, source, facts, reference = scene
    fit = conform(run(star, source, summaries(facts), [reference]), "photometry_fit")
    assert len(fit) == 24
    # visit v was 1 + 0.02 (v - 4) too bright
    expected = 31.4 + 2.5 * np.log10(1 + 0.02 * (fit["visit"] - 2004))
    got = [zero_point_over(fit.take(np.arange(24) == k)).at(749.5, 749.5)[0] for k in range(24)]
    np.testing.assert_allclose(got, expected, atol=0.01)  # 0.01: the tie to some 70 stars of 0.17 mag


def test_the_zero_points_that_fluxes_were_made_with_do_not_matter(scene):
    """Detectors whose own zero points are wrong, and fluxes with them, end with the same zero points."""
    star, source, facts, reference = scene
    wrong = {k: 0.03 * np.sin(7 * k[0] + 3 * k[1]) for k in facts}
    told = summaries(
        {k: type(f)(f.wcs, f.shape, f.mjd_tai, f.airmass, 31.4 + wrong[k]) for k, f in facts.items()}
    )
    pairs = zip(source["visit"].astype(int), source["detector"].astype(int), strict=True)
    factor = np.array([10 ** (-0.4 * wrong[p]) for p in pairs])
    moved = source.with_columns(psfFlux=source["psfFlux"] * factor, psfFluxErr=source["psfFluxErr"] * factor)
    before, after = run(star, source, summaries(facts), [reference]), run(star, moved, told, [reference])
    np.testing.assert_allclose(after["zeroPoint00"], before["zeroPoint00"], atol=1e-6)


TERMS = np.array([0.05, -0.03, 0.02, 0.0])
"""Magnitudes per magnitude of g - r, of four detectors in r: twice those between two makes of sensors of one camera."""


def test_colour_terms_of_detectors_are_fitted_and_taken_off():
    rng = np.random.default_rng(5)
    survey = make_survey(rng, visits=6, n_stars=300, rms_air=0)
    star, source, facts, reference, truth = tables(survey, rng)
    names, known = np.array(list(truth)), np.isfinite(survey.stars.error)
    # stars of g - r from 0.2 to 1.2; the last two visits are in g
    colour, green = 0.2 + 0.1 * (source["isolatedStarId"] % 11), source["visit"] > 2003
    away = np.where(green, -colour, TERMS[source["detector"] - 10] * (colour - CONFIG.pivot))
    flux, band = source["psfFlux"] * 10 ** (0.4 * away), np.where(green, "g", "r").astype(object)
    source = source.with_columns(psfFlux=flux, band=band)
    blue = reference["flux_r"] * 10 ** (-0.4 * (0.2 + 0.1 * (names[known] % 11)))
    columns = {"flux_g": blue, "fluxErr_g": 0.01 * blue, "fluxErr_r": 0.01 * reference["flux_r"]}
    reference = reference.with_columns(id=np.arange(len(blue)), **columns)
    told = summaries(facts)[:4] + summaries(facts, "g")[4:]
    fit = run(star, source, told, [reference])
    red = fit["band"] == "r"
    # 70 stars of 2 mmag and a colour scatter of 0.3 in each of four visits, less than half a visit's area each
    np.testing.assert_allclose(fit["colourTerm"][red], TERMS[fit["detector"][red] - 10], atol=0.005)

    def scatter(table):
        """Of the r magnitudes of a star about their mean, stars seen four times."""
        rows = source["band"] == "r"
        mag = -2.5 * np.log10(joint_fluxes(source, table)["psfFlux"][rows])
        _, star, count = np.unique(source["isolatedStarId"][rows], return_inverse=True, return_counts=True)
        off = mag - (np.bincount(star, mag) / count)[star]
        return np.std(off[count[star] == 4]) * np.sqrt(4 / 3)

    assert scatter(fit) < 0.003  # photons are 2 mmag; zero points of some 70 stars add little
    assert scatter(Catalog(fit.columns)) > 0.008  # the same without the colours


def test_bands_are_fitted_apart_and_one_without_a_catalogue_is_relative(scene):
    star, source, facts, reference = scene
    told = [
        s.with_columns(band=np.full(len(s), "x", object)) if k > 3 else s
        for k, s in enumerate(summaries(facts))
    ]
    band = np.where(source["visit"] > 2003, "x", "r").astype(object)
    fit = run(star, source.with_columns(band=band), told, [reference])
    assert set(fit["visit"][fit["band"] == "r"]) == {2000, 2001, 2002, 2003}
    assert fit["nReference"][fit["band"] == "r"].min() > 50
    x = fit.take(fit["band"] == "x")
    assert set(x["nReference"]) == {0}
    # the two visits, 0 and 2 % too bright, meet in the middle of their own zero points
    for visit, expected in ((2004, -0.0107), (2005, 0.0107)):
        assert np.mean(x["zeroPoint00"][x["visit"] == visit]) - 31.4 == pytest.approx(expected, abs=0.003)


def test_without_any_flux_it_says_why(scene):
    star, source, facts, reference = scene
    dark = source.with_columns(band=np.full(len(source), "y", object))
    with pytest.raises(UnprocessableData, match="r: no detection with a flux in r"):
        run(star, dark, summaries(facts), [reference])
