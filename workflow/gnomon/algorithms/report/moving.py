"""Section: moving objects, where they went and how well their orbits hold."""

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from gnomon.algorithms.linking.names import LONE
from gnomon.algorithms.orbit.elements import cartesian_to_keplerian
from gnomon.algorithms.report.html import paragraph, picture
from gnomon.algorithms.report.plots import grid, to_png
from gnomon.algorithms.report.products import NothingToShowError, Products, filled, gathered
from gnomon.containers.catalog import Catalog

_LIMIT = 20000


def moving(products: Products) -> Markup:
    """Attributed detections beside their predictions, and the orbits."""
    nights = len(list(products.attributed))
    tracklets = sum(len(set(t["trackletId"].tolist()) - {LONE}) for t in products.tracklets if len(t))
    attributed = sum(len(t) for t in products.attributed)
    orbits = list(filled(products.orbits))
    if not attributed and not orbits:
        raise NothingToShowError(_why(products))
    lead = f"{nights} nights: {attributed} detections of known objects, {tracklets} tracklets, "
    lead += f"{sum(map(len, orbits))} orbits."
    figure = Figure(figsize=(11, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    if attributed:
        table = gathered(products.attributed, ("ephOffsetEast", "ephOffsetNorth", "ephVmag"), _LIMIT)
        dots = left.scatter(
            table["ephOffsetEast"], table["ephOffsetNorth"], c=table["ephVmag"], s=14, cmap="viridis"
        )
        figure.colorbar(dots, ax=left, label="predicted V magnitude")
    left.xaxis.set_major_locator(MaxNLocator(5))
    left.set(xlabel="measured minus predicted, east, arcsec", ylabel="north, arcsec")
    if orbits:
        _elements(right, orbits[-1])
    right.set(xlabel="semi-major axis, au", ylabel="eccentricity", ylim=(0, 1))
    for axis in (left, right):
        grid(axis)
    said = "Known objects beside their predicted places; orbits at the end of the last night."
    return paragraph(lead) + picture(to_png(figure), "moving objects", said)


def _elements(axis: Axes, orbits: Catalog) -> None:
    state = np.stack([orbits[n] for n in ("x", "y", "z", "vx", "vy", "vz")], -1)
    elements = cartesian_to_keplerian(state)
    for source in dict.fromkeys(orbits["source"]):
        of = (orbits["source"] == source) & (elements[:, 0] > 0) & (elements[:, 0] < 100)
        axis.plot(elements[of, 0], elements[of, 1], "o", ms=4, alpha=0.7, label=f"{source} ({of.sum()})")
    axis.legend(frameon=False, fontsize=9)


def _why(products: Products) -> str:
    reasons = {str(t.meta["empty_reason"]): None for t in products.attributed if t.meta.get("empty_reason")}
    return f"No moving object was found: {'; '.join(reasons)}." if reasons else "No moving object was found."
