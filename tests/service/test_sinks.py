import numpy as np
import pytest

from gnomon.algorithms.alert.filters import AlertFilter, Watchlist
from gnomon.algorithms.alert.packets import select
from gnomon.containers.catalog import Catalog
from gnomon.containers.provenance import Provenance
from gnomon.io.alert_avro import decode_packet, read_alerts, records
from gnomon.schemas.alerts import fields
from gnomon.service.sinks import DeliveryError, FilteredSink, FolderSink, KafkaSink, ManySinks

MADE_BY = Provenance("prompt", 1, "{}", {})


def packets(n=6):
    table = Catalog(
        {
            "diaSourceId": np.arange(n) + 100,
            "diaObjectId": np.arange(n) // 2,
            "ra": np.full(n, 10.0),
            "dec": np.linspace(-1, 1, n),
            "snr": np.linspace(5, 30, n),
            "midpointMjdTai": np.full(n, 61000.0),
        }
    )
    empty = dict.fromkeys(f[0] for f in fields("alert"))
    rows = records(table, "diaSource")
    return [
        empty | {"diaSourceId": r["diaSourceId"], "diaSource": r, "cutoutScience": b"s" * 20_000}
        for r in rows
    ]


@pytest.fixture
def broker():
    """Address of librdkafka's own mock cluster, which lives as long as its client."""
    kafka = pytest.importorskip("confluent_kafka")
    cluster = kafka.Producer({"bootstrap.servers": "unused", "test.mock.num.brokers": "1"})
    brokers = cluster.list_topics(timeout=10).brokers.values()
    yield ",".join(f"{b.host}:{b.port}" for b in brokers)
    del cluster


def consume(address, topic, n):
    kafka = pytest.importorskip("confluent_kafka")
    consumer = kafka.Consumer(
        {"bootstrap.servers": address, "group.id": "test", "auto.offset.reset": "earliest"}
    )
    consumer.subscribe([topic])
    got = []
    for _ in range(200):
        message = consumer.poll(0.1)
        if message is not None and message.error() is None:
            got.append((message.key(), message.value()))
        if len(got) == n:
            break
    consumer.close()
    return got


def test_every_alert_reaches_the_broker_and_decodes(broker):
    sink = KafkaSink("alerts", {"bootstrap.servers": broker})
    sent = packets()
    assert sink.send(sent, "visit-det") == len(sent)
    sink.close()
    got = consume(broker, "alerts", len(sent))
    back = {decode_packet(v)["diaSourceId"]: k for k, v in got}
    assert sorted(back) == [p["diaSourceId"] for p in sent]
    assert back[103] == b"1"


def test_broker_that_does_not_answer_is_reported(monkeypatch):
    pytest.importorskip("confluent_kafka")
    monkeypatch.setattr("gnomon.service.sinks.FLUSH_S", 0.3)
    sink = KafkaSink("alerts", {"bootstrap.servers": "127.0.0.1:1", "log_level": "0"})
    with pytest.raises(DeliveryError, match="6 of 6 alerts not confirmed"):
        sink.send(packets(), "visit-det")


def test_folder_keeps_batches_and_sending_again_changes_nothing(tmp_path):
    sink = FolderSink(tmp_path, MADE_BY)
    sink.send(packets(), "v-001")
    before = (tmp_path / "v-001.avro").read_bytes()
    sink.send(packets(), "v-001")
    assert (tmp_path / "v-001.avro").read_bytes() == before
    assert len(read_alerts(tmp_path / "v-001.avro")) == 6


def test_filtered_sink_sends_what_passes(tmp_path):
    bright = AlertFilter("bright", "diaSource.snr >= 20")
    both = ManySinks(
        (FolderSink(tmp_path / "all", MADE_BY), FilteredSink(bright, FolderSink(tmp_path / "b", MADE_BY)))
    )
    assert both.send(packets(), "v") == 6
    both.close()
    assert [p["diaSource"]["snr"] for p in read_alerts(tmp_path / "b/v.avro")] == [20, 25, 30]


def test_watchlist_filter_selects_by_place():
    near = Watchlist(np.radians([10.0]), np.radians([0.2]), np.radians(0.01))
    assert len(select(AlertFilter("w", "", near), packets())) == 1
    assert select(AlertFilter("w", "", near), []) == []
