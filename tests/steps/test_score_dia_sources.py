import numpy as np
import pytest

from gnomon.containers.catalog import Catalog
from gnomon.containers.dataid import DataId
from gnomon.errors import UnprocessableData
from gnomon.flags import SOURCE
from gnomon.io.catalogs import conform
from gnomon.pipeline.diff import ScoreDiaSourcesConfig
from gnomon.steps.score_dia_sources import score_dia_sources
from steps import judged

VISIT = 21


def score(image, template, candidates, model, detector=0):
    data_id = DataId(visit=VISIT, detector=detector)
    return score_dia_sources(
        image, template, candidates, model, data_id=data_id, config=ScoreDiaSourcesConfig()
    )


def near(table, places):
    """Row of each place."""
    return [int(np.hypot(table["x"] - x, table["y"] - y).argmin()) for x, y in places]


@pytest.fixture(scope="module")
def scene():
    images = judged.pair(VISIT, judged.NEW, judged.HITS)
    return (*images, judged.candidates(VISIT, *images))


def test_new_stars_are_reliable_and_cosmic_rays_are_not(scene):
    done = conform(score(*scene, judged.model()), "dia_source")
    new, hits = (done.take(np.array(near(done, p))) for p in (judged.NEW, judged.HITS))
    assert (new["reliability"] > 0.5).all()
    assert (hits["reliability"] < 0.5).all()
    assert np.isfinite(done["reliability"]).all()


def test_other_columns_and_rows_stay(scene):
    done = score(*scene, judged.model())
    assert len(done) == len(scene[2])
    same = [n for n in done.columns if n != "reliability"]
    assert all(np.array_equal(done[n], scene[2][n], equal_nan=done[n].dtype.kind == "f") for n in same)


def test_detections_on_a_streak_drop_out(scene):
    image, template, table = scene
    flags = table["flags"].astype(np.uint32) | np.uint32(SOURCE["streak"])
    done = score(image, template, table.with_columns(flags=flags), judged.model())
    assert (done["reliability"] == 0).all()


def test_without_a_model_nothing_is_judged(scene):
    done = score(*scene, {})
    assert np.isnan(done["reliability"]).all()
    assert "no reliability model" in done.meta["not_judged"]


def test_one_detection_is_judged_as_among_many(scene):
    image, template, table = scene
    whole = score(*scene, judged.model())
    for k in (0, len(table) - 1):
        one = score(image, template, table.take(np.array([k])), judged.model())
        assert one["reliability"][0] == whole["reliability"][k]


def test_detections_of_other_detectors_are_left_to_them(scene):
    assert len(score(*scene, judged.model(), detector=3)) == 0


def test_no_detections_are_told(scene):
    with pytest.raises(UnprocessableData, match="no template"):
        score(scene[0], scene[1], Catalog({}, {"empty_reason": "no template"}), judged.model())
