"""The campaign at the telescope: raw files to alerts, one visit at a time, in one process that stays warm."""

import argparse
import logging
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from gnomon.algorithms.alert.filters import AlertFilter
from gnomon.containers.catalog import Catalog
from gnomon.containers.instrument import Instrument
from gnomon.containers.provenance import Provenance
from gnomon.datamodel import DIMENSIONS
from gnomon.errors import ConfigError
from gnomon.io.alert_avro import read_alerts
from gnomon.io.ingest import ingest
from gnomon.io.instrument import read_instrument
from gnomon.io.skymaps import read_skymap
from gnomon.pipeline.diff import FilterAlertsConfig
from gnomon.service.arrivals import Arrivals
from gnomon.service.book import admit
from gnomon.service.chain import Chain, Timing, shared_by_visits
from gnomon.service.gathers import Gathers
from gnomon.service.journal import Journal
from gnomon.service.sinks import AlertSink, DeliveryError, FilteredSink, FolderSink, KafkaSink, ManySinks
from gnomon.service.warm import Warm
from gnomon.smk import INSTRUMENTS, Campaign, campaign_file
from gnomon.steps.filter_alerts import named_filters

log = logging.getLogger("gnomon")

_MADE_BY = Provenance("prompt", 1, "{}", {})
_DONE, _REFUSED = "done", "refused"


@dataclass(slots=True)
class Prompt:
    """Takes raw files one by one; what it has done stands in the journal."""

    campaign: Campaign
    instrument: Instrument
    chain: Chain
    journal: Journal
    sink: AlertSink

    def take(self, path: Path, waited_s: float = 0.0) -> str:
        """One file through all stages; says in one line what became of it. No bad file stops the next."""
        started = time.perf_counter()
        if not path.is_file():
            return f"{path}: no such file"
        if self.journal.find("file", self._told(path)) is not None:
            return f"{path.name}: taken already"
        table, reason = self._facts(path)
        visit = self._visit(path, table)
        if visit is None:
            return self._note(path, _REFUSED, reason or "no exposure of the sky")
        earlier = self.journal.find("visit", visit)
        if earlier is not None and earlier["state"] == _DONE and earlier["file"] != self._told(path):
            return self._note(path, _REFUSED, f"visit {visit} was taken from {earlier['file'][0]} already")
        try:
            timings = self.chain.run(visit)
            timings.append(self._publish(visit))
        except (ConfigError, DeliveryError) as error:
            log.error("visit %s is held back: %s", visit, error)
            return f"visit {visit}: held back: {error}"
        total = time.perf_counter() - started
        stages = {t.stage: {"wall_s": round(t.wall_s, 3), "cpu_s": round(t.cpu_s, 3)} for t in timings}
        cpu = sum(t.cpu_s for t in timings)
        self.journal.add(
            {
                "file": self._told(path),
                "state": _DONE,
                "visit": visit,
                "stages": stages,
                "wall_s": round(total, 3),
            }
        )
        return _line(visit, timings, waited_s, total, cpu) + (f" ({reason})" if reason else "")

    def _facts(self, path: Path) -> tuple[Catalog, str]:
        """Rows of a file's detectors, and why there are none."""
        found = ingest([path], self.instrument)
        return found.table, found.rejects[0].reason if found.rejects else ""

    def _visit(self, path: Path, table: Catalog) -> str | None:
        """The visit of a file, now in the plan; of a broken one what its name says; None for no visit of the sky."""
        science = table.take(table["obstype"] == "science") if len(table) else table
        if len(science):
            admit(self.campaign, science, read_skymap(Path(self.campaign.path("skymap"))))
            return DIMENSIONS["visit"].token(int(science["visit"][0]))
        return None if len(table) else self._planned(path)

    def _planned(self, path: Path) -> str | None:
        """The planned visit whose raw file this is."""
        for visit, facts in self.campaign.graph["visits"].items():
            made = self.campaign.path("raw").format(visit=visit)
            if str(path.resolve()) in {str(Path(p).resolve()) for p in (facts["raws"] or [made])}:
                return str(visit)
        return None

    def _publish(self, visit: str) -> Timing:
        wall, cpu = time.perf_counter(), time.process_time()
        alerts = Path(self.campaign.path("alert").format(visit=visit))
        packets = read_alerts(alerts)
        sent = self.sink.send(packets, visit) if packets else 0
        log.info("visit %s: %d alerts published", visit, sent)
        return Timing("publish", time.perf_counter() - wall, time.process_time() - cpu, made=True)

    def _told(self, path: Path) -> list[str]:
        """A file as the journal knows it: equal names with other bytes are other files."""
        return [path.name, self.chain.warm.digest(str(path))]

    def _note(self, path: Path, state: str, reason: str) -> str:
        self.journal.add({"file": self._told(path), "state": state, "reason": reason})
        return f"{path.name}: left out: {reason}"


