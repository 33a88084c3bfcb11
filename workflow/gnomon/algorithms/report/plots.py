"""How the plots of the report look."""

import io

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from gnomon.algorithms.validation.bars import bands_of
from gnomon.containers.catalog import Column

COLOURS = {
    "u": "#5b3fd6", "g": "#1f8a4c", "r": "#c8472b", "i": "#9c2f63", "z": "#6b5a3a", "y": "#33363b",
    "j": "#b07d12", "h": "#8c4a1e", "k": "#5c1f1f",
}  # fmt: skip
"""Colour of each band."""
GREY = "#5d6b7c"


def colour(band: str) -> str:
    """Colour of a band; grey for one that is not known."""
    return COLOURS.get(band, GREY)


def by_band(axis: Axes, x: Column, y: Column, band: Column) -> None:
    """Points in the colours of their bands; says so where there are none."""
    for name in bands_of(band):
        of = (band == name) & np.isfinite(y)
        axis.plot(x[of], y[of], "o", ms=4, color=colour(name), label=name)
    grid(axis)
    if not np.isfinite(y).any():
        axis.text(0.5, 0.5, "not measured", ha="center", color=GREY, transform=axis.transAxes)


def grid(axis: Axes) -> None:
    """A faint grid behind the points."""
    axis.grid(color="#e6e9ee")
    axis.set_axisbelow(True)


def to_png(figure: Figure, dpi: int = 90) -> bytes:
    """Bytes of a figure; equal figures give equal bytes."""
    FigureCanvasAgg(figure)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi, metadata={"Software": None})
    return buffer.getvalue()
