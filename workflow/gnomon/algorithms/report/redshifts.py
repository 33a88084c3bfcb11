"""Section: photometric redshifts beside spectroscopic ones."""

import numpy as np
from markupsafe import Markup
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
    """Estimate against spectrum, and the distribution of all estimates."""
    names = ["coord_ra", "coord_dec", "z_best", "photoz_flag_extrapolated", "photoz_flag_missingBand"]
    table = gathered(products.redshifts, names)
    known = np.isfinite(table["z_best"])
    if not known.any():
        raise NothingToShowError("No object has a redshift: no model of redshifts was trained.")
    table = table.take(known)
    spectra = [s for s in products.spectra if len(s)]
    figure = Figure(figsize=(11, 4.8), layout="constrained")
    left, right = figure.subplots(1, 2)
    said = "No spectra to compare with."
    if spectra:
        z, true, plain = matched(table, spectra[0])
        left.plot(true[~plain], z[~plain], ".", ms=4, color="#c9a36a", label="extrapolated or missing band")
        left.plot(true[plain], z[plain], ".", ms=4, color="#24588f", label="others")
        left.plot([0, 3], [0, 3], color="#5d6b7c", lw=0.8)
        left.legend(frameon=False, fontsize=9)
        said = f"{len(z)} objects with a spectrum, those of the training among them. {_scatter(z[plain], true[plain])}"
    top = float(np.percentile(table["z_best"], 99.5)) * 1.1
    left.set(xlabel="spectroscopic redshift", ylabel="photometric redshift", xlim=(0, top), ylim=(0, top))
    right.hist(table["z_best"], bins=np.linspace(0, top, 41), color="#8fb0d3")
    right.set(xlabel="photometric redshift", ylabel="objects")
    for axis in (left, right):
        grid(axis)
    return picture(to_png(figure), "photometric redshifts", said)


def matched(table: Catalog, spectra: Catalog) -> tuple[Column, Column, Column]:
    """Estimate, spectroscopic redshift and freedom of flags of the objects within an arcsecond of a spectrum."""
    here, there = (
        directions(np.radians(t["coord_ra"]), np.radians(t["coord_dec"])) for t in (table, spectra)
    )
    apart, row = KDTree(there).query(here)
    near = apart < _MATCH
    plain = ~(table["photoz_flag_extrapolated"] | table["photoz_flag_missingBand"]).astype(bool)
    return table["z_best"][near], spectra["redshift"][row[near]], plain[near]


def _scatter(z: Column, true: Column) -> str:
    if not len(z):
        return ""
    off = (z - true) / (1 + true)
    sigma, bad = 1.4826 * np.median(np.abs(off - np.median(off))), np.mean(np.abs(off) > 0.15)
    return f"Of those without a flag: scatter {sigma:.3f} (1 + z), {100 * bad:.1f} % off by more than 0.15."
