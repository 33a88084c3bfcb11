import numpy as np
import pytest

from gnomon.algorithms.alert.solar import KM_S, circumstances, object_ids, told_orbits
from gnomon.algorithms.orbit.elements import GM_SUN, keplerian_to_cartesian
from gnomon.containers.background import BackgroundModel
from gnomon.containers.calibrated import CalibratedImage, PhotoCalib, Smooth
from gnomon.containers.catalog import Catalog
from gnomon.containers.dataid import DataId
from gnomon.containers.ids import source_ids
from gnomon.containers.image import Image
from gnomon.containers.perturbers import SUN
from gnomon.containers.provenance import Provenance
from gnomon.containers.psf import PsfModel
from gnomon.containers.wcs import tangent_wcs
from gnomon.datamodel import DATASETS
from gnomon.errors import UnprocessableData
from gnomon.io import formats
from gnomon.pipeline.diff import AlertConfig
from gnomon.steps.alert import alert
from steps import moving_scene as scene

MADE_BY = Provenance("alert", 1, "{}", {})
VISIT = 2026112200009


def image(value):
    flux = np.full((64, 80), value, np.float32)
    basis = np.zeros((1, 21, 21), np.float32)
    basis[0, 10, 10] = 1
    mesh = np.zeros((2, 2), np.float32)
    return CalibratedImage(
        Image(flux, np.ones_like(flux), np.zeros((64, 80), np.uint32)),
        tangent_wcs((0.1, 0.1), (40.0, 32.0), np.diag([-1e-6, 1e-6])),
        PsfModel(basis, 0, (40.0, 32.0), (40.0, 32.0)),
        PhotoCalib(1.0, 31.4, 0.01, 5),
        BackgroundModel(mesh, mesh, (64, 80)),
        Smooth(np.ones(1), 0, (40.0, 32.0), (40.0, 32.0)),
    )


