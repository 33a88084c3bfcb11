import numpy as np
import pytest

from gnomon.containers.catalog import Catalog
from gnomon.errors import UnprocessableData
from gnomon.io.catalogs import conform
from gnomon.pipeline.moving import AttributeConfig
from gnomon.steps.attribute import attribute
from steps import moving_scene as scene


def run(night=scene.NIGHTS[0], ephemeris=None, sources=None, **options):
    made = scene.campaign()[night]
    ephemeris = made["ephemeris"] if ephemeris is None else ephemeris
    sources = scene.sources(night) if sources is None else sources
    return attribute(
        ephemeris, made["visits"], sources, data_id=scene.data_id(night), config=AttributeConfig(**options)
    )


def test_every_known_object_is_found_and_is_itself():
    found = run()
    conform(found, "ss_source")
    assert len(found) == 2 * scene.KNOWN
    assert [int(d[1:]) for d in found["designation"]] == scene.object_of(found).tolist()
    # offsets of 0.03" per axis
    assert np.hypot(found["ephOffsetEast"], found["ephOffsetNorth"]).max() < 5 * 0.03


def test_unreliable_detections_are_nobody():
    with pytest.raises(UnprocessableData, match="no detections"):
        run(min_reliability=0.95)


@pytest.mark.parametrize("sources, said", [([], "no detections"), ([Catalog({})], "no detections")])
def test_no_detections_are_told(sources, said):
    with pytest.raises(UnprocessableData, match=said):
        run(sources=sources)


def test_no_predictions_are_told():
    with pytest.raises(UnprocessableData, match="no orbits are known"):
        run(ephemeris=Catalog({}, {"empty_reason": "no orbits are known"}))
