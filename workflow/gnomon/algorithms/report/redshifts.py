"""Section: photometric redshifts beside true or spectroscopic ones."""

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.spatial import KDTree

from gnomon.algorithms.report.html import picture
from gnomon.algorithms.report.plots import grid, to_png
from gnomon.algorithms.report.products import NothingToShowError, Products, gathered
from gnomon.containers.catalog import Catalog, Column
from gnomon.containers.sphere import directions

_MATCH = np.radians(1.0 / 3600)
_LIMIT = 8000


def redshifts(products: Products) -> Markup:
    """Estimate against truth or spectrum, and the distribution of all estimates."""
    names = ["coord_ra", "coord_dec", "z_best", "photoz_flag_extrapolated", "photoz_flag_missingBand"]
    table = gathered(products.redshifts, names)
    known = np.isfinite(table["z_best"])
    if not known.any():
        raise NothingToShowError("No object has a redshift: no model of redshifts was trained.")
    table = table.take(known)
    figure = Figure(figsize=(11, 4.8), layout="constrained")
    left, right = figure.subplots(1, 2)
    said, wanted = _compared(left, table, products)
    top = float(np.percentile(table["z_best"], 99.5)) * 1.1
    left.set(xlabel=wanted, ylabel="photometric redshift", xlim=(0, top), ylim=(0, top))
    right.hist(table["z_best"], bins=np.linspace(0, top, 41), color="#8fb0d3")
    right.set(xlabel="photometric redshift", ylabel="objects")
    for axis in (left, right):
        grid(axis)
    return picture(to_png(figure), "photometric redshifts", said)


def _compared(axis: Axes, table: Catalog, products: Products) -> tuple[str, str]:
    """Estimates beside the truth of the simulation, for objects without a spectrum; else beside spectra.

    Returns what there is to say, and the name of the other redshift.
    """
    spectra, galaxies = ([t for t in parts if len(t)] for parts in (products.spectra, products.galaxies))
    if not spectra and not galaxies:
        return "No spectra to compare with.", "spectroscopic redshift"
    known = spectra[0] if spectra else Catalog({})
    others = "objects with a spectrum, those of the training among them"
    name = "spectroscopic redshift"
    if galaxies:
        truth = Catalog({"coord_ra": galaxies[0]["ra"], "coord_dec": galaxies[0]["dec"]})
        known = truth.with_columns(redshift=galaxies[0]["redshift"])
        table = table.take(~_near(table, spectra[0])[0]) if spectra else table
        others, name = "galaxies that had no spectrum to train with", "true redshift"
    z, true, plain = matched(table, known)
    axis.plot(true[~plain], z[~plain], ".", ms=4, color="#c9a36a", label="extrapolated or missing band")
    axis.plot(true[plain], z[plain], ".", ms=4, color="#24588f", label="others")
    axis.plot([0, 3], [0, 3], color="#5d6b7c", lw=0.8)
    axis.legend(frameon=False, fontsize=9)
    return f"{len(z)} {others}. {_scatter(z[plain], true[plain])}", name


def matched(table: Catalog, spectra: Catalog) -> tuple[Column, Column, Column]:
    """Estimate, spectroscopic redshift and freedom of flags of the objects within an arcsecond of a spectrum."""
    near, row = _near(table, spectra)
    plain = ~(table["photoz_flag_extrapolated"] | table["photoz_flag_missingBand"]).astype(bool)
    return table["z_best"][near], spectra["redshift"][row[near]], plain[near]


def _near(table: Catalog, others: Catalog) -> tuple[Column, Column]:
    """Whether each object has another within an arcsecond, and the row of the nearest."""
    here, there = (directions(np.radians(t["coord_ra"]), np.radians(t["coord_dec"])) for t in (table, others))
    apart, row = KDTree(there).query(here)
    return apart < _MATCH, row


def _scatter(z: Column, true: Column) -> str:
    if not len(z):
        return ""
    off = (z - true) / (1 + true)
    sigma, bad = 1.4826 * np.median(np.abs(off - np.median(off))), np.mean(np.abs(off) > 0.15)
    return f"Of those without a flag: scatter {sigma:.3f} (1 + z), {100 * bad:.1f} % off by more than 0.15."
