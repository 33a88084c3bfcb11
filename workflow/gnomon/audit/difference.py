"""Where two files begin to differ: HDU and pixel, column and row, dataset and index, line."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pyarrow.parquet as pq
from astropy.io import fits

from gnomon.errors import UnprocessableData
from gnomon.io.catalogs import read_catalog

_CHUNK = 1 << 22  # bytes


def same_bytes(first: Path, second: Path) -> bool:
    """Whether two files are equal, byte for byte."""
    if first.stat().st_size != second.stat().st_size:
        return False
    with open(first, "rb") as a, open(second, "rb") as b:
        while chunk := a.read(_CHUNK):
            if chunk != b.read(_CHUNK):
                return False
    return True


def first_difference(first: Path, second: Path) -> str:
    """One phrase on where two files differ first; empty where they are equal byte for byte.

    What is measured is looked at before what is told of it: a pixel that differs is named rather than the
    provenance that differs because of it.
    """
    if same_bytes(first, second):
        return ""
    differences = _READERS.get(first.suffix, _texts)
    try:
        return next(differences(first, second), f"layout of the file: {_byte(first, second)}")
    except (OSError, UnprocessableData, UnicodeDecodeError):
        return _byte(first, second)


def _fits(first: Path, second: Path) -> Iterator[str]:
    with fits.open(first, memmap=False) as a, fits.open(second, memmap=False) as b:
        names = [h.name for h in a], [h.name for h in b]
        if names[0] != names[1]:
            yield f"HDUs {', '.join(names[0])} and {', '.join(names[1])}"
        for x, y in zip(a, b, strict=False):
            if x.data is not None and y.data is not None:
                yield from (
                    _table(f"HDU {x.name}", x, y)
                    if x.data.dtype.names
                    else _arrays(f"HDU {x.name} pixel", x.data, y.data)
                )
        for x, y in zip(a, b, strict=False):
            yield from _mappings(f"HDU {x.name} card", dict(x.header), dict(y.header))


def _table(where: str, first: Any, second: Any) -> Iterator[str]:  # noqa: ANN401
    for name in first.data.dtype.names:
        if name not in (second.data.dtype.names or ()):
            yield f"{where} column {name} is in one only"
        elif name.lower() == "provenance":
            yield from _provenances(str(first.data[name][0]), str(second.data[name][0]))
        else:
            yield from _arrays(f"{where} column {name} row", first.data[name], second.data[name])


def _parquet(first: Path, second: Path) -> Iterator[str]:
    a, b = read_catalog(first), read_catalog(second)
    if list(a.columns) != list(b.columns):
        only = sorted(set(a.columns) ^ set(b.columns))
        yield f"columns {', '.join(only)} are in one only" if only else "columns are in another order"
    for name in a.columns:
        yield from _arrays(f"column {name} row", a[name], b[name])
    yield from _mappings("note", dict(a.meta), dict(b.meta))
    metas = [pq.read_schema(p).metadata or {} for p in (first, second)]
    yield from _provenances(*(m.get(b"gnomon.provenance", b"{}").decode() for m in metas))


def _hdf5(first: Path, second: Path) -> Iterator[str]:
    with h5py.File(first) as a, h5py.File(second) as b:
        names = [sorted(_members(f)) for f in (a, b)]
        if names[0] != names[1]:
            yield f"{min(set(names[0]) ^ set(names[1]))} is in one only"
        for name in names[0]:
            if isinstance(a[name], h5py.Dataset):
                yield from _arrays(f"{name} at", a[name][()], b[name][()])
            yield from _mappings(f"{name} attribute", _attributes(a[name]), _attributes(b[name]))
        own = _attributes(a), _attributes(b)
        both = [str(m.pop("provenance", "{}")) for m in own]
        yield from _mappings("attribute", *own)
        yield from _provenances(*both)


def _members(opened: Any) -> list[str]:  # noqa: ANN401
    names: list[str] = []
    opened.visit(names.append)
    return names


def _attributes(node: Any) -> dict[str, str]:  # noqa: ANN401
    return {k: str(v) for k, v in node.attrs.items()}


def _texts(first: Path, second: Path) -> Iterator[str]:
    a, b = (p.read_text().splitlines() for p in (first, second))
    for number, (x, y) in enumerate(zip(a, b, strict=False), 1):
        if x != y:
            yield f"line {number}: {_short(x)} and {_short(y)}"
    if len(a) != len(b):
        yield f"{len(a)} and {len(b)} lines"


def _arrays(where: str, first: Any, second: Any) -> Iterator[str]:  # noqa: ANN401
    """The first element that differs in its bits."""
    a, b = np.asarray(first), np.asarray(second)
    if a.shape != b.shape or a.dtype != b.dtype:
        yield f"{where}s: {a.dtype}{list(a.shape)} and {b.dtype}{list(b.shape)}"
        return
    unequal = _unequal(a, b)
    if unequal.any():
        place = np.unravel_index(int(np.argmax(unequal)), unequal.shape) if unequal.ndim else ()
        at = ", ".join(str(int(k)) for k in place)
        count = f"{int(unequal.sum())} of {unequal.size} differ"
        yield f"{where} [{at}]: {_short(a[place])} and {_short(b[place])}; {count}"


def _unequal(a: Any, b: Any) -> Any:  # noqa: ANN401
    if a.dtype.kind == "f":
        bits = np.dtype(f"u{a.dtype.itemsize}").newbyteorder(a.dtype.byteorder)
        return np.ascontiguousarray(a).view(bits) != np.ascontiguousarray(b).view(bits)
    if a.dtype == object:
        pairs = zip(a.ravel(), b.ravel(), strict=True)
        return np.array([not np.array_equal(x, y) for x, y in pairs], bool).reshape(a.shape)
    return a != b


def _mappings(where: str, first: dict[str, Any], second: dict[str, Any]) -> Iterator[str]:
    for key in [*first, *(k for k in second if k not in first)]:
        if str(first.get(key)) != str(second.get(key)):
            yield f"{where} {key}: {_short(first.get(key))} and {_short(second.get(key))}"


def _provenances(first: str, second: str) -> Iterator[str]:
    a, b = json.loads(first), json.loads(second)
    for part in ("step", "version"):
        yield from _mappings("provenance", {part: a.get(part)}, {part: b.get(part)})
    for part in ("config", "inputs"):
        yield from _mappings(f"provenance, {part}:", a.get(part, {}), b.get(part, {}))


def _byte(first: Path, second: Path) -> str:
    a, b = first.read_bytes(), second.read_bytes()
    n = min(len(a), len(b))
    unequal = np.frombuffer(a[:n], np.uint8) != np.frombuffer(b[:n], np.uint8)
    return f"byte {int(np.argmax(unequal)) if unequal.any() else n} of {len(a)} and {len(b)}"


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


_READERS: dict[str, Callable[[Path, Path], Iterator[str]]] = {
    ".fits": _fits,
    ".hsp": _fits,
    ".parquet": _parquet,
    ".h5": _hdf5,
}
