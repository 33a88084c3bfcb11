import numpy as np
import pytest

from gnomon.containers.catalog import Catalog
from gnomon.errors import UnprocessableData
from gnomon.io.catalogs import conform
from gnomon.pipeline.moving import TrackletsConfig
from gnomon.steps.tracklets import tracklets
from steps import moving_scene as scene

NIGHT = scene.NIGHTS[0]


def run(sources=None, attributed=None, **options):
    made = scene.campaign()[NIGHT]
    sources = scene.sources(NIGHT) if sources is None else sources
    attributed = made["ss_source"] if attributed is None else attributed
    config = TrackletsConfig(**options)
    return tracklets(made["visits"], sources, attributed, data_id=scene.data_id(NIGHT), config=config)


def test_every_unknown_object_has_its_tracklet_and_no_star_has_one():
    found = run()
    conform(found, "tracklet")
    owners = [set(scene.object_of(found)[found["trackletId"] == k]) for k in np.unique(found["trackletId"])]
    own = {next(iter(o)) for o in owners if len(o) == 1}
    assert own == set(range(scene.KNOWN, scene.KNOWN + scene.UNKNOWN))


def test_attributed_detections_are_left_out():
    assert len(np.unique(run(attributed=Catalog({}))["trackletId"])) >= scene.KNOWN + scene.UNKNOWN


def test_one_exposure_gives_no_tracklet():
    with pytest.raises(UnprocessableData, match="move together"):
        run(sources=scene.sources(NIGHT)[:1])


def test_no_detections_are_told():
    with pytest.raises(UnprocessableData, match="no detections"):
        run(sources=[])
