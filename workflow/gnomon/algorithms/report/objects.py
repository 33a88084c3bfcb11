"""Sections: colours and counts of the objects."""

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gnomon.algorithms.report.html import picture
from gnomon.algorithms.report.plots import colour, grid, to_png
from gnomon.algorithms.report.products import NothingToShowError, Products, filled, gathered
from gnomon.algorithms.validation.bars import BLUE_TO_RED
from gnomon.containers.catalog import Catalog, Column

_AB_ZERO_NJY = 31.4
_LEAST_SNR = 10.0
"""Of the fluxes that make a colour."""
_LIMIT = 8000
"""Points of a plot."""


def measured_bands(products: Products) -> list[str]:
    """Bands in which objects have fluxes, from blue to red.

    Raises
    ------
    NothingToShowError
        There are no objects.
    """
    names = [f"{b}_psfFlux" for b in BLUE_TO_RED]
    first = next(filled(products.objects), None)
    names = [n for n in names if first is not None and n in first]
    whole = gathered(products.objects, names)
    return [n[0] for n in names if np.isfinite(whole[n]).any()]


def magnitude(flux: Column) -> Column:
    """AB magnitude of nJy; NaN where there is no flux."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(flux > 0, _AB_ZERO_NJY - 2.5 * np.log10(flux), np.nan)


def colours(products: Products) -> Markup:
    """Two colours of stars and galaxies beside each other."""
    bands = measured_bands(products)
    trio = [b for b in "gri" if b in bands] if {"g", "r", "i"} <= set(bands) else bands[-3:]
    if len(trio) < 3:
        told = f"Objects have fluxes in {', '.join(bands)} alone" if bands else "No object has a flux"
        raise NothingToShowError(f"{told}; two colours need three bands.")
    table = _primary(products, trio)
    figure = Figure(figsize=(11, 4.8), layout="constrained")
    kinds = (("stars", table["extendedness"] == 0), ("galaxies", table["extendedness"] == 1))
    for axis, (name, rows) in zip(figure.subplots(1, 2, sharex=True, sharey=True), kinds, strict=True):
        _colour_colour(axis, table.take(rows), trio, name)
    said = f"PSF fluxes of stars, Kron fluxes of galaxies, S/N above {_LEAST_SNR:g} in {', '.join(trio)}."
    return picture(to_png(figure), f"{trio[0]}-{trio[1]} against {trio[1]}-{trio[2]}", said)


def _colour_colour(axis: Axes, table: Catalog, trio: list[str], name: str) -> None:
    kind = "psf" if name == "stars" else "kron"
    flux = [table[f"{b}_{kind}Flux"] for b in trio]
    with np.errstate(invalid="ignore", divide="ignore"):
        seen = np.all(
            [f > _LEAST_SNR * table[f"{b}_{kind}FluxErr"] for b, f in zip(trio, flux, strict=True)], 0
        )
    m = [magnitude(f[seen]) for f in flux]
    axis.plot(m[1] - m[2], m[0] - m[1], "." if len(m[0]) > 300 else "o", ms=3, color="#24588f", alpha=0.5)
    axis.set_xlabel(f"{trio[1]} - {trio[2]}, mag")
    axis.set_ylabel(f"{trio[0]} - {trio[1]}, mag")
    axis.set_title(f"{seen.sum()} {name}", fontsize=10)
    axis.set_xlim(-0.8, 2.2)
    axis.set_ylim(-0.8, 2.4)
    grid(axis)


def counts(products: Products) -> Markup:
    """Objects per magnitude and square degree, band by band."""
    bands = measured_bands(products)
    table = _primary(products, bands, 0)
    area = _area_deg2(table)
    figure = Figure(figsize=(11, 4.2), layout="constrained")
    axis = figure.subplots()
    edges = np.arange(14.0, 28.01, 0.5)
    for band in bands:
        with np.errstate(invalid="ignore"):
            seen = table[f"{band}_kronFlux"] > 5 * table[f"{band}_kronFluxErr"]
        n, _ = np.histogram(magnitude(table[f"{band}_kronFlux"][seen]), edges)
        axis.step(
            edges[:-1], np.where(n > 0, n / 0.5 / area, np.nan), where="post", color=colour(band), label=band
        )
    axis.set_yscale("log")
    axis.set_xlabel("Kron magnitude, AB")
    axis.set_ylabel("objects per mag and square degree")
    axis.legend(ncols=6, frameon=False, loc="upper left", fontsize=9)
    grid(axis)
    return picture(
        to_png(figure),
        "number counts",
        "Primary objects of S/N above 5; where a curve turns over, it is no longer complete.",
    )


def _primary(products: Products, bands: list[str], limit: int = _LIMIT) -> Catalog:
    fluxes = [f"{b}_{k}{e}" for b in bands for k in ("psfFlux", "kronFlux") for e in ("", "Err")]
    names = ["detect_isPrimary", "extendedness", "coord_ra", "coord_dec", *fluxes]
    table = gathered(products.objects, names, limit)
    return table.take(table["detect_isPrimary"].astype(bool))


def _area_deg2(table: Catalog) -> float:
    """Sky with objects, counted in squares of an arcminute."""
    ra, dec = table["coord_ra"] * np.cos(np.radians(table["coord_dec"])), table["coord_dec"]
    squares = np.unique(np.floor(np.stack([ra, dec]) * 60), axis=1)
    return float(max(squares.shape[1], 1)) / 3600
