"""Files that come into a folder, each handed out once, when it is whole."""

import time
from dataclasses import dataclass, field
from pathlib import Path

from gnomon.containers.instrument import Instrument
from gnomon.errors import UnprocessableData
from gnomon.io.ingest import exposure_files
from gnomon.io.raw import detector_files

State = tuple[int, int]


@dataclass(slots=True)
class Arrivals:
    """Watches a folder. A file is handed out when it is whole FITS and has not changed for ``settle_s``; one that
    is cut short when it has not changed for ``give_up_s``: then it will stay so.
    """

    folder: Path
    instrument: Instrument
    settle_s: float = 1.0
    give_up_s: float = 60.0
    _seen: dict[Path, tuple[State, float]] = field(default_factory=dict)
    _told: set[Path] = field(default_factory=set)

    def look(self) -> list[Path]:
        """Files that have become ready since the last look, in order of their names."""
        now, ready = time.monotonic(), []
        for path in exposure_files(self.folder):
            if path in self._told or path.name.startswith("."):
                continue
            state = _state(path)
            if path not in self._seen or self._seen[path][0] != state:
                self._seen[path] = state, now
            quiet = now - self._seen[path][1]
            if quiet >= self.settle_s and (quiet >= self.give_up_s or self._whole(path)):
                ready.append(path)
                self._told.add(path)
        return ready

    def _whole(self, path: Path) -> bool:
        try:
            detector_files(path, self.instrument)
        except UnprocessableData:
            return False
        return True


def _state(path: Path) -> State:
    """Size and time; nothing where the file has just been moved away."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return 0, 0
    return found.st_size, found.st_mtime_ns
