import numpy as np
import pytest

from gnomon.algorithms.linking.names import LONE
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
    found = found.take(found["trackletId"] != LONE)
    owners = [set(scene.object_of(found)[found["trackletId"] == k]) for k in np.unique(found["trackletId"])]
    own = {next(iter(o)) for o in owners if len(o) == 1}
    assert own == set(range(scene.KNOWN, scene.KNOWN + scene.UNKNOWN))


def test_attributed_detections_are_left_out():
    assert len(np.unique(run(attributed=Catalog({}))["trackletId"])) > scene.KNOWN + scene.UNKNOWN


def test_what_is_in_no_tracklet_is_kept_alone():
    """One exposure: the unknown objects and the stars, each once."""
    found = run(sources=scene.sources(NIGHT)[:1])
    assert np.all(found["trackletId"] == LONE)
    assert sorted(scene.object_of(found)) == list(range(scene.KNOWN, 2 * (scene.KNOWN + scene.UNKNOWN)))


def test_positions_without_their_middle_are_known_less_well():
    vague = [s.with_columns(flags=np.full(len(s), 1 << 15)) for s in scene.sources(NIGHT)]
    assert run(sources=vague)["raErr"] == pytest.approx(np.hypot(0.03, 0.1) / 3600)


def test_no_detections_are_told():
    with pytest.raises(UnprocessableData, match="no detections"):
        run(sources=[])
