import numpy as np
import pytest

import toy
from gnomon.algorithms.validation.measures import MEASURES
from gnomon.containers.catalog import Catalog
from gnomon.errors import UnprocessableData
from gnomon.io.catalogs import conform, empty_catalog
from gnomon.pipeline.release import CheckVisitConfig
from gnomon.pipeline.visit import CalibrateVisitConfig
from gnomon.steps.calibrate_visit import calibrate_visit
from gnomon.steps.check_visit import check_visit

WORST = "zero point, worst detector"


@pytest.fixture(scope="module")
def made():
    return calibrate_visit(
        toy.detrended(), [toy.refcat()], data_id=toy.data_id(), config=CalibrateVisitConfig()
    )


def run(source, summary):
    _, truth, _ = toy.exposure()
    sources = truth.sources
    degrees = sources.with_columns(ra=np.degrees(sources["ra"]), dec=np.degrees(sources["dec"]))
    return check_visit(
        toy.RECIPE,
        source,
        summary,
        degrees,
        truth.detectors,
        data_id=toy.data_id(),
        config=CheckVisitConfig(),
    )


def value(table, quantity):
    return table["value"][table["quantity"] == quantity][0]


def test_a_zero_point_off_by_a_tenth_is_reported_as_that(made):
    moved = made.summary.with_columns(zeroPoint=made.summary["zeroPoint"] + 0.1)
    before, after = run(made.source, made.summary), run(made.source, moved)
    assert value(after, WORST) == pytest.approx(0.1, abs=value(before, WORST) + 1e-9)


def test_half_of_the_sources_is_half_of_the_completeness(made):
    whole = run(made.source, made.summary)
    half = run(made.source.take(np.arange(len(made.source)) % 2 == 0), made.summary)
    # binomial: 3 sigma of a half over the number of stars
    stars = whole["n"][whole["quantity"] == "completeness"][0]
    assert value(half, "completeness") == pytest.approx(
        value(whole, "completeness") / 2, abs=1.5 / np.sqrt(stars)
    )


def test_fluxes_scaled_by_two_percent_are_a_bias_of_two_percent(made):
    bright = made.source.with_columns(psfFlux=made.source["psfFlux"] * 1.02)
    before, after = run(made.source, made.summary), run(bright, made.summary)
    assert value(after, "PSF flux bias") - value(before, "PSF flux bias") == pytest.approx(0.02, abs=0.001)


def test_every_quantity_is_a_measure(made):
    found = conform(run(made.source, made.summary), "check")
    assert set(found["quantity"]) <= {m.name for m in MEASURES}


def test_an_uncalibrated_visit_gives_the_reason():
    source = Catalog(empty_catalog("source", "x").columns, {"empty_reason": "truncated raw file"})
    with pytest.raises(UnprocessableData, match="truncated raw file"):
        run(source, empty_catalog("visit_summary", "truncated raw file"))
