import numpy as np
import pytest

from gnomon.errors import UnprocessableData
from gnomon.io.catalogs import conform
from gnomon.pipeline.moving import EphemeridesConfig
from gnomon.steps.ephemerides import ephemerides
from steps import moving_scene as scene


def run(night, summaries=None, known=None, before=()):
    summaries = scene.summaries(night) if summaries is None else summaries
    known = [scene.known_table()] if known is None else known
    args = (scene.INSTRUMENT, scene.TABLE, summaries, known, before)
    return ephemerides(*args, data_id=scene.data_id(night), config=EphemeridesConfig())


def test_known_objects_are_where_they_are():
    night = scene.NIGHTS[2]
    found = run(night)
    conform(found.ephemeris, "ephemeris")
    conform(found.visits, "night_visit")
    for number, tai in scene.visits_of(night):
        rows = found.ephemeris.take(found.ephemeris["visit"] == number)
        assert rows["designation"].tolist() == [f"s{k:06d}" for k in range(scene.KNOWN)]
        truth = scene.sky_at(tai)
        # the same orbits integrated from the same epoch
        np.testing.assert_allclose(np.deg2rad(rows["ephRa"]), truth.ra[: scene.KNOWN], atol=1e-11)
        # 1e-7 au and 2e-9 au/day six days on, from 0.9 au at least: 0.02" and 0.003"
        assert np.all((rows["ephCovEE"] > 0) & (rows["ephCovEE"] < 0.03**2))


def test_yesterdays_catalogue_goes_before_what_was_known():
    older = scene.known_table()
    found = run(scene.NIGHTS[1], known=[older], before=[older.take(np.arange(2))])
    assert set(found.ephemeris["designation"]) == {"s000000", "s000001"}


def test_the_field_holds_its_corners_and_the_observer_is_on_the_earth():
    visits = run(scene.NIGHTS[0]).visits
    assert np.all(np.abs(visits["radius"] - np.sqrt(2) * scene.HALF_DEG) < 0.2)
    assert np.all(np.abs(np.linalg.norm([visits[f"obs{a}"] for a in "XYZ"], axis=0) - 1) < 0.03)


def test_without_orbits_the_exposures_are_still_told():
    found = run(scene.NIGHTS[0], known=[])
    assert (len(found.ephemeris), len(found.visits)) == (0, 2)
    assert found.ephemeris.meta["empty_reason"] == "no orbits are known"
    conform(found.ephemeris, "ephemeris")


def test_a_night_without_calibrated_exposures_is_told():
    with pytest.raises(UnprocessableData, match="no exposure"):
        run(scene.NIGHTS[0], summaries=[])
