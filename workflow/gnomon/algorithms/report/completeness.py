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
_EDGE_DEG = 10 / 3600
"""What lies nearer to the edge of the field than this does not count."""
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
        to_png(figure), "completeness by magnitude", "Objects of all bands together; binomial errors."
    )


def curve(parts: Sequence[Catalog], objects: Catalog, band: str) -> tuple[F8, F8, F8]:
    """Middle of each half magnitude, the part found in it, and its standard error.

    Parameters
    ----------
    parts : true sources: ra, dec (degrees) and ``flux_<band>`` (nJy)
    objects : coord_ra, coord_dec (degrees)
    """
    truth = gathered(parts, ["ra", "dec", f"flux_{band}"])
    truth = truth.take(_inside(truth, objects))
    seen = directions(np.radians(objects["coord_ra"]), np.radians(objects["coord_dec"]))
    apart, _ = KDTree(seen).query(directions(np.radians(truth["ra"]), np.radians(truth["dec"])))
    edges = np.arange(16.0, 27.01, 0.5)
    m = magnitude(truth[f"flux_{band}"])
    n, _ = np.histogram(m, edges)
    found, _ = np.histogram(m[apart < _MATCH], edges)
    some = n >= 3
    part = found[some] / n[some]
    return (edges[:-1] + 0.25)[some], part, np.sqrt(np.maximum(part * (1 - part), 0.25 / n[some]) / n[some])


def _inside(truth: Catalog, objects: Catalog) -> npt.NDArray[np.bool_]:
    """Which true sources lie between the outermost objects."""
    ra0 = float(objects["coord_ra"][0])
    offset = (objects["coord_ra"] - ra0 + 180) % 360 - 180
    x = (truth["ra"] - ra0 + 180) % 360 - 180
    edge = _EDGE_DEG / np.cos(np.radians(float(objects["coord_dec"][0])))
    return np.asarray(
        (x > offset.min() + edge)
        & (x < offset.max() - edge)
        & (truth["dec"] > objects["coord_dec"].min() + _EDGE_DEG)
        & (truth["dec"] < objects["coord_dec"].max() - _EDGE_DEG)
    )
