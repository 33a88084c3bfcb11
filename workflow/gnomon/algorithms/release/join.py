"""Rows of several tables about the same objects, side by side."""

import numpy as np
import numpy.typing as npt

from gnomon.containers.catalog import Catalog, Column


def with_columns_of(table: Catalog, other: Catalog, key: str) -> Catalog:
    """The table with the columns that only the other has.

    Parameters
    ----------
    table : every row is kept, in order
    other : at most one row a key; a row of ``table`` without one gets NaN, empty text, 0 or False
    key : column of both, an integer
    """
    added = {
        n: _looked_up(c, *_rows(table[key], other[key])) for n, c in other.columns.items() if n not in table
    }
    return table.with_columns(**added)


def _rows(wanted: Column, keys: Column) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.bool_]]:
    """Row of each wanted key, and whether it is there."""
    if not len(keys):
        return np.zeros(len(wanted), np.intp), np.zeros(len(wanted), bool)
    rank = np.argsort(keys, kind="stable")
    at = rank[np.minimum(np.searchsorted(keys[rank], wanted), len(keys) - 1)]
    return at, keys[at] == wanted


def _looked_up(column: Column, rows: npt.NDArray[np.intp], there: npt.NDArray[np.bool_]) -> Column:
    blank = {"f": np.nan, "O": ""}.get(column.dtype.kind, 0)
    found = np.full((len(rows), *column.shape[1:]), blank, column.dtype)
    if len(column):
        found[there] = column[rows[there]]
    return found
