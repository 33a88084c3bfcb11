"""What appears, fades, moves or is badly subtracted on a difference."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from gnomon import flags
from gnomon.algorithms.detect import deblend, find, find_footprints
from gnomon.algorithms.difference.shapes import NO_TRAIL, LinearFit, fit_dipole, fit_trail
from gnomon.algorithms.difference.subtract import Difference, psf_width
from gnomon.algorithms.measure import measure_forced, measure_sources
from gnomon.containers.catalog import Catalog
from gnomon.containers.image import F4, Image
from gnomon.containers.psf import PsfModel

F8 = npt.NDArray[np.float64]
I8 = npt.NDArray[np.int64]

NO_LIGHT = find.NO_LIGHT | flags.MASK["EDGE"]
"""Planes without light; at the border the kernel had to invent what lies outside."""

APERTURE_PX = 6.0
"""Radius of ``apFlux``."""

PAIR_WIDTHS = 5.0
"""A rise and a fall nearer than this many standard deviations of the PSF are looked at as one dipole,"""

PAIR_RATIO = 0.3
"""if the fainter lobe has at least this part of the brighter one's flux."""

BLENDED_LOBES = 2.0
"""Where the template's star is brighter by this factor than the lobes, they are taken as overlapping."""

ELONGATED_SIGMA = 3.0
"""Standard errors by which the longer axis must exceed the PSF for a trail to be fitted,"""

ELONGATED_PX2 = 0.5
"""and the least excess of its variance: a trail of 2.4 pixels."""

