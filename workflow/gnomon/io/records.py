"""Frozen dataclasses of arrays, numbers and texts as flat rows, for one-row tables and HDF5 groups."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import numpy as np

T = TypeVar("T")


def to_row(record: Any) -> dict[str, Any]:  # noqa: ANN401
    """Field values by name without those that are None; tuples become arrays."""
    row = {f.name: getattr(record, f.name) for f in fields(record)}
    row = {n: v for n, v in row.items() if v is not None}
    return {n: np.asarray(v, np.float64) if isinstance(v, tuple) else v for n, v in row.items()}


def from_row(kind: type[T], row: Mapping[str, Any]) -> T:
    """Rebuild a dataclass from its row; a field that may be None and is not there is None.

    Raises
    ------
    KeyError
        A field is missing from the row.
    """
    hints = get_type_hints(kind)
    return kind(**{n: _restore(h, row[n]) for n, h in hints.items() if n in row or not _optional(h)})


def _optional(hint: Any) -> bool:  # noqa: ANN401
    return type(None) in get_args(hint)


def _restore(hint: Any, value: Any) -> Any:  # noqa: ANN401
    if _optional(hint):
        return _restore(next(h for h in get_args(hint) if h is not type(None)), value)
    if hint in (int, float, bool):
        return hint(value)
    if hint is str:
        return value.decode() if isinstance(value, bytes) else str(value)
    if get_origin(hint) is tuple:
        number = get_args(hint)[0]
        return tuple(number(v) for v in np.asarray(value))
    if hasattr(hint, "_make"):
        return hint._make(float(v) for v in np.asarray(value))
    array = np.asarray(value)
    return np.ascontiguousarray(array, array.dtype.newbyteorder("="))
