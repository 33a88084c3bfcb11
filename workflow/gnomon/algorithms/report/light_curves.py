"""Sections: light curves of a periodic object and of things that came and went."""

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gnomon.algorithms.release.join import with_columns_of
from gnomon.algorithms.report.html import picture
from gnomon.algorithms.report.plots import colour, grid, to_png
from gnomon.algorithms.report.products import NothingToShowError, Products, gathered, rows_where
from gnomon.algorithms.validation.bars import bands_of
from gnomon.containers.catalog import Catalog, Column, concatenate

_CURVE = ("objectId", "band", "midpointMjdTai", "psfFlux", "psfFluxErr")
_FORCED = ("diaObjectId", "band", "midpointMjdTai", "psfFlux", "psfFluxErr")
_KINDS = {"RR Lyrae": ("rrLyraePeriod", "rrLyraeFalseAlarm"), "sinusoid": ("period", "periodFalseAlarm")}
"""Columns of the period and of its false alarm."""
_FALSE_ALARM = 1e-6
"""Of a shown period: by the template of RR Lyrae supernovae reach 1e-4 in the demo, eclipses 2e-5."""
_PERIODIC, _TRANSIENT = 3, 3
"""Light curves shown of each kind."""
_A_NIGHT = 0.6
"""Days between detections of one night at most."""


def periodic(products: Products) -> Markup:
    """The objects with the surest periods, folded: those of RR Lyrae's shape, and sinusoids."""
    table = gathered(
        products.variability, ["objectId", "isVariable", *(n for pair in _KINDS.values() for n in pair)]
    )
    best = _surest(table)
    if not len(best):
        variable = int(table["isVariable"].sum())
        raise NothingToShowError(
            f"None of {variable} variable objects has a period beyond doubt (false alarm below {_FALSE_ALARM:g})."
        )
    shown = best.take(np.arange(min(_PERIODIC, len(best))))
    curves = rows_where(products.forced, "objectId", shown["objectId"].tolist(), _CURVE)
    figure = Figure(figsize=(11, 4.4), layout="constrained")
    axes = figure.subplots(1, len(shown), squeeze=False)[0]
    for axis, one, period, kind in zip(axes, shown["objectId"], shown["period"], shown["kind"], strict=True):
        _folded(axis, curves.take(curves["objectId"] == one), float(period))
        axis.set_title(f"object {one}, {kind}, period {period:.5f} d", fontsize=9)
    several = f"{len(best)} objects have a period whose chance of a false alarm is below {_FALSE_ALARM:g}"
    return picture(
        to_png(figure), "folded light curves", f"{several}; the {len(shown)} surest, each phase twice."
    )


def _surest(table: Catalog) -> Catalog:
    """Objects, periods and kinds of those beyond doubt, the least false alarm first; the sharper kind of an object."""
    parts = []
    for kind, (period, chance) in _KINDS.items():
        with np.errstate(invalid="ignore"):
            sure = (
                table["isVariable"].astype(bool) & np.isfinite(table[period]) & (table[chance] < _FALSE_ALARM)
            )
        mine = table.take(sure)
        columns = {"objectId": mine["objectId"], "period": mine[period], "chance": mine[chance]}
        parts.append(Catalog({**columns, "kind": np.full(len(mine), kind)}))
    both = concatenate(parts)
    both = both.take(np.lexsort((both["objectId"], both["chance"])))
    first = np.sort(np.unique(both["objectId"], return_index=True)[1])
    return both.take(first)


def _folded(axis: Axes, curve: Catalog, period: float) -> None:
    phase = (curve["midpointMjdTai"] / period) % 1
    flux, error, band = (np.tile(curve[n], 2) for n in ("psfFlux", "psfFluxErr", "band"))
    _points(axis, np.concatenate([phase, phase + 1]), flux, error, band)
    axis.set(xlabel="phase", ylabel="flux over median of the band")


