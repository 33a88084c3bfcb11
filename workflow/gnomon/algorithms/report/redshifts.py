"""Section: photometric redshifts beside true or spectroscopic ones."""

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.spatial import KDTree

from gnomon.algorithms.joint.scatter import sigma_mad
from gnomon.algorithms.photometry.zero_point import AB_NJY
from gnomon.algorithms.photoz.metrics import OUTLIER, scaled_error
from gnomon.algorithms.report.html import picture
from gnomon.algorithms.report.plots import grid, to_png
from gnomon.algorithms.report.products import NothingToShowError, Products, gathered
from gnomon.containers.catalog import Catalog, Column
from gnomon.containers.sphere import directions

_MATCH = np.radians(1.0 / 3600)
_DEEPEST = 24.0  # i magnitude of the spectra, and of what the requirement counts


def redshifts(products: Products) -> Markup:
    """Estimate against truth or spectrum, as deep as the spectra and beyond, and the distribution of all."""
    names = ["coord_ra", "coord_dec", "z_median", "photoz_flag_extrapolated", "photoz_flag_missingBand"]
    table = gathered(products.redshifts, names)
    known = np.isfinite(table["z_median"])
    if not known.any():
        raise NothingToShowError("No object has a redshift: no model of redshifts was trained.")
    table = table.take(known)
    samples, name = _samples(table, products)
    figure = Figure(figsize=(11, 3.6 if len(samples) > 1 else 4.8), layout="constrained")
    *panels, last = figure.subplots(1, 1 + max(1, len(samples)))
    top = float(np.percentile(table["z_median"], 99.5)) * 1.1
    said = [_compared(axis, table, *sample) for axis, sample in zip(panels, samples, strict=False)]
    for axis in panels:
        axis.set(xlabel=name, ylabel="photometric redshift (median)", xlim=(0, top), ylim=(0, top))
    last.hist(table["z_median"], bins=np.linspace(0, top, 41), color="#8fb0d3")
    last.set(xlabel="photometric redshift", ylabel="objects", title="all")
    for axis in (*panels, last):
        grid(axis)
    return picture(to_png(figure), "photometric redshifts", " ".join(said) or "No spectra to compare with.")


def _samples(table: Catalog, products: Products) -> tuple[list[tuple[str, Catalog, Column]], str]:
    """Samples to compare with, each its title, its redshifts and the objects that count; and what they are.

    The truth of the simulation as deep as the spectra and fainter, for objects without a spectrum; else the spectra.
    """
    spectra, galaxies = ([t for t in parts if len(t)] for parts in (products.spectra, products.galaxies))
    everything = np.ones(len(table), np.bool_)
    if not galaxies:
        title = "objects with a spectrum, those of the training among them"
        return [(title, spectra[0], everything)] if spectra else [], "spectroscopic redshift"
    true = galaxies[0]
    truth = Catalog({"coord_ra": true["ra"], "coord_dec": true["dec"], "redshift": true["redshift"]})
    asked = ~_near(table, spectra[0])[0] if spectra else everything
    bright = true["flux_i"][_near(table, truth)[1]] > 10 ** (0.4 * (AB_NJY - _DEEPEST))
    without = "galaxies without a spectrum of i"
    cuts = (
        (f"{without} < {_DEEPEST:g}, as deep as the spectra", bright),
        (f"{without} > {_DEEPEST:g}", ~bright),
    )
    return [(title, truth, asked & cut) for title, cut in cuts], "true redshift"


def _compared(axis: Axes, table: Catalog, title: str, known: Catalog, counts: Column) -> str:
    """Draw a sample; returns what there is to say of it."""
    z, true, plain = matched(table.take(counts), known)
    axis.plot(true[~plain], z[~plain], ".", ms=4, color="#c9a36a", label="extrapolated or missing band")
    axis.plot(true[plain], z[plain], ".", ms=4, color="#24588f", label="others")
    axis.plot([0, 3], [0, 3], color="#5d6b7c", lw=0.8)
    axis.set_title(title.split(",")[0], fontsize=10)
    axis.legend(frameon=False, fontsize=9)
    without = f"those without a flag ({plain.sum()}): {_scatter(z[plain], true[plain])}"
    return f"{len(z)} {title}: {_scatter(z, true)}; {without}."


def matched(table: Catalog, spectra: Catalog) -> tuple[Column, Column, Column]:
    """Estimate, spectroscopic redshift and freedom of flags of the objects within an arcsecond of a spectrum."""
    near, row = _near(table, spectra)
    plain = ~(table["photoz_flag_extrapolated"] | table["photoz_flag_missingBand"]).astype(bool)
    return table["z_median"][near], spectra["redshift"][row[near]], plain[near]


def _near(table: Catalog, others: Catalog) -> tuple[Column, Column]:
    """Whether each object has another within an arcsecond, and the row of the nearest."""
    here, there = (directions(np.radians(t["coord_ra"]), np.radians(t["coord_dec"])) for t in (table, others))
    apart, row = KDTree(there).query(here)
    return apart < _MATCH, row


def _scatter(z: Column, true: Column) -> str:
    if not len(z):
        return "none"
    off = scaled_error(z, true)
    bad = 100 * np.mean(np.abs(off) > OUTLIER)
    return f"bias {np.median(off):+.3f}, scatter {sigma_mad(off):.3f} (1 + z), {bad:.1f} % off by more than {OUTLIER}"
