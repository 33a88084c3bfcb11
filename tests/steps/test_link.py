import numpy as np
import pytest

from gnomon.containers.catalog import Catalog
from gnomon.errors import UnprocessableData
from gnomon.io.catalogs import conform
from gnomon.pipeline.moving import LinkConfig
from gnomon.steps.link import link
from steps import moving_scene as scene

LAST = scene.NIGHTS[-1]


def window():
    return [scene.campaign()[n]["tracklet"] for n in scene.NIGHTS]


def run(tracklets=None, linked=(), **options):
    tracklets = window() if tracklets is None else tracklets
    return link(scene.TABLE, tracklets, linked, data_id=scene.data_id(LAST), config=LinkConfig(**options))


def test_every_unknown_object_is_linked_and_nothing_else():
    made = scene.campaign()[LAST]
    conform(made["linkage"], "linkage")
    conform(made["link_orbit"], "orbit")
    names = np.unique(made["linkage"]["designation"])
    owners = [set(scene.object_of(made["linkage"])[made["linkage"]["designation"] == n]) for n in names]
    assert all(len(o) == 1 for o in owners)
    assert {next(iter(o)) for o in owners} == set(range(scene.KNOWN, scene.KNOWN + scene.UNKNOWN))


def test_what_is_linked_is_not_linked_again():
    with pytest.raises(UnprocessableData, match=r"nights|no orbit"):
        run(linked=[scene.campaign()[LAST]["linkage"]])


def test_the_order_of_the_nights_does_not_matter():
    straight, turned = run(), run(window()[::-1])
    for column in straight.linkage.columns:
        np.testing.assert_array_equal(straight.linkage[column], turned.linkage[column])
    np.testing.assert_array_equal(straight.orbit["x"], turned.orbit["x"])


@pytest.mark.parametrize(
    "tracklets, said", [([], "no tracklets"), ([Catalog({})], "no tracklets"), (None, "are needed")]
)
def test_too_little_is_told(tracklets, said):
    with pytest.raises(UnprocessableData, match=said):
        run(window()[:2] if tracklets is None else tracklets)


def test_old_tracklets_are_left_out():
    with pytest.raises(UnprocessableData, match="2 nights"):
        run(window_days=8.0)
