"""Numbers and the bars they are held to."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from gnomon.containers.catalog import Catalog

Sense = Literal["below", "above", "within", "none"]
How = Literal["mean", "rms", "median", "largest", "sum"]
BLUE_TO_RED = "ugrizyjhk"
_TEXTS = ("name", "band", "sense", "unit", "doc", "requirement")


@dataclass(frozen=True, slots=True)
class Measure:
    """A quantity that checks against the truth measure, and the bar it is held to."""

    name: str
    """As checks call it in their column ``quantity``."""
    doc: str
    """What it means and what it is measured on, one sentence."""
    unit: str = ""
    """Of value and bar."""
    how: How = "mean"
    """How the rows of all checks become one number a band, each with its weight ``n``."""
    bar: float = float("nan")
    """Wanted."""
    sense: Sense = "none"
    """On which side of the bar the value must be."""
    requirement: str = ""
    """The bar in the words of the one who set it."""


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
    """Objects behind the number; 0 where nothing was compared."""
    doc: str
    """What it means, one sentence."""
    bar: float = float("nan")
    """Wanted."""
    sense: Sense = "none"
    """On which side of the bar the value must be."""
    requirement: str = ""
    """The bar in the words of the one who set it."""

    @property
    def passed(self) -> bool:
        """On the right side of the bar; a number that could not be measured has not passed one."""
        if self.sense == "below":
            return self.value <= self.bar
        if self.sense == "within":
            return abs(self.value) <= self.bar
        return self.value >= self.bar if self.sense == "above" else True


def metric_table(rows: Sequence[Metric]) -> Catalog:
    """Metrics as a table with the columns of schema ``metrics``."""
    texts = {n: np.array([getattr(r, n) for r in rows], object) for n in _TEXTS}
    numbers = {n: np.array([getattr(r, n) for r in rows]) for n in ("value", "bar", "passed", "n")}
    return Catalog({**texts, **numbers})


def check_table(band: str, found: Mapping[str, tuple[float, int]]) -> Catalog:
    """What one job compared with the truth, as a table of schema ``check``.

    Parameters
    ----------
    band : passband, empty for all together
    found : value and number of objects behind it, by the name of a measure
    """
    return check_rows({(name, band): value for name, value in found.items()})


def check_rows(found: Mapping[tuple[str, str], tuple[float, int]]) -> Catalog:
    """As `check_table`, by the name of a measure and a band."""
    columns = {
        "quantity": np.array([name for name, _ in found], object),
        "band": np.array([band for _, band in found], object),
        "value": np.array([v for v, _ in found.values()], np.float64),
        "n": np.array([k for _, k in found.values()], np.int64),
    }
    return Catalog(columns)


def judged(measures: Sequence[Measure], checks: Catalog) -> Iterator[Metric]:
    """Every measure in every band that it was measured in; one without a band where it never was.

    A quantity that no measure describes is told as it is, as a mean without a bar.
    """
    known = {m.name for m in measures}
    others = [Measure(str(q), "") for q in dict.fromkeys(checks["quantity"]) if q not in known]
    for measure in [*measures, *others]:
        mine = checks.take(checks["quantity"] == measure.name)
        bands = bands_of(mine["band"])
        for band in bands or [""]:
            of = mine.take(mine["band"] == band)
            yield _metric(measure, band, together(of["value"], of["n"], measure.how), int(of["n"].sum()))


def with_bars(measures: Sequence[Measure], bars: Mapping[str, float]) -> list[Measure]:
    """Measures with other bars.

    Raises
    ------
    ValueError
        A bar of something that is not measured, or that has no bar.
    """
    held = {m.name for m in measures if m.sense != "none"}
    if unknown := sorted(set(bars) - held):
        raise ValueError(
            f"no measure {', '.join(unknown)} has a bar; those that have: {', '.join(sorted(held))}"
        )
    return [replace(m, bar=bars.get(m.name, m.bar)) for m in measures]


def _metric(measure: Measure, band: str, value: float, n: int) -> Metric:
    m = measure
    return Metric(m.name, band, value, m.unit, n, m.doc, m.bar, m.sense, m.requirement)


def together(values: npt.NDArray[np.float64], n: npt.NDArray[np.int64], how: How) -> float:
    """One number of several; NaN and weight 0 do not count."""
    known = np.isfinite(values) & (n > 0)
    if not known.any():
        return float("nan")
    v, w = values[known], n[known]
    match how:
        case "mean":
            return float(np.average(v, weights=w))
        case "rms":
            return float(np.sqrt(np.average(v**2, weights=w)))
        case "median":
            return float(np.median(v))
        case "largest":
            return float(v[np.argmax(np.abs(v))])
        case "sum":
            return float(v.sum())


def bands_of(band: npt.NDArray[np.object_]) -> list[str]:
    """Bands from blue to red, others behind."""
    found = {str(b) for b in band}
    return sorted(found, key=lambda b: (BLUE_TO_RED.find(b) % 99, b))