def _points(axis: Axes, x: Column, flux: Column, error: Column, band: Column) -> None:
    """Fluxes over the median of their band."""
    for name in bands_of(band):
        of = (band == name) & np.isfinite(flux)
        scale = float(np.median(flux[of])) if of.any() else 1.0
        if of.any() and scale > 0:
            axis.errorbar(
                x[of],
                flux[of] / scale,
                error[of] / scale,
                fmt="o",
                ms=4,
                lw=0.8,
                color=colour(name),
                label=name,
            )
    axis.legend(ncols=3, frameon=False, fontsize=8)
    grid(axis)


def transients(products: Products) -> Markup:
    """Forced fluxes of what was brightest on difference images, where the template has little light."""
    chosen = _strongest(_detections(products))
    curves = rows_where(products.dia_forced, "diaObjectId", chosen, _FORCED)
    if not len(curves):
        raise NothingToShowError("No flux was forced at the objects of the difference images.")
    figure = Figure(figsize=(11, 3.9), layout="constrained")
    for axis, one in zip(figure.subplots(1, len(chosen), squeeze=False)[0], chosen, strict=True):
        _raw_points(axis, curves.take(curves["diaObjectId"] == one))
        axis.set_title(f"diaObject {one}", fontsize=10)
    said = "Flux on all difference images at the place of the objects that stand out most, those without a star first."
    return picture(to_png(figure), "light curves on difference images", said)


def _detections(products: Products) -> Catalog:
    """Positive detections that belong to an object, with its number."""
    link = gathered(products.dia_associations, ["diaSourceId", "diaObjectId"])
    names = ["diaSourceId", "psfFlux", "templateFlux", "snr", "reliability", "midpointMjdTai"]
    table = with_columns_of(gathered(products.dia_sources, names), link, "diaSourceId")
    with np.errstate(invalid="ignore"):
        sound = (table["diaObjectId"] != 0) & (table["psfFlux"] > 0) & ~(table["reliability"] < 0.5)
    return table.take(sound)


def _strongest(table: Catalog) -> list[int]:
    """Objects by the sum of squared significances; a hundredth of it counts where the template is brighter.

    Objects of one night are left out where there are others: most are asteroids.
    """
    if not len(table):
        raise NothingToShowError("No reliable detection on a difference image belongs to an object.")
    ids, which, n = np.unique(table["diaObjectId"], return_inverse=True, return_counts=True)
    with np.errstate(invalid="ignore"):
        share = np.where(table["templateFlux"] > table["psfFlux"], 0.01, 1.0)
    weight = np.bincount(which, share * np.clip(np.nan_to_num(table["snr"]), 0, 100) ** 2)
    first, last = np.full(len(ids), np.inf), np.full(len(ids), -np.inf)
    np.minimum.at(first, which, table["midpointMjdTai"])
    np.maximum.at(last, which, table["midpointMjdTai"])
    lasting = last - first > _A_NIGHT
    weight *= (n >= min(3, n.max())) & (lasting | ~lasting.any())
    return [int(i) for i in ids[np.argsort(-weight, kind="stable")[:_TRANSIENT]]]


def _raw_points(axis: Axes, curve: Catalog) -> None:
    for name in bands_of(curve["band"]):
        of = curve["band"] == name
        days, flux, error = (curve[n][of] for n in ("midpointMjdTai", "psfFlux", "psfFluxErr"))
        axis.errorbar(days, flux / 1e3, error / 1e3, fmt="o", ms=4, lw=0.8, color=colour(name), label=name)
    axis.axhline(0, color="#5d6b7c", lw=0.8)
    axis.set(xlabel="MJD (TAI)", ylabel="flux of the difference, µJy")
    axis.ticklabel_format(useOffset=False)
    axis.tick_params(axis="x", labelrotation=30)
    axis.legend(ncols=3, frameon=False, fontsize=8)
    grid(axis)
