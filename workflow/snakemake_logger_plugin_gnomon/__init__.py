"""The events of a run of Snakemake as lines of JSON, for `gnomon.status`.

Asked for with ``--logger gnomon --logger-gnomon-file FILE``: Snakemake finds a logger by the name of its package.
Nothing but the status page reads the file.
"""

import json
import os
import time
from dataclasses import dataclass, field
from logging import LogRecord
from pathlib import Path
from typing import Any

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.settings import LogHandlerSettingsBase


@dataclass
class LogHandlerSettings(LogHandlerSettingsBase):
    """Options, as Snakemake shows them with ``--logger-gnomon-`` before their name."""

    file: str = field(
        default=".snakemake/events.jsonl", metadata={"help": "File that events are appended to"}
    )


class LogHandler(LogHandlerBase):
    """Appends a line for each event; a line is written at once and whole."""

    settings: LogHandlerSettings

    def __post_init__(self) -> None:
        """Open the file."""
        self.baseFilename = self.settings.file
        Path(self.baseFilename).parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(self.baseFilename, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    def emit(self, record: LogRecord) -> None:
        """Write what the status page needs of an event."""
        told = _told(str(getattr(record, "event", "")), vars(record))
        if told:
            line = json.dumps({"time": round(time.time(), 3), **told}) + "\n"
            os.write(self._file, line.encode())

    def close(self) -> None:
        """Say that the run has ended by itself."""
        if self._file >= 0:
            os.write(
                self._file, json.dumps({"time": round(time.time(), 3), "event": "closed"}).encode() + b"\n"
            )
            os.close(self._file)
            self._file = -1
        super().close()

    writes_to_stream = property(lambda self: False)
    writes_to_file = property(lambda self: True)
    has_filter = property(lambda self: True)
    has_formatter = property(lambda self: True)
    needs_rulegraph = property(lambda self: False)


def _told(event: str, facts: dict[str, Any]) -> dict[str, Any]:
    match event:
        case "run_info":
            stats = {n: k for n, k in facts["stats"].items() if n != "total"}
            return {"event": "run", "jobs": stats, "pid": os.getpid()}
        case "resources_info" if facts.get("cores"):
            return {"event": "cores", "cores": facts["cores"]}
        case "job_info":
            wildcards = "-".join(str(v) for v in (facts.get("wildcards") or {}).values())
            job = {"job": facts["jobid"], "rule": facts["rule_name"], "name": wildcards}
            return {
                "event": "started",
                **job,
                "threads": facts.get("threads", 1),
                "log": [*(facts.get("log") or [])],
            }
        case "job_finished":
            return {"event": "finished", "job": facts["job_id"]}
        case "job_error":
            return {"event": "failed", "job": facts["jobid"]}
    return {}
