import numpy as np
import pytest

from gnomon.containers.catalog import Catalog
from gnomon.containers.dataid import DataId
from gnomon.errors import UnprocessableData
from gnomon.io.catalogs import conform, empty_catalog
from gnomon.pipeline.object import MotionConfig
from gnomon.schemas import schema
from gnomon.steps.motion import motion

CONFIG = MotionConfig(sigma_floor_mas=0.0)


def detections(n=20, m=15, seed=0):
    """Stars that move 200 mas/yr northward, seen over two years."""
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(n), m)
    t = 61000 + rng.uniform(-365, 365, n * m)
    err = 20 / 3.6e6
    columns = {
        c.name: np.zeros(n * m, object if c.dtype == "str" else c.dtype)
        for c in schema("isolated_star_source")
    }
    north = 0.2 / 3600 * (t - 61000) / 365.25
    columns |= {
        "isolatedStarId": who + 1,
        "midpointMjdTai": t,
        "coord_ra": 330 + 0.01 * who + err * rng.standard_normal(n * m),
        "coord_dec": -12 + north + err * rng.standard_normal(n * m),
        "coord_raErr": np.full(n * m, err),
        "coord_decErr": np.full(n * m, err),
    }
    return Catalog(columns)


def test_motion_is_recovered_and_the_table_follows_its_schema():
    got = conform(motion(detections(), data_id=DataId(tract=0), config=CONFIG), "star_motion")
    pull = (got["pmDec"] - 200) / got["pmDecErr"]
    assert np.abs(pull.mean()) < 4 / np.sqrt(20)
    assert got["hasMotion"].all()


def test_one_star_seen_twice_has_a_position_only():
    got = motion(detections(1, 2), data_id=DataId(tract=0), config=CONFIG)
    assert np.isnan(got["pmRa"][0])
    assert got["coord_dec"][0] == pytest.approx(-12, abs=1e-3)
    conform(got, "star_motion")


def test_no_stars_are_told_with_their_reason():
    with pytest.raises(UnprocessableData, match="cloudy"):
        motion(empty_catalog("isolated_star_source", "cloudy"), data_id=DataId(tract=0), config=CONFIG)
