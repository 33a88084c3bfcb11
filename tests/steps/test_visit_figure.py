import numpy as np
import pytest

import toy
from gnomon.containers.parts import Parts, no_parts
from gnomon.errors import UnprocessableData
from gnomon.pipeline.visit import CalibrateVisitConfig, VisitFigureConfig
from gnomon.steps.calibrate_visit import calibrate_visit
from gnomon.steps.visit_figure import visit_figure


def run(image, size_px=128):
    return visit_figure(image, data_id=toy.data_id(), config=VisitFigureConfig(size_px=size_px))


@pytest.fixture(scope="module")
def part():
    config = CalibrateVisitConfig()
    return calibrate_visit(toy.detrended(), [toy.refcat()], data_id=toy.data_id(), config=config).image


def test_picture_has_the_size_asked_for_and_shows_stars(part):
    figure = run(Parts((0,), lambda number: part))
    assert max(figure.rgb.shape[:2]) == 128
    assert figure.rgb.max() == 255
    assert np.median(figure.rgb) < 100


def test_no_detector_gives_the_reason():
    with pytest.raises(UnprocessableData, match="cut off"):
        run(no_parts("cut off"))
