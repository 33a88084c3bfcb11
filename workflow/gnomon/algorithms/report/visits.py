"""Sections: the visits in the order of time, and each with its thumbnail."""

import numpy as np
from markupsafe import Markup
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from gnomon.algorithms.report.html import listed, photo, picture
from gnomon.algorithms.report.jobs import failures
from gnomon.algorithms.report.plots import by_band, to_png
from gnomon.algorithms.report.products import NothingToShowError, Products
from gnomon.containers.catalog import Catalog, concatenate

_QUANTITIES = (
    ("seeing", "seeing, arcsec"),
    ("magLim", "5 sigma depth, mag"),
    ("zeroPoint", "zero point, mag"),
    ("astromRms", "astrometric residual, mas"),
)
_THUMBNAIL_PX = 250
_THUMBNAILS = 60
"""Visits shown; a page of a larger survey shows every n-th."""


def whole_summary(products: Products) -> Catalog:
    """All rows of all visits.

    Raises
    ------
    NothingToShowError
        No visit was calibrated.
    """
    filled = [s for s in products.summaries if len(s)]
    if not filled:
        raise NothingToShowError("No visit was calibrated.")
    return concatenate(filled)


def over_time(products: Products) -> Markup:
    """Seeing, depth, zero point and astrometric residual, exposure by exposure."""
    alt = "seeing, depth, zero point and astrometric residual in the order of time"
    return picture(_in_time(whole_summary(products)), alt, "One point a detector.")


def _in_time(summary: Catalog) -> bytes:
    figure = Figure(figsize=(11, 6.2), layout="constrained")
    axes = figure.subplots(2, 2)
    dates, order = np.unique(summary["midpointMjdTai"], return_inverse=True)
    for axis, (column, label) in zip(axes.flat, _QUANTITIES, strict=True):
        by_band(axis, order, summary[column], summary["band"])
        axis.set_ylabel(label)
        axis.set_xlabel(f"exposure, in order of time (MJD {dates[0]:.1f} to {dates[-1]:.1f})")
        axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes[0, 0].legend(ncols=6, frameon=False, loc="upper left", fontsize=9)
    return to_png(figure)


def thumbnails(products: Products) -> Markup:
    """Every visit with its picture, its numbers and what is wrong with it."""
    if not len(products.summaries):
        raise NothingToShowError("There are no visits.")
    pairs = list(zip(products.summaries, products.figures, strict=True))
    step = -(-len(pairs) // _THUMBNAILS)
    lost: dict[str, list[str]] = {}
    for f in failures(products):
        lost.setdefault(f.what.split(" ")[0], []).append(f.why)
    cards = [_visit(s, f, lost.get(str(s.meta.get("data_id", "")), [])) for s, f in pairs[::step]]
    more = Markup("<p>Every {}th of {} visits.</p>").format(step, len(pairs)) if step > 1 else Markup("")
    return more + Markup('<div class="visits">{}</div>').format(Markup("").join(cards))


def _visit(summary: Catalog, png: bytes, notes: list[str]) -> Markup:
    named = str(summary.meta.get("data_id", "")).removeprefix("visit=")
    if len(summary):
        named = f"{summary['visit'][0]}"
    below = Markup('<div class="bad">{}</div>').format(listed(notes)) if notes else Markup("")
    said = [str(n) for n in dict.fromkeys(summary["note"]) if n] if len(summary) else []
    below += Markup('<div class="soft">{}</div>').format(listed(said)) if said else Markup("")
    return Markup('<div class="visit">{}<b>{}</b> {}{}</div>\n').format(
        photo(png, f"visit {named}, north up, east left", longest_px=_THUMBNAIL_PX),
        named,
        listed(_facts(summary)),
        below,
    )


def _facts(summary: Catalog) -> list[str]:
    if not len(summary):
        return [""]
    kinds = ", ".join(dict.fromkeys(summary["astromKind"]))
    rms = summary["astromRms"][np.isfinite(summary["astromRms"])]
    astrometry = f"{np.median(rms):.1f} mas ({kinds})" if len(rms) else kinds
    seeing, zero_point, depth = (np.median(summary[n]) for n in ("seeing", "zeroPoint", "magLim"))
    light, worth = (float(np.median(summary[n])) for n in ("transparency", "effTime"))
    clear = [f"transparency {light:.2f} · worth {worth:.0f} of {summary['exptime'][0]:.0f} s"]
    return [
        f"{summary['band'][0]} {summary['night'][0]}",
        f"seeing {seeing:.2f}″ · zero point {zero_point:.3f} · depth {depth:.2f}",
        *(clear if np.isfinite(light) else ()),
        f"astrometry {astrometry} · {summary['nSource'].sum()} sources · {summary['nPsfStar'].sum()} PSF stars",
    ]
