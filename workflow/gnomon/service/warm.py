"""Files that many visits read, kept in memory; and the digests of files that have not changed."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Any

from gnomon.containers.parts import Parts
from gnomon.datamodel import DatasetType
from gnomon.io import formats
from gnomon.io.provenance import sha256

Key = tuple[str, int, int]


class Warm:
    """Reads as `formats.read` does, and remembers some datasets up to a number of bytes, oldest use out first.

    A file that was replaced is read again. What is remembered is shared by all jobs: steps do not write into
    their inputs.
    """

    def __init__(self, datasets: frozenset[str], limit_bytes: int) -> None:
        self._datasets = datasets
        self._limit = limit_bytes
        self._held: OrderedDict[tuple[Key, int], tuple[int, Any]] = OrderedDict()
        self._digests: dict[Key, str] = {}
        self._lock = Lock()

    def read(self, dataset: DatasetType, path: Path) -> Any:  # noqa: ANN401
        """One file as its container; parts of a remembered file are remembered one by one."""
        if dataset.name not in self._datasets:
            return formats.read(dataset, path)
        key = _key(path)
        found = self._get((key, -1), key[2], lambda: formats.read(dataset, path))
        if not isinstance(found, Parts):
            return found
        size = key[2] // max(1, len(found))
        return replace(found, read=lambda n: self._get((key, n), size, lambda: found.read(n)))

    def digest(self, path: str) -> str:
        """SHA-256 of a file."""
        key = _key(Path(path))
        if key not in self._digests:
            self._digests[key] = sha256(path)
        return self._digests[key]

    def _get(self, key: tuple[Key, int], size: int, make: Callable[[], Any]) -> Any:  # noqa: ANN401
        with self._lock:
            if key not in self._held:
                self._held[key] = size, make()
            self._held.move_to_end(key)
            while len(self._held) > 1 and sum(size for size, _ in self._held.values()) > self._limit:
                self._held.popitem(last=False)
            return self._held[key][1]


def _key(path: Path) -> Key:
    """A file as it is now: its name, time and size."""
    found = path.stat()
    return str(path), found.st_mtime_ns, found.st_size
