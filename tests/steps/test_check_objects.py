import numpy as np
import pytest

import field
from gnomon.algorithms.validation.measures import MEASURES
from gnomon.containers.catalog import Catalog
from gnomon.containers.coadd import empty_coadd
from gnomon.errors import UnprocessableData
from gnomon.io.catalogs import conform, empty_catalog
from gnomon.pipeline.object import DetectObjectsConfig, MeasureConfig
from gnomon.pipeline.release import CheckObjectsConfig
from gnomon.sim.recipe import toy_recipe
from gnomon.sim.schedule import visits
from gnomon.steps.check_objects import check_objects
from gnomon.steps.detect_objects import detect_objects
from gnomon.steps.measure import measure

RECIPE = toy_recipe()
COLOUR = {"r": 1.0, "i": 1.5}


def truths():
    """What the simulator would say of the field: one table a visit, and of its detectors."""
    ra, dec, flux = field.stars()
    n = len(ra)
    sources, detectors = [], []
    for v in (v for v in visits(RECIPE) if v.obstype == "science"):
        meta = {"data_id": f"visit={v.visit}"}
        columns = {
            "id": 10_000_000 + np.arange(n), "kind": np.zeros(n, np.int64), "row": np.arange(n),
            "ra": np.degrees(ra), "dec": np.degrees(dec), "flux": flux * COLOUR[v.band],
            "snr": flux * COLOUR[v.band] / 60,
        }  # fmt: skip
        sources.append(Catalog(columns, meta))
        one = {"detector": 0, "zero_point": 31.4, "background": 55.0, "fwhm": 0.78, "response": 1.0}
        detectors.append(Catalog({k: np.array([x]) for k, x in one.items()}, meta))
    return sources, detectors


@pytest.fixture(scope="module")
def made():
    coadds = [field.coadded("r"), field.coadded("i"), empty_coadd("no visit")]
    found = detect_objects(coadds, data_id=field.data_id(), config=DetectObjectsConfig())
    return coadds, measure(field.skymap(), coadds, found, data_id=field.data_id(), config=MeasureConfig())


def run(coadds, objects):
    sources, detectors = truths()
    n = len(field.stars()[0])
    stars = Catalog({"variable": np.zeros(n, np.int64)})
    galaxies = Catalog({"half_light": np.ones(1), "bulge_fraction": np.zeros(1)})
    return check_objects(
        RECIPE, field.skymap(), stars, galaxies, sources, detectors, coadds, objects,
        data_id=field.data_id(), config=CheckObjectsConfig(),
    )  # fmt: skip


def value(table, quantity, band=""):
    return table["value"][(table["quantity"] == quantity) & (table["band"] == band)][0]


def test_a_field_of_stars_is_complete_and_unbiased(made):
    table = conform(run(*made), "check")
    assert value(table, "object completeness") == 1
    for band in "ri":
        assert value(table, "coadd PSF flux bias", band) == pytest.approx(0, abs=2e-3)


def test_every_quantity_has_a_line_in_the_list_of_measures(made):
    assert set(run(*made)["quantity"]) <= {m.name for m in MEASURES}


def test_fluxes_three_percent_high_are_reported_as_that(made):
    coadds, objects = made
    high = objects.with_columns(r_psfFlux=objects["r_psfFlux"] * 1.03)
    assert value(run(coadds, high), "coadd PSF flux bias", "r") == pytest.approx(0.03, abs=2e-3)


def test_a_patch_without_objects_is_told(made):
    with pytest.raises(UnprocessableData, match="dark"):
        run(made[0], empty_catalog("object", "dark"))
