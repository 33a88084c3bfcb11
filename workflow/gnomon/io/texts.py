"""Pages of text with their provenance in a comment at the end."""

from pathlib import Path

from gnomon.containers.provenance import Provenance
from gnomon.io.atomic import replacing
from gnomon.io.provenance import to_json


def write_text(text: str, path: str | Path, provenance: Provenance) -> None:
    """Write UTF-8 text."""
    note = to_json(provenance).replace("--", "- -")
    with replacing(path) as temporary:
        temporary.write_text(f"{text}\n<!-- gnomon.provenance {note} -->\n", encoding="utf-8")
