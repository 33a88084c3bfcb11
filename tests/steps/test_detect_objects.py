import numpy as np
import pytest

import field
from gnomon.algorithms.object.detection import detected
from gnomon.containers.coadd import empty_coadd
from gnomon.errors import UnprocessableData
from gnomon.pipeline.object import DetectObjectsConfig
from gnomon.steps.detect_objects import detect_objects


def run(coadds, **options):
    return detect_objects(coadds, data_id=field.data_id(), config=DetectObjectsConfig(**options))


def distances(sources):
    """Distance of every star from the nearest detection, pixels."""
    x, y = field.skymap().patch_wcs(0, 0).sky_to_pixel(*field.stars()[:2])
    return np.hypot(sources.x[:, None] - x, sources.y[:, None] - y).min(axis=0)


def test_every_star_is_found_and_nothing_else():
    sources, scales = detected(run([field.coadded("r"), field.coadded("i")]))
    assert (distances(sources) < 1.5).all()
    assert len(sources) <= 49 + 1  # 340 x 340 pixels hold 0.04 false alarms of five sigma
    assert all(1.0 <= s < 1.25 for s in scales.values())  # quintic resampling: 1 / sqrt(0.84) = 1.09


def test_a_band_without_light_changes_no_detection():
    sources, _ = detected(run([field.coadded("r"), field.coadded("u")]))
    assert (distances(sources) < 1.5).all()


def test_empty_coadds_are_left_out():
    alone, beside = (run(c) for c in ([field.coadded("r")], [empty_coadd("no visit"), field.coadded("r")]))
    np.testing.assert_array_equal(alone["labels"], beside["labels"])
    assert beside["bands"].tolist() == [b"r"]


def test_a_patch_without_coadds_is_told_why():
    with pytest.raises(UnprocessableData, match="no visit"):
        run([empty_coadd("no visit"), empty_coadd("no visit")])
    with pytest.raises(UnprocessableData, match="no coadd of 0"):
        run([])


def test_no_source_is_a_detection_without_rows():
    assert len(run([field.coadded("u")], threshold_sigma=10.0)["x"]) == 0
