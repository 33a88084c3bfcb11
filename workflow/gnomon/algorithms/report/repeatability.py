"""Picture: how well the same star is the same in all visits, by its brightness."""

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gnomon.algorithms.photometry.zero_point import AB_NJY, MAG_PER_LN
from gnomon.algorithms.report.plots import colour, grid, to_png
from gnomon.algorithms.validation.bars import bands_of
from gnomon.containers.catalog import Catalog

F8 = npt.NDArray[np.float64]

_BIN_MAG = 0.5
_LEAST = 30
"""Detections in a bin, for a spread good to 13 %."""
_MAS_PER_DEGREE = 3.6e6


def repeatability(stars: Catalog) -> bytes:
    """Spread of magnitudes and of positions about each star's mean, by magnitude and band; dashed what is stated.

    Parameters
    ----------
    stars : table of `focal_plane.residuals`, with psfFluxErr and coord_decErr (degrees)
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        magnitude = AB_NJY - 2.5 * np.log10(np.where(stars["psfFlux"] > 0, stars["psfFlux"], np.nan))
        stated = MAG_PER_LN * 1e3 * stars["psfFluxErr"] / stars["psfFlux"]
    figure = Figure(figsize=(11.5, 3.6), layout="constrained")
    axes = figure.subplots(1, 2)
    _curves(axes[0], stars["band"], magnitude, stars["fainter"] * 1e3, stated)
    _curves(axes[1], stars["band"], magnitude, stars["dy"], stars["coord_decErr"] * _MAS_PER_DEGREE)
    for axis, label in zip(
        axes, ("spread of magnitudes, mmag", "spread of positions per axis, mas"), strict=True
    ):
        axis.set(xlabel="magnitude", ylabel=label)
        if any(np.max(line.get_ydata(), initial=0.0) > 0 for line in axis.lines):
            axis.set_yscale("log")
        grid(axis)
    if any(axes[0].get_legend_handles_labels()[1]):
        axes[0].legend(ncols=6, frameon=False, loc="upper left", fontsize=9)
    return to_png(figure)


def _curves(axis: Axes, band: npt.NDArray[np.object_], magnitude: F8, value: F8, stated: F8) -> None:
    for name in bands_of(band):
        mine = (band == name) & np.isfinite(magnitude) & np.isfinite(value)
        middle, spread, expected = binned_spread(magnitude[mine], value[mine], stated[mine])
        axis.plot(middle, spread, "o-", ms=3, lw=1, color=colour(name), label=name)
        axis.plot(middle, expected, "--", lw=0.8, color=colour(name))


def binned_spread(magnitude: F8, value: F8, stated: F8) -> tuple[F8, F8, F8]:
    """Middle of bins of half a magnitude, half of the central 68.3 % of the values in each, median stated error."""
    number = np.floor(magnitude / _BIN_MAG).astype(int)
    rows = []
    for k in np.unique(number):
        here = number == k
        if here.sum() >= _LEAST:
            low, high = np.percentile(value[here], [15.87, 84.13])
            rows.append(((k + 0.5) * _BIN_MAG, (high - low) / 2, float(np.median(stated[here]))))
    middle, spread, expected = np.array(rows, np.float64).reshape(-1, 3).T
    return middle, spread, expected
