"""What the service has done, line by line, so that it goes on where it was killed."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Entry = Mapping[str, Any]


class Journal:
    """One JSON object a line, on disk before the next file is looked at; a line cut short by a crash is ignored."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self.entries: list[dict[str, Any]] = []
        text = path.read_text() if path.exists() else ""
        whole = text[: text.rfind("\n") + 1]
        if whole != text:
            path.write_text(whole)
        self.entries = [json.loads(line) for line in whole.splitlines()]

    def add(self, entry: Entry) -> None:
        """Append one line and wait until it is on disk."""
        self.entries.append(dict(entry))
        with self._path.open("a") as opened:
            opened.write(json.dumps(entry, sort_keys=True) + "\n")
            opened.flush()
            os.fsync(opened.fileno())

    def find(self, kind: str, value: object) -> dict[str, Any] | None:
        """The last entry with this value."""
        return next((e for e in reversed(self.entries) if e.get(kind) == value), None)
