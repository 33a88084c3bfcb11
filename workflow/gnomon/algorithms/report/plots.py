"""Plots of the report, as PNG."""

import io
from collections.abc import Iterator, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from gnomon.containers.catalog import Catalog, Column, concatenate

COLOURS = {"u": "#5b3fd6", "g": "#1f8a4c", "r": "#c8472b", "i": "#9c2f63", "z": "#6b5a3a", "y": "#33363b"}
"""Colour of each band."""
_QUANTITIES = (
    ("seeing", "seeing, arcsec"),
    ("magLim", "5 sigma depth, mag"),
    ("zeroPoint", "zero point, mag"),
    ("astromRms", "astrometric residual, mas"),
)


def campaign_plots(summaries: Sequence[Catalog]) -> Iterator[tuple[str, bytes]]:
    """Alternative text and PNG of each plot; none where nothing was calibrated."""
    filled = [s for s in summaries if len(s)]
    if filled:
        whole = concatenate(filled)
        yield "seeing, depth, zero point and astrometric residual in the order of time", _visits(whole)


def _visits(summary: Catalog) -> bytes:
    figure = Figure(figsize=(11, 6.2), layout="constrained")
    axes = figure.subplots(2, 2)
    dates, order = np.unique(summary["midpointMjdTai"], return_inverse=True)
    for axis, (column, label) in zip(axes.flat, _QUANTITIES, strict=True):
        _by_band(axis, order, summary[column], summary["band"])
        axis.set_ylabel(label)
        axis.set_xlabel(f"exposure, in order of time (MJD {dates[0]:.1f} to {dates[-1]:.1f})")
        axis.grid(color="#e6e9ee")
        axis.xaxis.set_major_locator(MaxNLocator(integer=True))
        if not np.isfinite(summary[column]).any():
            axis.text(0.5, 0.5, "not measured", ha="center", color="#5d6b7c", transform=axis.transAxes)
    axes[0, 0].legend(ncols=6, frameon=False, loc="upper left", fontsize=9)
    return to_png(figure)


def _by_band(axis: Axes, x: Column, y: Column, band: Column) -> None:
    for name in sorted(set(band), key=lambda b: ("ugrizy".find(b) % 99, b)):
        of = (band == name) & np.isfinite(y)
        axis.plot(x[of], y[of], "o", ms=4, color=COLOURS.get(name, "#777"), label=name)


def to_png(figure: Figure) -> bytes:
    """Bytes of a figure; equal figures give equal bytes."""
    FigureCanvasAgg(figure)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=90, metadata={"Software": None})
    return buffer.getvalue()
