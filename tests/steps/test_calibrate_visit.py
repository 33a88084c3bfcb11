import numpy as np
import pytest

import toy
from gnomon.algorithms.validation import check_sources
from gnomon.containers.catalog import Catalog
from gnomon.containers.exposure import DetrendedImage
from gnomon.containers.image import Image
from gnomon.errors import UnprocessableData
from gnomon.flags import MASK
from gnomon.io.catalogs import conform
from gnomon.pipeline.visit import CalibrateVisitConfig
from gnomon.sim.exposure import zero_point
from gnomon.sim.sky import STAR
from gnomon.steps.calibrate_visit import calibrate_visit


def run(post_isr=None, refcats=None, **options):
    config = CalibrateVisitConfig(**options)
    refcats = [toy.refcat()] if refcats is None else refcats
    return calibrate_visit(post_isr or toy.detrended(), refcats, data_id=toy.data_id(), config=config)


@pytest.fixture(scope="module")
def done():
    return run()


def with_image(flux=None, variance=None, mask=None, zp=float("nan")):
    given = toy.detrended()
    image = Image(
        given.image.flux if flux is None else flux,
        given.image.variance if variance is None else variance,
        given.image.mask if mask is None else mask,
    )
    return DetrendedImage(image, given.wcs, given.facts, zp)


def truth_in_degrees():
    sources = toy.exposure()[1].sources
    return sources.with_columns(ra=np.degrees(sources["ra"]), dec=np.degrees(sources["dec"]))


def test_stars_are_found_where_they_are(done):
    truth = truth_in_degrees()
    found = check_sources(done.source, truth, truth["kind"] == STAR, toy.RECIPE.camera.size)
    assert (
        found.completeness > 0.9
    )  # a field of 40 stars per square arcminute: some are within 2 px of another
    assert found.astrometry_rms_mas < 30
    assert abs(found.flux_bias) < 0.01


def test_zero_point_is_that_of_the_simulation_within_10_mmag(done):
    assert abs(done.summary["zeroPoint"][0] - zero_point(toy.visit())) < 0.010


def test_tables_follow_their_schemas(done):
    assert len(conform(done.source, "source")) == len(done.source)
    assert len(conform(done.summary, "visit_summary")) == 1


def test_pixels_agree_with_the_sources(done):
    sources = done.source
    star = int(np.argmax(np.where(sources["isPsfStar"], sources["psfFlux"], 0)))
    y, x = round(sources["y"][star]), round(sources["x"][star])
    box = done.image.image.flux[y - 9 : y + 10, x - 9 : x + 10]
    assert box.sum() == pytest.approx(sources["ap09Flux"][star], rel=0.05)


def test_without_a_reference_catalogue_the_header_stands_and_says_so():
    result = run(with_image(zp=31.5), refcats=[])
    assert result.summary["astromKind"][0] == "header"
    assert result.summary["zeroPoint"][0] == 31.5
    assert "no reference stars" in result.summary["note"][0]


def test_without_any_zero_point_the_detector_is_refused():
    with pytest.raises(UnprocessableData, match="no zero point"):
        run(refcats=[])


def test_a_field_without_stars_is_refused_by_what_was_found():
    noise = np.random.default_rng(1).normal(900, 30, toy.detrended().image.shape).astype("f4")
    with pytest.raises(UnprocessableData, match="star"):
        run(with_image(flux=noise, variance=np.full_like(noise, 900)))


@pytest.mark.parametrize("plane", ["SAT", "BAD", "NO_DATA"])
def test_a_detector_without_usable_pixels_is_refused(plane):
    mask = np.full(toy.detrended().image.shape, MASK[plane], np.uint32)
    with pytest.raises(UnprocessableData):
        run(with_image(mask=mask))


def test_half_a_dead_detector_still_gives_the_other_half():
    mask = toy.detrended().image.mask.copy()
    mask[:, :256] |= np.uint32(MASK["BAD"])
    result = run(with_image(mask=mask))
    assert result.summary["maskedFraction"][0] > 0.49
    good = (result.source["x"] > 262) & (result.source["peakSignificance"] > 20)
    assert good.sum() > 10


def test_a_pointing_wrong_by_an_arcminute_is_found():
    given = toy.detrended()
    wcs = given.wcs
    shifted = type(wcs)((wcs.crval[0], wcs.crval[1] + np.radians(60 / 3600)), wcs.crpix, wcs.cd, wcs.a, wcs.b)
    result = run(DetrendedImage(given.image, shifted, given.facts))
    assert result.summary["astromOffset"][0] == pytest.approx(60, abs=6)
    assert result.summary["astromRms"][0] < 60


def test_empty_reference_shards_are_no_error():
    empty = Catalog({n: c[:0] for n, c in toy.refcat().columns.items()})
    assert run(with_image(zp=31.5), refcats=[empty]).summary["astromKind"][0] == "header"
