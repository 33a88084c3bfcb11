"""Where alert packets go: a folder of container files, a Kafka broker, or several at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from gnomon.algorithms.alert.filters import AlertFilter
from gnomon.algorithms.alert.packets import select
from gnomon.containers.provenance import Provenance
from gnomon.errors import ConfigError, GnomonError
from gnomon.io.alert_avro import Packet, encode_packet, write_alerts

FLUSH_S = 30.0
"""Longest wait for the broker to confirm a batch; half of the minute from shutter to alert."""


class DeliveryError(GnomonError):
    """A sink could not confirm that it took every packet."""


class AlertSink(Protocol):
    """Takes the alerts of one detector at a time."""

    def send(self, packets: Sequence[Packet], batch: str) -> int:
        """Deliver packets; ``batch`` names them (visit and detector). Returns how many went out.

        Raises
        ------
        DeliveryError
            Some packets were not confirmed; sending the batch again is safe.
        """
        ...

    def close(self) -> None:
        """No more packets."""
        ...


@dataclass(frozen=True, slots=True)
class FolderSink:
    """One container file per batch: the archive, and what a replay reads; the same batch replaces it."""

    folder: Path
    provenance: Provenance

    def send(self, packets: Sequence[Packet], batch: str) -> int:
        """Write the batch to ``<batch>.avro``."""
        write_alerts(packets, self.folder / f"{batch}.avro", self.provenance)
        return len(packets)

    def close(self) -> None:
        """Nothing is held open."""


@dataclass(slots=True)
class KafkaSink:
    """Packets in Confluent framing to one topic, keyed by object so that its alerts stay in order.

    Needs the optional package ``confluent-kafka``. Delivery is idempotent within a session of the producer;
    one flush per batch, not per alert.
    """

    topic: str
    options: Mapping[str, str]
    """librdkafka options, at least ``bootstrap.servers``."""
    _producer: Any = field(init=False, repr=False)
    _failures: list[str] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        defaults = {"enable.idempotence": "true", "linger.ms": "10", "message.max.bytes": "10000000"}
        self._producer = _confluent_kafka().Producer({**defaults, **self.options})

    def send(self, packets: Sequence[Packet], batch: str) -> int:
        """Produce all packets, then wait until the broker has confirmed them."""
        self._failures.clear()
        for packet in packets:
            self._produce(encode_packet(packet), _key(packet))
        left = self._producer.flush(FLUSH_S)
        if left or self._failures:
            why = self._failures[0] if self._failures else f"no answer in {FLUSH_S:.0f} s"
            lost = left + len(self._failures)
            raise DeliveryError(
                f"{batch}: {lost} of {len(packets)} alerts not confirmed by {self.topic}: {why}"
            )
        return len(packets)

    def _produce(self, value: bytes, key: bytes) -> None:
        try:
            self._producer.produce(self.topic, value=value, key=key, on_delivery=self._delivered)
        except BufferError:  # the local queue is full: let the broker take some
            self._producer.flush(FLUSH_S)
            self._producer.produce(self.topic, value=value, key=key, on_delivery=self._delivered)
        self._producer.poll(0)

    def _delivered(self, error: object, message: object) -> None:
        if error is not None:
            self._failures.append(str(error))

    def close(self) -> None:
        """Let the producer finish."""
        self._producer.flush(FLUSH_S)


@dataclass(frozen=True, slots=True)
class FilteredSink:
    """Only the alerts that a named filter lets through."""

    filter: AlertFilter
    sink: AlertSink

    def send(self, packets: Sequence[Packet], batch: str) -> int:
        """Send what passes."""
        return self.sink.send(select(self.filter, packets), batch)

    def close(self) -> None:
        """Close the sink behind."""
        self.sink.close()


@dataclass(frozen=True, slots=True)
class ManySinks:
    """Every sink gets every alert, in order."""

    sinks: tuple[AlertSink, ...]

    def send(self, packets: Sequence[Packet], batch: str) -> int:
        """Send to all; the first failure stops."""
        for sink in self.sinks:
            sink.send(packets, batch)
        return len(packets)

    def close(self) -> None:
        """Close all."""
        for sink in self.sinks:
            sink.close()


def _key(packet: Packet) -> bytes:
    source = packet["diaSource"]
    return str(source["diaObjectId"] or source["ssObjectId"] or source["diaSourceId"]).encode()


def _confluent_kafka() -> Any:  # noqa: ANN401
    try:
        return import_module("confluent_kafka")
    except ImportError:
        raise ConfigError(
            "the Kafka sink needs the package confluent-kafka: pip install gnomon[kafka]"
        ) from None
