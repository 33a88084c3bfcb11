"""Provenance as text, and digests of inputs."""

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path

from gnomon.containers.provenance import Provenance


def to_json(provenance: Provenance) -> str:
    """One line of JSON with sorted keys."""
    fields = {
        "step": provenance.step,
        "version": provenance.version,
        "config": json.loads(provenance.config),
        "inputs": dict(provenance.inputs),
    }
    return json.dumps(fields, sort_keys=True)


def from_json(text: str) -> Provenance:
    """Inverse of `to_json`."""
    fields = json.loads(text)
    config = json.dumps(fields["config"], sort_keys=True)
    return Provenance(fields["step"], fields["version"], config, fields["inputs"])


def sha256(path: str | Path) -> str:
    """Hexadecimal SHA-256 of a file."""
    with open(path, "rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def digests(paths: Sequence[str], root: str, digest: Callable[[str], str] = sha256) -> dict[str, str]:
    """SHA-256 of files by their path below the root; files elsewhere go by their bare name."""
    return {_name(p, root): digest(p) for p in paths}


def _name(path: str, root: str) -> str:
    inside = Path(path).parent.resolve() / Path(path).name  # a product may itself be a link into a store
    top = Path(root).resolve()
    return str(inside.relative_to(top)) if inside.is_relative_to(top) else inside.name
