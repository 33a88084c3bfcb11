import numpy as np
import pytest

import field
from gnomon.containers.catalog import Catalog
from gnomon.containers.dataid import DataId
from gnomon.errors import UnprocessableData
from gnomon.io.catalogs import conform
from gnomon.pipeline.diff import DiaForcedSourceConfig
from gnomon.steps.dia_forced_source import dia_forced_source
from steps import judged

VISIT = 21


def run(objects, visit=VISIT, detector=0):
    image, template = judged.pair(VISIT, judged.NEW)
    data_id = DataId(visit=visit, detector=detector)
    summary = field.summary(VISIT, image)
    return dia_forced_source(
        image, template, summary, objects, data_id=data_id, config=DiaForcedSourceConfig()
    )


def objects(places, first=100):
    image, _ = judged.pair(VISIT, judged.NEW)
    x, y = (np.array([p[k] for p in places], float) for k in (0, 1))
    ra, dec = image.wcs.pixel_to_sky(x, y)
    ids = first + np.arange(len(places))[::-1]
    return Catalog({"diaObjectId": ids, "ra": np.degrees(ra), "dec": np.degrees(dec), "x": x})


def test_new_stars_and_empty_places_have_their_fluxes():
    empty = [(150.0, 20.0), (350.0, 400.0)]
    done = conform(run([objects(judged.NEW), objects(empty, first=7)]), "dia_forced_source")
    assert done["diaObjectId"].tolist() == [7, 8, 100, 101, 102]
    chi = done["psfFlux"] / done["psfFluxErr"]
    # S/N 15 within 4 standard errors, nothing within 4; PSF and aperture correction are exact here
    assert chi == pytest.approx([0, 0, 15, 15, 15], abs=4)
    assert len(np.unique(done["diaForcedSourceId"])) == 5
    assert (done["midpointMjdTai"] == 61000.0 + VISIT).all()


def test_objects_off_the_detector_are_left_out():
    assert len(run([objects([(-30.0, 50.0), (50.0, 5000.0)])])) == 0


def test_one_object_is_measured():
    assert len(run([objects(judged.NEW[:1])])) == 1


@pytest.mark.parametrize("given", [[], [Catalog({})]])
def test_no_objects_are_told(given):
    with pytest.raises(UnprocessableData, match="no DIA objects"):
        run(given)


def test_a_detector_without_summary_is_told():
    with pytest.raises(UnprocessableData, match="summary"):
        run([objects(judged.NEW)], detector=5)
