"""Section: what is left of position, brightness and shape over the focal plane."""

import numpy as np
import numpy.typing as npt
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gnomon.algorithms.report.html import picture
from gnomon.algorithms.report.plots import GREY, to_png
from gnomon.algorithms.report.products import NothingToShowError, Products, filled, gathered
from gnomon.algorithms.report.repeatability import repeatability
from gnomon.algorithms.visit.quality import shape_residuals
from gnomon.containers.catalog import Catalog, Column, concatenate

F8 = npt.NDArray[np.float64]

_STAR = (
    "sourceId", "visit", "detector", "band", "coord_ra", "coord_dec", "coord_decErr", "x", "y", "psfFlux", "psfFluxErr",
)  # fmt: skip
_SHAPE = (
    "detector", "x", "y", "ixx", "iyy", "ixy", "ixxPSF", "iyyPSF", "ixyPSF", "psfFlux", "psfFluxErr",
    "isPsfStar", "isPsfReserve",
)  # fmt: skip
_BINS = 4
"""Along each side of a detector."""
_LEAST = 3
"""Detections in a bin."""


def focal_plane(products: Products) -> Markup:
    """Residuals of isolated stars and of the PSF, ellipticities over the focal plane; scatter by magnitude."""
    stars = residuals(products)
    shapes = gathered([_psf_stars(s) for s in filled(products.sources)], _SHAPE, 200_000)
    places = _Focal(products)
    figure = Figure(figsize=(14.5, 4.0), layout="constrained")
    axes = figure.subplots(1, 4)
    _arrows(axes[0], places, stars)
    _magnitudes(figure, axes[1], places, stars)
    left = shape_residuals(shapes)
    _whiskers(axes[2], places, shapes, *_ellipticity(shapes), "shapes")
    _whiskers(axes[3], places, shapes, left["e1"], left["e2"], "shapes less the PSF's")
    said = (
        "Isolated stars: detections minus the mean over all visits. PSF stars: shapes, and what is left of them "
        "without the PSF's, those that the PSF has not seen included. Axes as the detectors'."
    )
    below = "The same stars: half of the central 68 % about each star's mean, by brightness; dashed the stated errors."
    return picture(to_png(figure), "residuals over the focal plane", said) + picture(
        repeatability(stars), "scatter of stars about their means by magnitude", below
    )


def residuals(products: Products) -> Catalog:
    """Detections of isolated stars with ``dx``, ``dy`` (mas) and ``fainter`` (mag) from the mean of their star.

    Positions are compared over all visits, along the axes of the detector; magnitudes with the same band.
    """
    link = gathered(products.star_sources, ["isolatedStarId", "sourceId"])
    star = dict(zip(link["sourceId"].tolist(), link["isolatedStarId"].tolist(), strict=True))
    parts = [Catalog({n: s[n] for n in _STAR}) for s in filled(products.sources)]
    table = gathered([p.take(np.isin(p["sourceId"], link["sourceId"])) for p in parts], _STAR)
    ids = np.array([star[i] for i in table["sourceId"].tolist()])
    scale = np.cos(np.radians(table["coord_dec"]))
    ra = (table["coord_ra"] - table["coord_ra"][0] + 180) % 360 - 180
    with np.errstate(invalid="ignore", divide="ignore"):
        magnitude = -2.5 * np.log10(np.where(table["psfFlux"] > 0, table["psfFlux"], np.nan))
    _, band = np.unique(table["band"].astype(str), return_inverse=True)
    east, north = _from_mean(ra, ids) * scale * 3.6e6, _from_mean(table["coord_dec"], ids) * 3.6e6
    axes = _axes_of(products, table)
    along = {n: axes[:, k, 0] * east + axes[:, k, 1] * north for k, n in enumerate(("dx", "dy"))}
    return table.with_columns(**along, fainter=_from_mean(magnitude, ids * 16 + band))


def _axes_of(products: Products, table: Catalog) -> F8:
    """(n, 2, 2) east and north parts of the unit vectors along x and y of each row's detector."""
    summary = concatenate(list(filled(products.summaries)))
    keys = summary["visit"] * 1000 + summary["detector"]
    rank = np.argsort(keys)
    at = np.searchsorted(keys[rank], table["visit"] * 1000 + table["detector"])
    return detector_axes(summary)[rank[np.minimum(at, len(keys) - 1)]]


def detector_axes(summary: Catalog) -> F8:
    """(n, 2, 2) east and north parts of the unit vectors along columns x and rows y of detectors."""
    scale = np.cos(np.radians(summary["dec"]))
    sides = []
    for end in ("lr", "ul"):
        east = ((summary[f"{end}cra"] - summary["llcra"] + 180) % 360 - 180) * scale
        side = np.stack([east, summary[f"{end}cdec"] - summary["llcdec"]], -1)
        sides.append(side / np.linalg.norm(side, axis=-1, keepdims=True))
    return np.stack(sides, axis=1)


def _from_mean(values: Column, group: Column) -> F8:
    """Value minus the mean of the other members; NaN for a group of one."""
    _, which = np.unique(group, return_inverse=True)
    known = np.isfinite(values)
    n = np.bincount(which, known)[which]
    total = np.bincount(which, np.where(known, values, 0.0))[which]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(n > 1, (values - total / n) * np.sqrt(n / (n - 1)), np.nan))


def _psf_stars(table: Catalog) -> Catalog:
    return table.take(table["isPsfStar"].astype(bool) | table["isPsfReserve"].astype(bool))


