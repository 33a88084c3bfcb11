"""A table of columns of equal length."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Column = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Catalog:
    """Columns by name, and a few facts about the whole."""

    columns: Mapping[str, Column]
    """Arrays of one length; names, dtypes and units follow the schema of the dataset type."""
    meta: Mapping[str, str | int | float] = field(default_factory=dict)
    """Facts about the table; ``empty_reason`` says why a table without rows has none."""

    def __post_init__(self) -> None:
        lengths = {name: len(c) for name, c in self.columns.items()}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"columns differ in length: {lengths}")

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()))) if self.columns else 0

    def __getitem__(self, name: str) -> Column:
        return self.columns[name]

    def __contains__(self, name: str) -> bool:
        return name in self.columns

    def take(self, rows: npt.NDArray[Any]) -> "Catalog":
        """Rows by boolean mask or by index."""
        return Catalog({n: c[rows] for n, c in self.columns.items()}, self.meta)

    def with_columns(self, **columns: Column) -> "Catalog":
        """The same table with columns added or replaced."""
        return Catalog({**self.columns, **columns}, self.meta)


def concatenate(parts: Sequence[Catalog]) -> Catalog:
    """Rows of all parts in order; meta of the first.

    Raises
    ------
    ValueError
        No parts, or parts with different column names.
    """
    if not parts:
        raise ValueError("nothing to concatenate")
    names = list(parts[0].columns)
    for part in parts[1:]:
        if set(part.columns) != set(names):
            raise ValueError(f"columns differ: {sorted(set(part.columns) ^ set(names))}")
    return Catalog({n: np.concatenate([p[n] for p in parts]) for n in names}, parts[0].meta)