def _line(visit: str, timings: Sequence[Timing], waited: float, total: float, cpu: float) -> str:
    """Latency of every stage in seconds."""
    stages = ", ".join(f"{t.stage} {t.wall_s:.2f}" if t.made else f"{t.stage} there" for t in timings)
    return f"visit {visit}: waited {waited:.1f} s; {stages} = {total:.2f} s, {cpu:.2f} CPU s"


def main(argv: Sequence[str] | None = None) -> None:
    """Run the service until it is told to stop, or until a list of files is done."""
    args = _parser().parse_args(argv)
    logging.basicConfig(level=args.log.upper(), format="%(levelname)s %(message)s", stream=sys.stderr)
    try:
        service = _service(args)
        for path, waited in _files(args, service):
            _say(service.take(path, waited))
    except ConfigError as error:
        log.error("prompt: %s", error)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        log.info("stopped")
    service.sink.close()


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="prompt", description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, help="raw files, in this order; none: watch a folder")
    parser.add_argument(
        "--configfile", required=True, help="the campaign, whose masters and templates are made"
    )
    parser.add_argument(
        "--root", default="", help="folder of the products, other than the campaign file says"
    )
    parser.add_argument("--watch", type=Path, help="folder of new raw files; without it the campaign's data")
    parser.add_argument(
        "--settle-s", type=float, default=1.0, help="a file is whole when unchanged for so long"
    )
    parser.add_argument(
        "--give-up-s", type=float, default=60.0, help="a broken file is taken as it is after this"
    )
    parser.add_argument("--poll-s", type=float, default=0.5, help="how often the folder is looked at")
    parser.add_argument(
        "--idle-s", type=float, default=float("inf"), help="stop after so long without a file"
    )
    parser.add_argument("--threads", type=int, default=1, help="detectors worked on at the same time")
    parser.add_argument(
        "--memory-mb", type=float, default=4000, help="of masters and templates held in memory"
    )
    parser.add_argument("--publish", type=Path, help="folder for the alerts, one container file a visit")
    parser.add_argument("--kafka", nargs=2, metavar=("SERVERS", "TOPIC"), help="broker for the alerts")
    parser.add_argument("--log", default="warning", choices=("debug", "info", "warning"))
    return parser


def _service(args: argparse.Namespace) -> Prompt:
    config = campaign_file(args.configfile)
    campaign = Campaign({**config, "root": args.root} if args.root else config)
    instrument = read_instrument(INSTRUMENTS / f"{campaign.options.instrument}.yaml")
    warm = Warm(shared_by_visits(), int(args.memory_mb * 1e6))
    journal = Journal(Path(campaign.root, "prompt", "journal.jsonl"))
    chain = Chain(campaign, Gathers(campaign), warm, args.threads)
    return Prompt(campaign, instrument, chain, journal, _sinks(args, campaign_filters(campaign)))


def campaign_filters(campaign: Campaign) -> tuple[AlertFilter, ...]:
    """The named filters of a campaign's config."""
    text = campaign.params("filter_alerts")["config"]
    return named_filters(TypeAdapter(FilterAlertsConfig).validate_json(text))


def _sinks(args: argparse.Namespace, filters: Sequence[AlertFilter]) -> AlertSink:
    """All alerts, and those of each filter in a folder or topic of its own."""
    sinks: list[AlertSink] = []
    if args.publish:
        sinks.append(FolderSink(args.publish, _MADE_BY))
        sinks += [FilteredSink(f, FolderSink(args.publish / f.name, _MADE_BY)) for f in filters]
    if args.kafka:
        servers, topic = args.kafka
        sinks.append(KafkaSink(topic, {"bootstrap.servers": servers}))
        sinks += [
            FilteredSink(f, KafkaSink(f"{topic}-{f.name}", {"bootstrap.servers": servers})) for f in filters
        ]
    return ManySinks(tuple(sinks))


def _files(args: argparse.Namespace, service: Prompt) -> Iterator[tuple[Path, float]]:
    """The files given, or those that come into the folder; with how long each had been lying there."""
    if args.files:
        yield from ((path, 0.0) for path in args.files)
        return
    folder = args.watch or Path(service.campaign.options.data or Path(service.campaign.path("raw")).parent)
    arrivals = Arrivals(folder, service.instrument, args.settle_s, args.give_up_s)
    last = time.monotonic()
    while time.monotonic() - last < args.idle_s:
        ready = arrivals.look()
        for path in ready:
            yield path, time.time() - path.stat().st_mtime
            last = time.monotonic()
        if not ready:
            time.sleep(args.poll_s)


if __name__ == "__main__":
    main()
