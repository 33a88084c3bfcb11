import io

import numpy as np
import pytest
from astropy.io import fits

from gnomon.algorithms.alert.cutouts import stamps_of
from gnomon.containers.alerts import AlertBatch
from gnomon.containers.catalog import Catalog
from gnomon.containers.image import Image
from gnomon.containers.provenance import Provenance
from gnomon.containers.psf import PsfModel
from gnomon.containers.wcs import tangent_wcs
from gnomon.io.alert_avro import read_alerts
from gnomon.io.alert_packets import packets, write_batch

MADE_BY = Provenance("alert", 1, "{}", {})
NONE = Catalog({})


def image():
    rng = np.random.default_rng(0)
    flux = rng.standard_normal((80, 100)).astype(np.float32)
    variance = np.ones((80, 100), np.float32)
    variance[0:3] = 0
    return Image(flux, variance, np.zeros((80, 100), np.uint32))


def batch(n=3):
    x, y = np.linspace(5, 90, n), np.linspace(5, 70, n)
    wcs = tangent_wcs((1.0, -0.5), (50.0, 40.0), np.diag([-1e-6, 1e-6]))
    basis = np.zeros((1, 21, 21), np.float32)
    basis[0, 10, 10] = 1
    psf = PsfModel(basis, 0, (50.0, 40.0), (50.0, 40.0))
    side = stamps_of(image(), wcs, psf, x, y, 30)
    source = Catalog(
        {
            "diaSourceId": np.arange(n) + 100, "diaObjectId": np.array([7, 8, -1])[:n], "x": x, "y": y,
            "midpointMjdTai": np.full(n, 61000.0), "ra": np.full(n, 57.0), "dec": np.full(n, -28.0),
        }
    )  # fmt: skip
    previous = Catalog(
        {
            "diaSourceId": np.array([3, 1, 2, 4]), "diaObjectId": np.array([7, 7, 7, 8]),
            "midpointMjdTai": np.array([60990.0, 60500.0, 60980.0, 61000.0]),
        }
    )  # fmt: skip
    objects = Catalog({"diaObjectId": np.array([7, 8]), "nDiaSources": np.array([3, 2])})
    solar = Catalog({"diaSourceId": np.array([102]), "designation": np.array(["2026 AB"], dtype=object)})
    orbit = Catalog({"designation": np.array(["2026 AB"], dtype=object), "a": np.array([2.5])})
    return AlertBatch(source, previous, NONE, objects, solar, orbit, side, side, side)


def test_history_is_before_the_alert_within_a_year_and_in_order():
    first, second, third = packets(batch())
    assert [r["diaSourceId"] for r in first["prvDiaSources"]] == [2, 3]  # 60500 is too old
    assert second["prvDiaSources"] is None  # the same time is not before
    assert third["prvDiaSources"] is None
    assert first["diaObject"]["nDiaSources"] == 3
    assert third["diaObject"] is None


def test_known_asteroid_carries_its_orbit():
    third = packets(batch())[2]
    assert third["ssSource"]["designation"] == "2026 AB"
    assert third["mpc_orbits"]["a"] == 2.5


def test_every_alert_of_a_file_decodes_with_its_stamps(tmp_path):
    write_batch(batch(), tmp_path / "a.avro", MADE_BY)
    write_batch(batch(), tmp_path / "b.avro", MADE_BY)
    assert (tmp_path / "a.avro").read_bytes() == (tmp_path / "b.avro").read_bytes()
    for packet, x, y in zip(
        read_alerts(tmp_path / "a.avro"), *(batch().source[c] for c in "xy"), strict=True
    ):
        with fits.open(io.BytesIO(packet["cutoutDifference"])) as hdus:
            assert hdus[0].data.shape == (30, 30)
            iy, ix = round(float(y)), round(float(x))
            assert hdus[0].data[15, 15] == image().flux[iy, ix]
            assert hdus["PSFIMAGE"].data.sum() == pytest.approx(1)


def test_pixels_without_information_are_nan_in_the_stamp():
    b = batch()
    assert np.isnan(b.difference.flux[0]).sum() > 0
    assert (b.difference.variance[0][np.isnan(b.difference.flux[0])] == 0).all()


def test_visit_without_alerts_gives_a_valid_file(tmp_path):
    b = batch()
    nothing = np.zeros(0, np.int64)
    write_batch(
        AlertBatch(b.source.take(nothing), NONE, NONE, NONE, NONE, NONE, *([b.science] * 3)),
        tmp_path / "e",
        MADE_BY,
    )
    assert read_alerts(tmp_path / "e") == []