def detections(visit, mjd, n=4, reliability=0.9):
    k = np.arange(n)
    full = lambda v: np.full(n, v)  # noqa: E731
    ids = np.concatenate([source_ids(visit, d, np.arange(n // 2)) for d in (1, 2)])
    return Catalog(
        {
            "diaSourceId": ids, "visit": full(visit), "detector": 1 + (k >= n // 2),
            "band": np.full(n, "r", object), "midpointMjdTai": full(mjd), "x": 10.0 + 15 * (k % 2), "y": full(30.0),
            "ra": 5.0 + k * 0.01, "dec": full(5.0), "raErr": full(1e-5), "decErr": full(1e-5),
            "psfFlux": 100.0 + k, "psfFluxErr": full(5.0), "scienceFlux": full(500.0),
            "scienceFluxErr": full(5.0), "reliability": np.where(k == 3, 0.1, reliability), "snr": full(20.0),
        }
    )  # fmt: skip


def run(sources, history=(), associations=(), forced=(), attributed=(), known=()):
    kinds = ({1: image(v), 2: image(v + 1)} for v in (10.0, 20.0, 30.0))
    return alert(
        *kinds, sources, list(history), list(forced), list(associations),
        scene.TABLE, list(attributed), list(known), [], data_id=DataId(visit=VISIT), config=AlertConfig(),
    )  # fmt: skip


def story():
    """Three earlier visits and this one; every place is one object named by its first detection."""
    visits = [detections(VISIT - 3 + k, 61000.0 + k) for k in range(4)]
    ids = np.stack([v["diaSourceId"] for v in visits])
    pairs = {"diaSourceId": ids.ravel(), "diaObjectId": np.tile(ids[0], 4)}
    return visits, Catalog(pairs)


def test_every_alert_decodes_with_its_history_object_and_stamps(tmp_path):
    visits, pairs = story()
    batch = run(visits[-1], visits[:-1], [pairs])
    formats.write(DATASETS["alert"], batch, str(tmp_path / "a.avro"), MADE_BY)
    packets = formats.read(DATASETS["alert"], str(tmp_path / "a.avro"))
    assert len(packets) == 3  # one detection is not reliable
    for p in packets:
        assert [r["midpointMjdTai"] for r in p["prvDiaSources"]] == [61000.0, 61001.0, 61002.0]
        assert p["diaObject"]["nDiaSources"] == 4
        assert p["diaObject"]["diaObjectId"] == p["diaSource"]["diaObjectId"]
        assert p["diaObject"]["r_psfFluxNdata"] == 4
        assert len(p["cutoutScience"]) % 2880 == 0


def test_object_knows_nothing_of_the_future():
    visits, pairs = story()
    batch = run(visits[1], [visits[0]], [pairs])
    assert (batch.object["nDiaSources"] == 2).all()


def test_stamps_come_from_the_right_detector():
    batch = run(detections(VISIT, 61000.0))
    assert batch.difference.flux[0][15, 15] == 10
    assert batch.difference.flux[2][15, 15] == 11
    assert batch.template.flux[2][15, 15] == 31


def test_new_object_has_no_history():
    batch = run(detections(VISIT, 61000.0))
    assert len(batch.previous) == 0
    assert (batch.source["diaObjectId"] == -1).all()


def test_visit_without_reliable_detections_is_told(tmp_path):
    with pytest.raises(UnprocessableData, match="no reliable"):
        run(detections(VISIT, 61000.0, reliability=0.0))
    formats.write_empty(DATASETS["alert"], "no reliable detection", str(tmp_path / "e.avro"), MADE_BY)
    assert formats.read(DATASETS["alert"], str(tmp_path / "e.avro")) == []


def known_asteroids(found, n=2):
    """An attribution of the first ``n`` detections to the first objects of `moving_scene`."""
    made = scene.campaign()[scene.NIGHTS[0]]["ss_source"].take(np.arange(n))
    return made.with_columns(**{c: found[c][:n] for c in ("diaSourceId", "ra", "dec")})


def test_a_known_asteroid_carries_its_circumstances_and_its_orbit(tmp_path):
    found = detections(VISIT, 61000.0)
    moving = known_asteroids(found)
    batch = run(found, attributed=[moving], known=[scene.known_table()])
    formats.write(DATASETS["alert"], batch, str(tmp_path / "a.avro"), MADE_BY)
    packets = formats.read(DATASETS["alert"], str(tmp_path / "a.avro"))
    for k, name in enumerate(moving["designation"].astype(str)):
        here = packets[k]["ssSource"]
        assert here["designation"] == packets[k]["mpc_orbits"]["designation"] == name
        assert (
            here["ssObjectId"]
            == packets[k]["diaSource"]["ssObjectId"]
            == int.from_bytes(name.encode() + b"\0", "big")
        )
        # light time puts the Sun 10 minutes later than the object: 1e-4 au at most; ranges are float32
        assert np.linalg.norm([here[f"helio_{c}"] for c in "xyz"]) == pytest.approx(
            here["helioRange"], abs=2e-4
        )
        assert np.linalg.norm([here[f"topo_{c}"] for c in "xyz"]) == pytest.approx(
            here["topoRange"], rel=1e-6
        )
        along, across = here["ephOffsetAlongTrack"], here["ephOffsetCrossTrack"]
        assert np.hypot(along, across) == pytest.approx(here["ephOffset"], rel=1e-4)
    assert packets[2]["ssSource"] is None


def test_told_velocities_are_those_of_the_orbit_and_of_the_motion_on_the_sky():
    """Speed by the vis-viva equation; across the line of sight by the rate. Perturbations and light time: 1e-4."""
    moving = known_asteroids(detections(VISIT, 61000.0))
    found, told = circumstances(moving, scene.TABLE), told_orbits(scene.known_table(), scene.TABLE)
    names = scene.known_table()["designation"].astype(str)
    semi_major = told["a"][[list(names).index(d) for d in moving["designation"].astype(str)]]
    place, motion = (np.stack([found[f"{n}{c}"] for c in "xyz"], -1) for n in ("helio_", "helio_v"))
    speed = np.sqrt(GM_SUN * (2 / np.linalg.norm(place, axis=1) - 1 / semi_major)) * KM_S
    assert found["helio_vtot"] == pytest.approx(speed, rel=1e-3)
    assert found["helioRangeRate"] == pytest.approx(np.sum(place * motion, 1) / np.linalg.norm(place, axis=1))
    across = np.sqrt(found["topo_vtot"] ** 2 - found["topoRangeRate"] ** 2)
    assert across == pytest.approx(np.radians(found["ephRate"]) * found["topoRange"] * KM_S, rel=2e-3)


def test_told_elements_are_those_the_orbit_has():
    told = told_orbits(scene.known_table(), scene.TABLE)
    sun = np.concatenate(scene.TABLE.state(SUN, scene.EPOCH))
    angles = [np.radians(told[c]) for c in ("i", "node", "argperi", "mean_anomaly")]
    state = keplerian_to_cartesian(np.stack([told["a"], told["e"], *angles], -1))
    assert state == pytest.approx(scene.truth()[: scene.KNOWN] - sun, abs=1e-12)
    assert np.all(told["a_unc"] > 0)


def test_ecliptic_and_galactic_places_are_those_of_the_book():
    """The north galactic pole of the ICRS, and the point of the vernal equinox (within nutation and precession)."""
    one = known_asteroids(detections(VISIT, 61000.0), 2)
    pole = one.with_columns(ra=np.array([192.85948, 0.0]), dec=np.array([27.12825, 0.0]))
    found = circumstances(pole, scene.TABLE)
    assert found["galLat"][0] == pytest.approx(90, abs=1e-4)
    assert abs(found["eclBeta"][1]) < 0.01


def test_names_give_identifiers_that_differ_and_fit():
    ids = object_ids(["s000001", "s000010", "2024 AB1", "2026 CZ6190", "a very long name of an object"])
    assert len(set(ids.tolist())) == 5
    assert (ids > 0).all()