DIPOLE_COLUMNS = (
    "dipoleMeanFlux", "dipoleMeanFluxErr", "dipoleFluxDiff", "dipoleFluxDiffErr", "dipoleLength",
    "dipoleAngle", "dipoleChi2", "dipoleNdata",
)  # fmt: skip
TRAIL_COLUMNS = (
    "trailFlux", "trailFluxErr", "trailLength", "trailLengthErr", "trailAngle", "trailChi2", "trailNdata",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FindOptions:
    """Choices of `difference_sources`."""

    threshold: float = 5.0
    """Standard deviations of the score, above and below the sky."""
    astrometric_px: float = 0.05
    """Error of the template's registration, pixels."""
    photometric: float = 0.003
    """Relative error of the flux scale."""


def difference_sources(
    difference: Difference, science: Image, science_psf: PsfModel, options: FindOptions | None = None
) -> Catalog:
    """Sources of both signs on a difference, measured.

    A source must stand out of the noise, and of what an error of registration and of flux scale would leave of
    the template's stars (Zackay, Ofek & Gal-Yam 2016, section 3.3): with S_T the template's own score,
    ``scoreAst = S / sqrt(1 + sigma_ast^2 |grad S_T|^2 + (eps S_T)^2)``. A rise beside a fall is one row,
    a dipole.

    Parameters
    ----------
    science : the image from which the template was subtracted

    Returns
    -------
    Catalog : the columns of the schema dia_source but identifiers, sky positions and reliability; lengths in
        pixels, angles in radians from +x to +y, fluxes in the unit of the image.
    """
    options = options or FindOptions()
    image, psf = difference.image, difference.psf
    threshold = options.threshold
    found = find_footprints(image, psf, threshold=threshold, negative=threshold, ignore=NO_LIGHT)
    sources = deblend(image, found, ignore=NO_LIGHT)
    table = measure_sources(image, sources, psf, apertures_px=(APERTURE_PX,))
    score = difference.score[sources.y, sources.x]
    noise = astrometric_noise(difference.template_score, options)[sources.y, sources.x]
    box = sources.box
    table = _renamed(table).with_columns(
        score=score,
        scoreAst=score / noise,
        isNegative=sources.peak_flux < 0,
        bboxSize=np.maximum(box[:, 2] - box[:, 0], box[:, 3] - box[:, 1]).astype(np.int32),
    )
    table = table.take(np.abs(table["scoreAst"]) >= options.threshold)
    table = with_trails(with_dipoles(table, difference), difference)
    return _forced(table, difference, science, science_psf)


def astrometric_noise(template_score: F4, options: FindOptions) -> F4:
    """(ny, nx) float32 factor by which errors of registration and scale enlarge the noise of the score."""
    by_row, by_column = np.gradient(template_score)
    shifts = np.float32(options.astrometric_px**2) * (by_row**2 + by_column**2)
    return np.sqrt(1 + shifts + (np.float32(options.photometric) * template_score) ** 2)


def _renamed(table: Catalog) -> Catalog:
    """The aperture flux by its alert name; without what means nothing for a difference."""
    dropped = (
        "kron", "halfLight", "ap06", "gauss", "iso", "psfSky", "psfX", "psfY", "peak", "blendedness", "footprint",
        "sizeExcess",
    )  # fmt: skip
    kept = {k: v for k, v in table.columns.items() if not k.startswith(dropped)}
    snr = np.abs(table["psfFlux"]) / table["psfFluxErr"]
    return Catalog({**kept, "apFlux": table["ap06Flux"], "apFluxErr": table["ap06FluxErr"], "snr": snr})


def _forced(table: Catalog, difference: Difference, science: Image, science_psf: PsfModel) -> Catalog:
    """With PSF fluxes at the same places on the science image and on the template as subtracted."""
    direct = measure_forced(science, table["x"], table["y"], science_psf, apertures_px=(APERTURE_PX,))
    before = _on_template(difference, table["x"], table["y"])
    return table.with_columns(
        scienceFlux=direct["psfFlux"],
        scienceFluxErr=direct["psfFluxErr"],
        templateFlux=before["psfFlux"],
        templateFluxErr=before["psfFluxErr"],
    )


def _on_template(difference: Difference, x: F8, y: F8) -> Catalog:
    """Forced fluxes on the template as subtracted, with the noise of the difference."""
    own = Image(difference.template, difference.image.variance, difference.image.mask)
    return measure_forced(own, x, y, difference.psf, apertures_px=(APERTURE_PX,))


def dipole_pairs(x: F8, y: F8, flux: F8, radius: float) -> tuple[I8, I8]:
    """Indices of rises and falls that are each other's nearest within a radius and of like strength."""
    rise, fall = np.flatnonzero(flux > 0), np.flatnonzero(flux < 0)
    none = np.zeros(0, np.int64)
    if not len(rise) or not len(fall):
        return none, none
    at_rise, at_fall = (np.column_stack([x[i], y[i]]) for i in (rise, fall))
    distance, nearest = cKDTree(at_fall).query(at_rise)
    _, back = cKDTree(at_rise).query(at_fall)
    mutual = back[nearest] == np.arange(len(rise))
    up, down = np.abs(flux[rise]), np.abs(flux[fall][nearest])
    like = np.minimum(up, down) > PAIR_RATIO * np.maximum(up, down)
    chosen = mutual & like & (distance < radius)
    return rise[chosen], fall[nearest[chosen]]


def with_dipoles(table: Catalog, difference: Difference) -> Catalog:
    """Pairs of lobes made one row at their middle, with the columns of the dipole fit.

    Moment and flux difference come from `fit_dipole`. Lobes that overlap cannot tell flux from shift: there the
    template's flux is the mean flux, and the length is the moment over it.
    """
    n = len(table)
    columns = {name: np.full(n, np.nan) for name in DIPOLE_COLUMNS[:-1]}
    ndata, is_dipole = np.zeros(n, np.int32), np.zeros(n, np.bool_)
    x, y, flux = (table[c].astype(np.float64).copy() for c in ("x", "y", "psfFlux"))
    radius = PAIR_WIDTHS * psf_width(difference.psf)
    rise, fall = dipole_pairs(x, y, flux, radius)
    part = np.abs(flux[rise]) / (np.abs(flux[rise]) + np.abs(flux[fall]))
    cx, cy = (part * v[rise] + (1 - part) * v[fall] for v in (x, y))
    before = _on_template(difference, cx, cy)["psfFlux"]
    lobes = np.column_stack([x[rise] - x[fall], y[rise] - y[fall], 0.5 * (flux[rise] - flux[fall])])
    kept = np.where(np.abs(flux[rise]) >= np.abs(flux[fall]), rise, fall)
    for pair, row in enumerate(kept.tolist()):
        fit = fit_dipole(difference.image, difference.psf, float(cx[pair]), float(cy[pair]))
        for name, value in zip(DIPOLE_COLUMNS[:-1], _dipole_row(fit, lobes[pair], before[pair]), strict=True):
            columns[name][row] = value
        ndata[row], is_dipole[row] = fit.ndata, True
    x[kept], y[kept] = cx, cy
    single = np.ones(n, np.bool_)
    single[np.where(kept == rise, fall, rise)] = False
    whole = table.with_columns(x=x, y=y, **columns, dipoleNdata=ndata, isDipole=is_dipole)
    return whole.take(single)


def _dipole_row(fit: LinearFit, lobes: F8, template_flux: float) -> tuple[float, ...]:
    """Values of `DIPOLE_COLUMNS` but the last from the fit and the separation and mean flux of the lobes."""
    moment = np.hypot(fit.value[1], fit.value[2])
    error = float(np.hypot(fit.error[1], fit.error[2]) / np.sqrt(2))
    mean, length, angle = float(lobes[2]), float(np.hypot(*lobes[:2])), float(np.arctan2(lobes[1], lobes[0]))
    mean_err = error / max(length, 1e-3)
    if template_flux > BLENDED_LOBES * mean and np.isfinite(moment):
        mean, length = template_flux, float(moment) / template_flux
        angle = float(np.arctan2(fit.value[2], fit.value[1]))
    return mean, mean_err, float(fit.value[0]), float(fit.error[0]), length, angle, fit.chi2


def with_trails(table: Catalog, difference: Difference) -> Catalog:
    """With the columns of the trail fit for sources that are longer than the PSF; NaN for the others."""
    excess, error, angle = _elongation(table)
    with np.errstate(invalid="ignore"):
        long = (excess > ELONGATED_PX2) & (excess > ELONGATED_SIGMA * error) & ~table["isDipole"]
    trails = [NO_TRAIL] * len(table)
    for row in np.flatnonzero(long).tolist():
        place = float(table["x"][row]), float(table["y"][row])
        guess = float(np.sqrt(12 * excess[row])), float(angle[row])
        trails[row] = fit_trail(difference.image, difference.psf, *place, *guess)
    names = [(t.flux, t.flux_err, t.length, t.length_err, t.angle, t.chi2, t.ndata) for t in trails]
    values = np.array(names, np.float64).reshape(-1, len(TRAIL_COLUMNS))
    columns = dict(zip(TRAIL_COLUMNS, values.T, strict=True))
    columns["trailNdata"] = columns["trailNdata"].astype(np.int32)
    return table.with_columns(**columns)


def _elongation(table: Catalog) -> tuple[F8, F8, F8]:
    """Variance beyond the PSF's along the longer axis, its error, and the axis' angle."""
    xx, yy, xy = (table[m].astype(np.float64) - table[f"{m}PSF"] for m in ("ixx", "iyy", "ixy"))
    half, turn = 0.5 * (xx + yy), np.hypot(0.5 * (xx - yy), xy)
    error = np.sqrt(0.5 * (table["ixxErr"] ** 2 + table["iyyErr"] ** 2))
    return half + turn, error, 0.5 * np.arctan2(2 * xy, xx - yy)