class _Focal:
    """Where the pixels of each detector lie in the field of the visit with most detectors, arcmin."""

    def __init__(self, products: Products) -> None:
        summary = max(filled(products.summaries), key=len, default=None)
        if summary is None:
            raise NothingToShowError("No visit was calibrated.")
        self.shape = {
            int(d): (int(x), int(y))
            for d, x, y in zip(*(summary[n] for n in ("detector", "nx", "ny")), strict=True)
        }
        self.corners = _corners(summary)

    def bins(self, detector: Column, x: Column, y: Column, *values: Column) -> F8:
        """(n, 2 + nvalue): place and medians of each bin with enough rows."""
        rows = []
        for number, (nx, ny) in self.shape.items():
            mine = detector == number
            u = np.clip((x[mine] + 0.5) / nx * _BINS, 0, _BINS - 1e-9).astype(int)
            v = np.clip((y[mine] + 0.5) / ny * _BINS, 0, _BINS - 1e-9).astype(int)
            some = [value[mine] for value in values]
            for k in range(_BINS * _BINS):
                here = (u + _BINS * v == k) & np.isfinite(np.sum(some, axis=0))
                if here.sum() >= _LEAST:
                    place = self.place(number, (k % _BINS + 0.5) / _BINS, (k // _BINS + 0.5) / _BINS)
                    rows.append([*place, *(float(np.median(value[here])) for value in some)])
        return np.array(rows, np.float64).reshape(-1, 2 + len(values))

    def place(self, detector: int, u: float, v: float) -> F8:
        """Field position at fractions of a detector's sides."""
        ll, lr, ur, ul = self.corners[detector]
        return np.asarray((1 - u) * (1 - v) * ll + u * (1 - v) * lr + u * v * ur + (1 - u) * v * ul)

    def outline(self, axis: Axes, title: str) -> None:
        """The detectors, drawn."""
        for corners in self.corners.values():
            axis.plot(*np.concatenate([corners, corners[:1]]).T, color="#cfd7e0", lw=0.8)
        axis.set(aspect="equal", xlabel="arcmin", ylabel="arcmin")
        axis.set_title(title, fontsize=10)


def _corners(summary: Catalog) -> dict[int, F8]:
    """(4, 2) offsets in arcmin of the corners of each detector from the middle of the field, x to the right."""
    ra0, dec0 = summary["ra"][0], float(np.mean(summary["dec"]))
    sky = []
    for corner in ("ll", "lr", "ur", "ul"):
        east = ((summary[f"{corner}cra"] - ra0 + 180) % 360 - 180) * np.cos(np.radians(dec0))
        sky.append(np.stack([east, summary[f"{corner}cdec"] - dec0], -1))
    places = np.stack(sky, axis=1) * 60 @ detector_axes(summary)[0].T
    places -= places.mean(axis=(0, 1))
    return {int(d): p for d, p in zip(summary["detector"], places, strict=True)}


def _arrows(axis: Axes, places: _Focal, stars: Catalog) -> None:
    found = places.bins(stars["detector"], stars["x"], stars["y"], stars["dx"], stars["dy"])
    places.outline(axis, "positions")
    if not len(found):
        return
    arrows = axis.quiver(found[:, 0], found[:, 1], found[:, 2], found[:, 3], color="#24588f", angles="xy")
    typical = float(np.ceil(np.median(np.hypot(found[:, 2], found[:, 3])))) or 1.0
    axis.quiverkey(arrows, 0.97, 1.03, typical, f"{typical:g} mas", labelpos="W", fontproperties={"size": 9})


def _magnitudes(figure: Figure, axis: Axes, places: _Focal, stars: Catalog) -> None:
    found = places.bins(stars["detector"], stars["x"], stars["y"], stars["fainter"] * 1e3)
    places.outline(axis, "magnitudes, mmag")
    if len(found):
        top = max(float(np.abs(found[:, 2]).max()), 1.0)
        dots = axis.scatter(
            found[:, 0],
            found[:, 1],
            c=found[:, 2],
            cmap="RdBu",
            vmin=-top,
            vmax=top,
            s=60,
            edgecolors=GREY,
            linewidths=0.3,
        )
        figure.colorbar(dots, ax=axis, shrink=0.75)


def _ellipticity(shapes: Catalog) -> tuple[F8, F8]:
    size = shapes["ixx"] + shapes["iyy"]
    with np.errstate(invalid="ignore", divide="ignore"):
        return (shapes["ixx"] - shapes["iyy"]) / size, 2 * shapes["ixy"] / size


def _whiskers(axis: Axes, places: _Focal, shapes: Catalog, e1: F8, e2: F8, title: str) -> None:
    found = places.bins(shapes["detector"], shapes["x"], shapes["y"], e1, e2)
    places.outline(axis, title)
    if not len(found):
        return
    e, angle = np.hypot(found[:, 2], found[:, 3]), 0.5 * np.arctan2(found[:, 3], found[:, 2])
    lines = axis.quiver(
        found[:, 0],
        found[:, 1],
        e * np.cos(angle),
        e * np.sin(angle),
        pivot="middle",
        headwidth=0,
        headlength=0,
        headaxislength=0,
        color="#9c2f63",
    )
    typical = float(f"{np.median(e):.1g}") or 0.01
    axis.quiverkey(lines, 0.97, 1.03, typical, f"e = {typical:g}", labelpos="W", fontproperties={"size": 9})
