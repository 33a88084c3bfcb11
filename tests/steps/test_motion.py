import numpy as np
import pytest

from gnomon.containers.catalog import Catalog
from gnomon.containers.dataid import DataId
from gnomon.containers.wcs import tangent_wcs, wcs_to_text
from gnomon.errors import UnprocessableData
from gnomon.io.catalogs import conform, empty_catalog
from gnomon.pipeline.object import MotionConfig
from gnomon.schemas import schema
from gnomon.steps.motion import motion
from steps.summaries import rows

CONFIG = MotionConfig(sigma_floor_mas=0.0)
NO_FIT = empty_catalog("astrometry_fit", "no solution")


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
    got = conform(motion(detections(), NO_FIT, data_id=DataId(tract=0), config=CONFIG), "star_motion")
    pull = (got["pmDec"] - 200) / got["pmDecErr"]
    assert np.abs(pull.mean()) < 4 / np.sqrt(20)
    assert got["hasMotion"].all()


def test_positions_are_those_of_the_joint_maps():
    wcs = tangent_wcs((np.radians(330.0), np.radians(-12.0)), (0.0, 0.0), np.diag([-1e-6, 1e-6]))
    found = detections().with_columns(visit=np.full(300, 5), x=np.zeros(300), y=np.full(300, 100.0))
    text = np.array([wcs_to_text(wcs)], object)
    fit = Catalog(rows("astrometry_fit", 1, visit=[5], detector=[0], nStar=[9], wcs=text))
    got = motion(found, fit, data_id=DataId(tract=0), config=CONFIG)
    # all detections lie on the same pixel of the same map; 3e-7: the sphere over 1e-4 rad
    np.testing.assert_allclose(got["coord_dec"], -12 + np.degrees(1e-4), atol=3e-7)


def test_one_star_seen_twice_has_a_position_only():
    got = motion(detections(1, 2), NO_FIT, data_id=DataId(tract=0), config=CONFIG)
    assert np.isnan(got["pmRa"][0])
    assert got["coord_dec"][0] == pytest.approx(-12, abs=1e-3)
    conform(got, "star_motion")


def test_no_stars_are_told_with_their_reason():
    with pytest.raises(UnprocessableData, match="cloudy"):
        motion(
            empty_catalog("isolated_star_source", "cloudy"), NO_FIT, data_id=DataId(tract=0), config=CONFIG
        )
