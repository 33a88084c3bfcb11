"""Section: which part of what was simulated is found."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from markupsafe import Markup
from matplotlib.figure import Figure
from scipy.spatial import KDTree

from gnomon.algorithms.report.html import picture
from gnomon.algorithms.report.objects import magnitude
from gnomon.algorithms.report.plots import grid, to_png
from gnomon.algorithms.report.products import NothingToShowError, Products, gathered
from gnomon.containers.catalog import Catalog
from gnomon.containers.sphere import directions

F8 = npt.NDArray[np.float64]
_MATCH = np.radians(0.7 / 3600)
_NEAR = np.radians(25 / 3600)
_NEIGHBOURS = 8
"""Objects this near to a place show that it was observed,"""
_LOPSIDED = 0.6
"""where their mean lies no farther off than this part of their mean distance: 1 / sqrt(8) for a random field."""
_BANDS = "gri"


def completeness(products: Products) -> Markup:
    """Part of the true stars and galaxies with an object within 0.7 arcsec, by magnitude."""
    kinds = (("stars", products.stars, "#24588f"), ("galaxies", products.galaxies, "#c8472b"))
    if not any(len(parts) for _, parts, _ in kinds):
        raise NothingToShowError("The truth of this survey is not known.")
    names = ["coord_ra", "coord_dec", "detect_isPrimary"]
    table = gathered(products.objects, names)
    figure = Figure(figsize=(11, 3.8), layout="constrained")
    for axis, band in zip(figure.subplots(1, len(_BANDS), sharey=True), _BANDS, strict=True):
        for name, parts, shade in kinds:
            middle, part, error = curve(parts, table, band)
            axis.errorbar(middle, part, error, fmt="o-", ms=3, lw=1, color=shade, label=name)
        axis.axhline(0.95, color="#5d6b7c", lw=0.8, ls=":")
        axis.set(xlabel=f"true {band} magnitude, AB", ylim=(-0.03, 1.05))
        grid(axis)
    figure.axes[0].set_ylabel("part that was found")
    figure.axes[0].legend(frameon=False, fontsize=9)
    return picture(
        to_png(figure),
        "completeness by magnitude",
        "Objects of all bands together, where there are others near; binomial errors.",
    )


def curve(parts: Sequence[Catalog], objects: Catalog, band: str) -> tuple[F8, F8, F8]:
    """Middle of each half magnitude, the part found in it, and its standard error.

    Parameters
    ----------
    parts : true sources: ra, dec (degrees) and ``flux_<band>`` (nJy)
    objects : coord_ra, coord_dec (degrees)
    """
    truth = gathered(parts, ["ra", "dec", f"flux_{band}"])
    seen = KDTree(directions(np.radians(objects["coord_ra"]), np.radians(objects["coord_dec"])))
    place = directions(np.radians(truth["ra"]), np.radians(truth["dec"]))
    inside = _covered(seen, place)
    apart, _ = seen.query(place[inside])
    edges = np.arange(16.0, 27.01, 0.5)
    m = magnitude(truth[f"flux_{band}"][inside])
    n, _ = np.histogram(m, edges)
    found, _ = np.histogram(m[apart < _MATCH], edges)
    some = n >= 3
    part = found[some] / n[some]
    return (edges[:-1] + 0.25)[some], part, np.sqrt(np.maximum(part * (1 - part), 0.25 / n[some]) / n[some])


def _covered(seen: KDTree, place: F8) -> npt.NDArray[np.bool_]:
    """Which places have objects near on all sides: gaps and borders of the survey do not count."""
    apart, row = seen.query(place, k=_NEIGHBOURS)
    towards = seen.data[np.minimum(row, seen.n - 1)] - place[:, np.newaxis]
    lopsided = np.linalg.norm(towards.mean(axis=1), axis=-1) / apart.mean(axis=1)
    return np.asarray((apart[:, -1] < _NEAR) & (lopsided < _LOPSIDED))
