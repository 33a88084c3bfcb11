from dataclasses import replace

import numpy as np
import pytest

import field
from gnomon.containers.catalog import Catalog
from gnomon.errors import UnprocessableData
from gnomon.io.catalogs import conform
from gnomon.pipeline.object import ForcedSourceConfig
from gnomon.steps.forced_source import forced_source


def objects(primary=True):
    ra, dec, _ = field.stars()
    places = {"coord_ra": np.degrees(ra), "coord_dec": np.degrees(dec)}
    return Catalog(
        {"objectId": np.arange(len(ra)) + 7, **places, "detect_isPrimary": np.full(len(ra), primary)}
    )


def run(image=None, tables=None, visit=2):
    image = image or field.calibrated(visit)
    given = [objects()] if tables is None else tables
    data_id = replace(field.data_id(), visit=visit, detector=0)
    summary = field.summary(visit, image)
    return forced_source(image, summary, given, data_id=data_id, config=ForcedSourceConfig())


def test_fluxes_are_the_total_ones_with_right_errors():
    got = conform(run(), "forced_source")
    flux = field.stars()[2][got["objectId"] - 7]
    pull = (got["psfFlux"] - flux) / np.hypot(got["psfFluxErr"], 1e-3 * flux)
    assert len(got) == 49
    assert abs(pull.mean()) < 4 / 7
    assert 0.7 < pull.std() < 1.3


def test_a_star_that_is_gone_has_no_flux():
    got = run(field.calibrated(2, colour=0.0))
    assert abs(np.mean(got["psfFlux"] / got["psfFluxErr"])) < 4 / 7


def test_objects_off_the_detector_and_others_patches_have_no_row():
    far = objects().with_columns(coord_dec=objects()["coord_dec"] + 1.0)
    assert len(run(tables=[far, objects(primary=False)])) == 0
    assert len(run(tables=[far, objects()])) == 49


def test_order_of_patches_changes_no_number():
    a, b = objects().take(np.arange(20)), objects().take(np.arange(20, 49))
    first, second = run(tables=[a, b]), run(tables=[b, a])
    order = np.argsort(second["objectId"])
    np.testing.assert_array_equal(first["psfFlux"], second["psfFlux"][order])


def test_patches_without_objects_are_told():
    with pytest.raises(UnprocessableData, match="no objects"):
        run(tables=[])
