"""What a file of a campaign is, and what made it."""

import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

from gnomon.containers.provenance import Provenance
from gnomon.datamodel import DATASETS, DIMENSIONS, DatasetType
from gnomon.errors import ConfigError
from gnomon.io.provenance import from_json

_COMMENT = re.compile(r"gnomon\.provenance (\{.*\}) -->\s*$")
_TAIL = 1 << 24
"""Bytes at the end of a text file in which its provenance is looked for."""


def identify(path: str) -> tuple[DatasetType, dict[str, str]]:
    """Dataset type and data id of a path, wherever its root is.

    Raises
    ------
    ConfigError
        No dataset type has such a path.
    """
    for dataset in DATASETS.values():
        if found := _pattern(dataset.template).search(path):
            return dataset, found.groupdict()
    raise ConfigError(f"{path} is no product of a campaign: no dataset type has such a path")


def provenance_of(path: str | Path) -> Provenance | None:
    """What made a product, as the product itself says; None where it says nothing.

    Raises
    ------
    ConfigError
        The file is not whole, or its format is none of a product's.
    """
    path = Path(path)
    reader = _READERS.get(path.suffix)
    if reader is None:
        raise ConfigError(f"{path.name}: no product of a campaign has the ending {path.suffix!r}")
    try:
        text = reader(path)
        return from_json(text) if text else None
    except (OSError, KeyError, ValueError, TypeError, IndexError) as error:
        raise ConfigError(f"{path.name} is not a whole product: {error}") from None


@cache
def _pattern(template: str) -> re.Pattern[str]:
    """Regular expression of a template's paths with a named group for each dimension."""
    pattern, seen = "", set()
    for part in re.split(r"(\{\w+\})", template):
        name = part[1:-1]
        if not part.startswith("{"):
            pattern += re.escape(part)
        elif name in seen:
            pattern += f"(?P={name})"
        else:
            pattern += f"(?P<{name}>{DIMENSIONS[name].pattern})"
            seen.add(name)
    return re.compile(f"(?:^|/){pattern}$")


def _of_fits(path: Path) -> str:
    from gnomon.io import fits_blocks

    rows = fits_blocks.read_table(path, fits_blocks.places(path)["PROVENANCE"])
    return str(rows[0]["provenance"])


def _of_parquet(path: Path) -> str:
    import pyarrow.parquet as pq

    return str((pq.read_schema(path).metadata or {})[b"gnomon.provenance"].decode())


def _of_hdf5(path: Path) -> str:
    import h5py

    with h5py.File(path, "r") as opened:
        return str(opened.attrs["provenance"])


def _of_avro(path: Path) -> str:
    import fastavro

    with open(path, "rb") as opened:
        return str(fastavro.reader(opened).metadata["gnomon.provenance"])


def _of_json(path: Path) -> str:
    content = json.loads(path.read_text()).get("gnomon.provenance")
    return json.dumps(content) if content else ""


def _of_comment(path: Path) -> str:
    with open(path, "rb") as opened:
        opened.seek(max(0, path.stat().st_size - _TAIL))
        found = _COMMENT.search(opened.read().decode(errors="replace"))
    return found[1].replace("- -", "--") if found else ""


def _of_png(path: Path) -> str:
    _, _, rest = path.read_bytes().partition(b"iTXtgnomon.provenance\0\0\0\0\0")
    return json.dumps(json.JSONDecoder().raw_decode(rest.decode(errors="replace"))[0]) if rest else ""


def _of_mpcorb(path: Path) -> str:
    with open(path, encoding="ascii") as opened:
        return opened.readline().partition("gnomon.provenance ")[2]


def _of_hats(path: Path) -> str:
    return _of_parquet(path.parent / path.parent.name / "dataset" / "_common_metadata")


_READERS: dict[str, Callable[[Path], str]] = {
    ".fits": _of_fits,
    ".hsp": _of_fits,
    ".parquet": _of_parquet,
    ".h5": _of_hdf5,
    ".avro": _of_avro,
    ".json": _of_json,
    ".html": _of_comment,
    ".xml": _of_comment,
    ".png": _of_png,
    ".txt": _of_mpcorb,
    ".properties": _of_hats,
}
