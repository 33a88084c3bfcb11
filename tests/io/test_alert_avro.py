import io
import json
import os
import subprocess
import sys
from pathlib import Path

import fastavro
import numpy as np
import pytest

from gnomon.algorithms.alert.packets import flat_columns
from gnomon.containers.catalog import Catalog
from gnomon.containers.provenance import Provenance
from gnomon.errors import UnprocessableData
from gnomon.io import alert_avro
from gnomon.io.alert_schema import SUB_RECORDS, packet_schema
from gnomon.schemas.alerts import fields

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "alerts"
with_data = pytest.mark.skipif(not DATA.is_dir(), reason="shared/data/alerts is not beside the repository")
MADE_BY = Provenance("alert", 1, "{}", {})


def sources(n):
    return Catalog(
        {
            "diaSourceId": np.arange(n) + 10**15,
            "visit": np.full(n, 2026112200001),
            "detector": np.full(n, 3, np.int32),
            "diaObjectId": np.where(np.arange(n) % 2, -1, np.arange(n) + 7),
            "midpointMjdTai": np.full(n, 61000.25),
            "ra": np.linspace(10, 20, n),
            "dec": np.linspace(-3, 3, n),
            "snr": np.where(np.arange(n) == 1, np.nan, 12.5).astype(np.float32),
            "psfFlux": np.linspace(100, 200, n).astype(np.float32),
            "band": np.array(["g", ""] * n, dtype=object)[:n],
            "isDipole": np.arange(n) % 2 == 0,
        }
    )


def packets(n=4):
    rows = alert_avro.records(sources(n), "diaSource")
    empty = dict.fromkeys(f[0] for f in fields("alert"))
    return [
        empty
        | {
            "diaSourceId": r["diaSourceId"],
            "diaSource": r,
            "prvDiaSources": rows[:2],
            "cutoutScience": b"x" * 9,
        }
        for r in rows
    ]


def test_packet_survives_the_wire():
    for p in packets():
        back = alert_avro.decode_packet(alert_avro.encode_packet(p))
        assert back["diaSource"] == p["diaSource"]  # values of 32 bits are exact on the wire
        assert back["cutoutScience"] == b"x" * 9
        assert len(back["prvDiaSources"]) == 2


def test_wire_begins_with_zero_and_schema_1100():
    assert alert_avro.encode_packet(packets(1)[0])[:5] == bytes([0, 0, 0, 0x04, 0x4C])


def test_missing_values_are_null_and_required_counts_zero():
    rows = alert_avro.records(sources(2), "diaSource")
    assert rows[1]["snr"] is None
    assert rows[1]["diaObjectId"] is None
    assert rows[1]["band"] is None
    assert rows[0]["diaObjectId"] == 7
    assert rows[0]["psfNdata"] == 0
    assert rows[0]["trailFlux"] is None
    assert rows[0]["isDipole"] is True


def test_equal_alerts_give_equal_bytes_and_files_read_back(tmp_path):
    for name in "ab":
        alert_avro.write_alerts(packets(), tmp_path / f"{name}.avro", MADE_BY)
    assert (tmp_path / "a.avro").read_bytes() == (tmp_path / "b.avro").read_bytes()
    back = alert_avro.read_alerts(tmp_path / "a.avro")
    assert [p["diaSourceId"] for p in back] == [p["diaSourceId"] for p in packets()]
    assert alert_avro.read_alert_provenance(tmp_path / "a.avro") == MADE_BY


def test_no_alerts_are_a_valid_file(tmp_path):
    alert_avro.write_alerts([], tmp_path / "none.avro", MADE_BY, "no sources")
    assert alert_avro.read_alerts(tmp_path / "none.avro") == []


def test_file_cut_short_is_refused_with_a_reason(tmp_path):
    whole = tmp_path / "whole.avro"
    alert_avro.write_alerts(packets(), whole, MADE_BY)
    (tmp_path / "cut.avro").write_bytes(whole.read_bytes()[:-40])
    with pytest.raises(UnprocessableData, match=r"cut\.avro"):
        alert_avro.read_alerts(tmp_path / "cut.avro")
    with pytest.raises(UnprocessableData, match="more than schema"):
        alert_avro.decode_packet(alert_avro.encode_packet(packets(1)[0]) + b"zz")
    with pytest.raises(UnprocessableData, match="schema 1100"):
        alert_avro.decode_packet(alert_avro.encode_packet(packets(1)[0])[:50])


def test_unknown_schema_number_is_refused():
    with pytest.raises(UnprocessableData, match="carries schema 777"):
        alert_avro.decode_packet(bytes([0, 0, 0, 3, 9]) + b"abc")


