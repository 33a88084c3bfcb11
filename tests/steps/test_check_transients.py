import numpy as np
import pytest

import field
from gnomon.containers.catalog import Catalog
from gnomon.containers.dataid import DataId
from gnomon.containers.parts import Parts, no_parts
from gnomon.errors import UnprocessableData
from gnomon.io.catalogs import conform
from gnomon.pipeline.diff import CheckTransientsConfig
from gnomon.sim.sky import ASTEROID, GALAXY, STAR, TRANSIENT
from gnomon.steps.check_transients import check_transients, on_known_pixels
from steps import judged

STARS = Catalog({"id": np.array([1, 2]), "variable": np.array([0, 1])})
TRANSIENTS = Catalog({"ra": np.array([10.0]), "dec": np.array([0.0])})


def truth(rows):
    """True sources from (kind, id, ra, snr, x)."""
    kind, identity, ra, snr, x = (np.array(c) for c in zip(*rows, strict=True))
    n = len(rows)
    place = {"detector": np.zeros(n, int), "x": x.astype(float), "y": np.full(n, 50.0), "flux": 100.0 * snr}
    return Catalog({"kind": kind, "id": identity, "ra": ra, "dec": np.zeros(n), "snr": snr, **place})


def detections(ra, negative=(), reliability=0.9):
    n = len(ra)
    sign = np.isin(np.arange(n), negative)
    columns = {
        "psfFlux": np.full(n, 2020.0),
        "isDipole": np.zeros(n, bool),
        "ra": np.array(ra),
        "dec": np.zeros(n),
        "isNegative": sign,
        "reliability": np.full(n, reliability),
    }
    return Catalog({**columns, "band": np.full(n, "r", object)})


def dia_objects(ra, times):
    return Catalog({"ra": np.array(ra), "dec": np.zeros(len(ra)), "nDiaSources": np.array(times)})


VISITS = [
    truth(
        [
            (TRANSIENT, 3, 10.0, 20.0, 100),
            (TRANSIENT, 4, 10.1, 9.0, 200),
            (TRANSIENT, 5, 10.2, 3.0, 300),
            (STAR, 1, 10.3, 99.0, 30),
            (STAR, 2, 10.4, 99.0, 40),
            (GALAXY, 9, 10.5, 9.0, 60),
        ]
    ),
    truth([(ASTEROID, 7, 10.6, 30.0, 100), (TRANSIENT, 3, 10.0, 20.0, 5)]),
]


def check(sources, images=None, objects=()):
    image, _ = judged.pair(1)
    images = images or [Parts((0,), lambda _: image)] * len(sources)
    done = check_transients(
        STARS, TRANSIENTS, VISITS[: len(sources)], images, sources, list(objects),
        data_id=DataId(), config=CheckTransientsConfig(),
    )  # fmt: skip
    done = conform(done, "check")
    return {q: (v, n) for q, v, n in zip(done["quantity"], done["value"], done["n"], strict=True)}


def test_transients_and_true_detections_are_counted():
    """One of three bright transients found; of six detections the fifth is nothing, the sixth an asteroid's place."""
    found = detections([10.0, 10.2, 10.4, 10.3, 11.0, 10.6], negative=[2, 5])
    got = check([found, detections([10.6])])
    assert (
        got["transients found"]
        == got["transients found in a band"]
        == got["transients detected"]
        == (1 / 3, 3)
    )
    assert got["error of transients found in a band"][0] == pytest.approx(np.sqrt(0.4 * 0.6 / 6))
    assert got["detected asteroids reliable"] == (1.0, 1)
    # true: transients 10.0 and 10.2, variable 10.4, the asteroid of the other visit, and that visit's own
    assert got["reliable detections true"] == (5 / 7, 7)
    assert got["reliable rises true"] == (3 / 5, 5)


def test_fluxes_of_new_sources_and_what_is_left_of_static_stars_are_compared():
    image, _ = judged.pair(1)
    halves = detections([10.6, 10.6])
    unmeasured = halves.with_columns(psfFlux=np.array([2020.0, np.nan]))
    got = check([detections([10.0, 10.2, 10.4]), unmeasured])
    # the transient of flux 2000 fails the cut of S/N above 20, the asteroid of 3000 is measured as 2020
    assert got["flux error of new sources"] == (pytest.approx(2020 / 3000 - 1), 1)
    value, n = got["static stars left"]
    # noise alone, of a star of 9900: an error of NOISE sqrt(4 pi) sigma
    assert n == 1
    assert abs(value) < 4 * field.NOISE * np.sqrt(4 * np.pi) * judged.SIGMA / 9900


def test_unreliable_detections_are_detected_but_not_found():
    got = check([detections([10.0, 10.1], reliability=0.2)])
    assert got["transients detected"] == (1.0, 2)
    assert got["transients found"] == (0.0, 2)
    assert got["reliable detections true"][1] == 0


def test_objects_seen_twice_are_compared():
    got = check([detections([10.0])], objects=[dia_objects([10.0, 10.9, 11.5], [3, 2, 1])])
    assert got["repeated objects true"] == (0.5, 2)


def test_sources_where_nothing_is_known_are_not_asked_for():
    image, _ = judged.pair(1)
    image.image.mask[50, 100] |= 1
    try:
        assert on_known_pixels(VISITS[0], {0: image}).tolist() == [False, True, True, True, True, True]
    finally:
        image.image.mask[50, 100] &= ~np.uint32(1)
    assert not on_known_pixels(VISITS[0], {}).any()


def test_a_failed_visit_does_not_count():
    got = check(
        [detections([10.0]), Catalog({})], images=[Parts((0,), lambda _: judged.pair(1)[0]), no_parts("x")]
    )
    assert got["transients found"] == (0.5, 2)


def test_no_difference_at_all_is_told():
    with pytest.raises(UnprocessableData, match="no visit"):
        check([Catalog({})], images=[no_parts("no template")])
