"""Section: where the mass is. Experimental."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from markupsafe import Markup
from matplotlib.figure import Figure

from gnomon.algorithms.report.html import picture
from gnomon.algorithms.report.plots import to_png
from gnomon.algorithms.report.products import NothingToShowError, Products

_SHOWN = 4
"""Tracts shown; a page of a larger survey shows every n-th."""


def masses(products: Products) -> Markup:
    """Convergence of each tract, and its B mode, which is noise."""
    made = [m for m in products.masses if len(m)]
    if not made:
        raise NothingToShowError("No map of the mass was made: too few galaxies have a shape.")
    step = -(-len(made) // _SHOWN)
    said = "Experimental: convergence from the shapes of galaxies (Kaiser & Squires 1993), and what should be noise. "
    return Markup("").join(picture(_drawn(m), "map of the mass", said + _counted(m)) for m in made[::step])


def _counted(made: Mapping[str, Any]) -> str:
    return f"{np.sum(made['n']):.0f} galaxies; north up, east left."


def _drawn(made: Mapping[str, Any]) -> bytes:
    noise = float(np.std(made["kappa_b"])) or 1.0
    low, pixel = float(made["corner_arcsec"]) / 60, float(made["pixel_arcsec"]) / 60
    rows, columns = np.shape(made["kappa_e"])
    extent = (low, low + columns * pixel, low, low + rows * pixel)
    figure = Figure(figsize=(9, 4), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    for axis, name, title in ((left, "kappa_e", "convergence"), (right, "kappa_b", "B mode")):
        shades = {"vmin": -4, "vmax": 4, "cmap": "RdBu_r", "origin": "lower"}
        drawn = axis.imshow(np.asarray(made[name]) / noise, extent=extent, **shades)
        axis.set(title=title, xlabel="east, arcmin")
        axis.invert_xaxis()
    left.set_ylabel("north, arcmin")
    figure.colorbar(drawn, ax=[left, right], label="standard deviations of the B mode")
    return to_png(figure)