def test_text_file_is_refused(tmp_path):
    (tmp_path / "t").write_text("hello")
    with pytest.raises(UnprocessableData, match="neither"):
        alert_avro.read_alerts(tmp_path / "t")


def test_flat_columns_are_one_per_field():
    columns = flat_columns(packets(3))
    assert columns["diaSource.snr"].tolist()[0] == 12.5
    assert np.isnan(columns["diaSource.snr"][1])
    assert np.isnan(columns["diaObject.raErr"]).all()
    assert columns["nPrvDiaSources"].tolist() == [2, 2, 2]


def avsc(version):
    folder = DATA / f"lsst/schema_{version}/0"
    names = [
        "diaSource",
        "diaForcedSource",
        "diaObject",
        "ssSource",
        "mpc_orbits" if version > 9 else "MPCORB",
        "alert",
    ]
    return [folder / f"lsst.v{version}_0.{n}.avsc" for n in names]


@with_data
@pytest.mark.parametrize("record", [*SUB_RECORDS, "alert"])
def test_fields_are_those_of_version_10_but_for_the_counts_made_mandatory(record):
    theirs = json.loads((DATA / f"lsst/schema_10/0/lsst.v10_0.{record}.avsc").read_text())["fields"]
    assert [f[0] for f in fields(record)] == [f["name"] for f in theirs]
    counts = {"psfNdata", "trailNdata", "dipoleNdata", "bboxSize"} | {f"{b}_psfFluxNdata" for b in "ugrizy"}
    for (name, kind, null, _), their in zip(fields(record), theirs, strict=True):
        union = isinstance(their["type"], list)
        assert null == (union and name not in counts), name
        bare = their["type"][1] if union else their["type"]
        if isinstance(bare, str):
            assert kind == bare.removeprefix("lsst.v10_0."), name


@with_data
def test_packet_in_version_9_framing_is_read_with_its_schema():
    schema = alert_avro.read_schema(avsc(9))
    packet = alert_avro.read_alerts(DATA / "lsst/7912941781254298.avro", {900: schema})[0]
    assert packet["diaSource"]["diaSourceId"] == packet["diaSourceId"]
    assert packet["cutoutScience"][:6] == b"SIMPLE"


@with_data
def test_sample_packets_of_versions_9_and_10_are_read():
    for version in (9, 10):
        path = DATA / f"lsst/schema_{version}/0/sample_data/fakeAlert.avro"
        packet = alert_avro.read_alerts(path)[0]
        assert packet["diaSource"]["psfFlux"] == pytest.approx(1241.0)
        fastavro.parse_schema(alert_avro.read_schema(avsc(version)))


@with_data
def test_version_10_packet_goes_through_our_schema():
    packet = alert_avro.read_alerts(DATA / "lsst/schema_10/0/sample_data/fakeAlert.avro")[0]
    for row in [packet["diaSource"], *(packet["prvDiaSources"] or [])]:
        row |= {n: row[n] or 0 for n in ("psfNdata", "trailNdata", "dipoleNdata", "bboxSize")}
    for band in "ugrizy":
        if packet["diaObject"]:
            packet["diaObject"][f"{band}_psfFluxNdata"] = packet["diaObject"][f"{band}_psfFluxNdata"] or 0
    back = alert_avro.decode_packet(alert_avro.encode_packet(packet))
    assert back["diaSource"] == packet["diaSource"]


@with_data
def test_every_byte_of_ztf_and_winter_packets_decodes():
    paths = [*sorted((DATA / "ztf").glob("*.avro")), DATA / "winter/alert.avro"]
    for path in paths:
        found = alert_avro.read_alerts(path)
        assert len(found) == 1
        assert found[0]["candid"] > 0
        stamp = found[0].get("cutoutScience", {}) or {}
        assert (stamp.get("stampData") or found[0].get("cutout_science"))[:2] == b"\x1f\x8b"


@with_data
@pytest.mark.parametrize("name", ["1.avro", "2.avro"])
def test_packet_with_an_invalid_schema_gives_a_clear_error(name):
    with pytest.raises(UnprocessableData, match=f"{name} holds an invalid Avro schema"):
        alert_avro.read_alerts(DATA / "bad" / name)


def test_schema_writes_with_plain_fastavro():
    out = io.BytesIO()
    fastavro.schemaless_writer(out, packet_schema(), packets(1)[0])
    assert alert_avro.encode_packet(packets(1)[0])[5:] == out.getvalue()


def test_the_schema_in_a_file_is_the_same_in_every_process():
    """Hash seeds order sets: they must not order the keys of the schema that every container carries."""
    code = "import json; from gnomon.io.alert_schema import packet_schema; print(json.dumps(packet_schema()))"
    told = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": str(seed)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in (1, 2, 3)
    }
    assert len(told) == 1
