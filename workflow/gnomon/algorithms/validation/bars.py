"""Numbers and the bars they are held to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from gnomon.containers.catalog import Catalog

Sense = Literal["below", "above", "none"]
_TEXTS = ("name", "band", "sense", "unit", "doc")


@dataclass(frozen=True, slots=True)
class Metric:
    """One measured number."""

    name: str
    """What was measured."""
    band: str
    """Passband; empty for all together."""
    value: float
    """Measured; NaN where it could not be."""
    unit: str
    """Of value and bar."""
    n: int
    """Objects behind the number."""
    doc: str
    """What it means, one sentence."""
    bar: float = float("nan")
    """Wanted."""
    sense: Sense = "none"
    """On which side of the bar the value must be."""

    @property
    def passed(self) -> bool:
        """On the right side of the bar; a number that could not be measured has not passed one."""
        if self.sense == "below":
            return self.value <= self.bar
        return self.value >= self.bar if self.sense == "above" else True


def metric_table(rows: Sequence[Metric]) -> Catalog:
    """Metrics as a table with the columns of schema ``metrics``."""
    texts = {
        n: np.array([getattr(r, n) for r in rows], object) for n in ("name", "band", "sense", "unit", "doc")
    }
    numbers = {n: np.array([getattr(r, n) for r in rows]) for n in ("value", "bar", "passed", "n")}
    return Catalog({**texts, **numbers})
