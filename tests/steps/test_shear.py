import numpy as np
import pytest

import field
from gnomon.containers.coadd import empty_coadd
from gnomon.errors import UnprocessableData
from gnomon.io.catalogs import conform, empty_catalog
from gnomon.pipeline.object import DetectObjectsConfig, MeasureConfig, ShearConfig
from gnomon.steps.detect_objects import detect_objects
from gnomon.steps.measure import measure
from gnomon.steps.shear import shear

CONFIG = ShearConfig(weight_arcsec=0.5)


@pytest.fixture(scope="module")
def made():
    coadds = [field.coadded("r"), field.coadded("i"), empty_coadd("no visit")]
    found = detect_objects(coadds, data_id=field.data_id(), config=DetectObjectsConfig())
    objects = measure(field.skymap(), coadds, found, data_id=field.data_id(), config=MeasureConfig())
    return coadds, found, objects


def run(coadds, found, objects):
    return shear(field.skymap(), coadds, found, objects, data_id=field.data_id(), config=CONFIG)


def test_stars_are_round_behind_their_psf_and_are_no_sources(made):
    table = conform(run(*made), "shear_object")
    assert len(table) == len(made[2])
    strong = table["momentFlux"] > 50 * table["momentFluxErr"]
    assert strong.sum() > 20
    # S/N 50 and more: 1 / 50 each at most, and the response divides by about a half
    assert abs(np.mean(table["e1"][strong])) < 0.01
    assert abs(np.mean(table["e2"][strong])) < 0.01
    assert table["shear_isSource"].mean() < 0.1


def test_bands_that_shapes_are_not_taken_from_change_nothing(made):
    coadds, found, objects = made
    only = ShearConfig(weight_arcsec=0.5, bands=("r",))
    one, two = (
        shear(field.skymap(), some, found, objects, data_id=field.data_id(), config=only)
        for some in (coadds, coadds[:1])
    )
    np.testing.assert_array_equal(one["e1"], two["e1"])


def test_no_objects_are_told(made):
    with pytest.raises(UnprocessableData, match="dark"):
        run(made[0], made[1], empty_catalog("object", "dark"))
