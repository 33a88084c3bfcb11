"""How well the same star is the same in all visits: scatter of positions and fluxes about each star's own."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import KDTree

from gnomon.algorithms.astrometry.epoch import apply_space_motion
from gnomon.algorithms.joint.scatter import MEDIAN_OF_ONE, excess_from_median
from gnomon.containers.catalog import Catalog
from gnomon.containers.sphere import chord, directions

F8 = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

BRIGHT_SNR = 100.0
"""Stars whose repeatability is that of the calibration rather than of photons."""
FAIR_SNR = 20.0
"""Fainter stars are found where noise lifts them."""
NEIGHBOUR_ARCSEC, NEIGHBOUR_PART = 3.0, 0.1
"""A star is disturbed by this part of its flux nearer than this: seeing mixes it in differently in every visit."""
CLIP_SIGMA = 4.0
_LEAST_EPOCHS = 4  # of a star's track: position and motion leave two of them free
_LEAST_VISITS = 3  # of a star's mean flux in a band
_MAS_PER_DEGREE = 3.6e6
_MAG_PER_LN = 2.5 / np.log(10)


@dataclass(frozen=True, slots=True)
class Repeats:
    """Deviations of detections from their stars, made free of the part the detections have in their stars."""

    position_mas: F8
    """(n, 2) east and north of the star's own track, mas; NaN for stars with fewer than four detections."""
    magnitude: F8
    """(n,) fainter than the star's mean in the band, magnitudes; NaN with fewer than three visits in it."""
    pull: F8
    """(n,) of the flux: the deviation over its stated error."""


def repeats(detections: Catalog) -> Repeats:
    """Deviations of calibrated detections of isolated stars.

    A position is compared with a straight track through all detections of the star in all bands, weighted by
    their errors; a flux with the weighted mean of the star's fluxes in the band. Each is divided by
    ``sqrt(1 - h)``, ``h`` the part that the detection itself has in the fit.

    Parameters
    ----------
    detections : columns isolatedStarId, band, midpointMjdTai, coord_ra, coord_dec (degrees) and errors, psfFlux,
        psfFluxErr
    """
    _, star = np.unique(detections["isolatedStarId"], return_inverse=True)
    place = np.full((len(detections), 2), np.nan)
    years = (detections["midpointMjdTai"] - np.mean(detections["midpointMjdTai"])) / 365.25
    north = np.cos(np.radians(detections["coord_dec"]))
    for axis, (name, unit) in enumerate((("coord_ra", north), ("coord_dec", np.ones(len(north))))):
        error = np.asarray(detections[f"{name}Err"], np.float64) * _MAS_PER_DEGREE
        first = _first_of(detections[name], star)
        value = (((detections[name] - first + 180) % 360) - 180) * unit * _MAS_PER_DEGREE
        place[:, axis] = _off_track(value, error, years, star)
    _, group = np.unique(star * 1000 + _codes(detections["band"]), return_inverse=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        magnitude = -_MAG_PER_LN * np.log(detections["psfFlux"])
        error = _MAG_PER_LN * detections["psfFluxErr"] / detections["psfFlux"]
    off = _off_mean(magnitude, error, group)
    return Repeats(place, off, off / error)


def off_truth(detections: Catalog, stars: Catalog, epoch: float) -> F8:
    """(n, 2) east and north of the true star nearest to each detection, mas.

    Parameters
    ----------
    detections : columns midpointMjdTai, coord_ra, coord_dec (degrees)
    stars : true ones: ra, dec (degrees at the epoch), pm_ra, pm_dec (mas / yr), parallax (mas)
    epoch : TAI MJD
    """
    off = np.empty((len(detections), 2))
    for date in np.unique(detections["midpointMjdTai"]):
        rows = np.flatnonzero(detections["midpointMjdTai"] == date)
        true = apply_space_motion(
            np.radians(stars["ra"]), np.radians(stars["dec"]), stars["pm_ra"], stars["pm_dec"],
            stars["parallax"], epoch, float(date),
        )  # fmt: skip
        ra, dec = (detections[n][rows] for n in ("coord_ra", "coord_dec"))
        _, mine = KDTree(directions(*true)).query(directions(np.radians(ra), np.radians(dec)))
        true_ra, true_dec = (np.degrees(t[mine]) for t in true)
        off[rows, 0] = ((ra - true_ra + 180) % 360 - 180) * np.cos(np.radians(dec))
        off[rows, 1] = dec - true_dec
    return off * _MAS_PER_DEGREE


def absolute_measures(detections: Catalog, off: F8, band: str) -> dict[str, tuple[float, int]]:
    """Length of the mean offset of bright stars from the truth in one band, and number of detections behind it."""
    with np.errstate(invalid="ignore", divide="ignore"):
        bright = (detections["band"] == band) & (
            detections["psfFlux"] / detections["psfFluxErr"] > BRIGHT_SNR
        )
    value = float(np.hypot(*off[bright].mean(axis=0))) if bright.any() else float("nan")
    return {"absolute astrometry": (value, int(bright.sum()))}


def undisturbed(detections: Catalog, stars: Catalog, others: Catalog) -> Bools:
    """(n,) detections of stars that truly shine steadily and have no neighbour that matters, in their band.

    Parameters
    ----------
    detections : columns band, coord_ra, coord_dec (degrees)
    stars : true ones: ra, dec (degrees), flux_<band>, variable
    others : true galaxies: ra, dec, flux_<band>
    """
    place, true, other = (
        directions(np.radians(t[ra]), np.radians(t[dec]))
        for t, ra, dec in (
            (detections, "coord_ra", "coord_dec"), (stars, "ra", "dec"), (others, "ra", "dec"),
        )
    )  # fmt: skip
    apart, mine = KDTree(true).query(place)
    near = KDTree(np.concatenate([true, other])).query_ball_point(place, chord(_arcsec(NEIGHBOUR_ARCSEC)))
    owner = np.repeat(np.arange(len(place)), [len(n) for n in near])
    source = np.concatenate([np.zeros(0, np.int64), *(np.asarray(n, np.int64) for n in near)])
    good = (apart < chord(_arcsec(1.0))) & (stars["variable"][mine] == 0)
    for band in np.unique(detections["band"].astype(str)):
        flux = np.concatenate([t[f"flux_{band}"] for t in (stars, others)])
        own = flux[mine]
        light = np.bincount(owner, flux[source], len(place)) - own
        good &= (detections["band"] != band) | (light < NEIGHBOUR_PART * own)
    return np.asarray(good)


def pull_of_all(detections: Catalog, found: Repeats) -> dict[str, tuple[float, int]]:
    """Spread, less 1, of the pulls of all bands of stars whose errors are those of photons: S/N 20 to 100."""
    with np.errstate(invalid="ignore", divide="ignore"):
        snr = detections["psfFlux"] / detections["psfFluxErr"]
    pull = found.pull[(snr > FAIR_SNR) & (snr < BRIGHT_SNR) & np.isfinite(found.pull)]
    return {"pull of repeated fluxes, less 1": (clipped_rms(pull) - 1, len(pull))}


def clipped_rms(pulls: F8) -> float:
    """Root mean square of pulls within four standard deviations: half as noisy as their median absolute deviation."""
    inside = pulls[np.abs(pulls) < CLIP_SIGMA]
    return float(np.sqrt(np.mean(inside**2))) if len(inside) else float("nan")


def repeat_measures(detections: Catalog, found: Repeats, band: str) -> dict[str, tuple[float, int]]:
    """Value and number of detections behind it, by the name of the measure, in one band."""
    with np.errstate(invalid="ignore", divide="ignore"):
        snr = detections["psfFlux"] / detections["psfFluxErr"]
    mine = detections["band"] == band
    bright = mine & (snr > BRIGHT_SNR)
    error = _MAG_PER_LN / snr
    place = found.position_mas[bright & np.isfinite(found.position_mas).all(axis=1)]
    seen = bright & np.isfinite(found.magnitude)
    excess = excess_from_median(np.abs(found.magnitude[seen]), error[seen], MEDIAN_OF_ONE)
    pull = found.pull[mine & (snr > FAIR_SNR) & (snr < BRIGHT_SNR) & np.isfinite(found.pull)]
    return {
        "relative astrometry": (_spread(place.ravel()), len(place)),
        "photometric repeatability": (_spread(found.magnitude[seen]), int(seen.sum())),
        "photometric repeatability, photons taken off": (excess, int(seen.sum())),
        "pull of repeated fluxes": (clipped_rms(pull), len(pull)),
    }


def _arcsec(angle: float) -> float:
    return float(np.radians(angle / 3600))


def _first_of(values: F8, star: npt.NDArray[np.intp]) -> F8:
    """Value of the first detection of each star, by detection."""
    _, first = np.unique(star, return_index=True)
    return np.asarray(values[first][star], np.float64)


def _codes(texts: npt.NDArray[np.object_]) -> npt.NDArray[np.intp]:
    return np.unique(texts.astype(str), return_inverse=True)[1]


def _off_mean(value: F8, error: F8, group: npt.NDArray[np.intp]) -> F8:
    good = np.isfinite(value) & (error > 0)
    weight = np.where(good, 1 / np.where(good, error, 1.0) ** 2, 0.0)
    total = np.bincount(group, weight)
    count = np.bincount(group, good)
    mean = np.bincount(group, weight * np.where(good, value, 0.0)) / np.where(total > 0, total, 1)
    part = weight / np.where(total > 0, total, 1)[group]
    off = (value - mean[group]) / np.sqrt(np.maximum(1 - part, 1e-6))
    return np.where(good & (count[group] >= _LEAST_VISITS), off, np.nan)


def _off_track(value: F8, error: F8, time: F8, star: npt.NDArray[np.intp]) -> F8:
    """Weighted straight line for each star, in closed form."""
    good = np.isfinite(value) & (error > 0)
    weight = np.where(good, 1 / np.where(good, error, 1.0) ** 2, 0.0)
    v = np.where(good, value, 0.0)
    s0, s1, s2, t0, t1 = (
        np.bincount(star, weight * f) for f in (np.ones_like(time), time, time**2, v, v * time)
    )
    count = np.bincount(star, good)
    determinant = s0 * s2 - s1**2
    moving = (count >= _LEAST_EPOCHS) & (determinant > 1e-9 * np.maximum(s0 * s2, 1e-300))
    safe = np.where(moving, determinant, 1.0)
    slope = np.where(moving, (s0 * t1 - s1 * t0) / safe, 0.0)
    level = np.where(moving, (s2 * t0 - s1 * t1) / safe, t0 / np.where(s0 > 0, s0, 1))
    part = weight * (s2[star] - 2 * time * s1[star] + time**2 * s0[star]) / safe[star]
    off = (value - level[star] - slope[star] * time) / np.sqrt(np.maximum(1 - part, 1e-6))
    return np.where(good & moving[star] & (part < 0.95), off, np.nan)


def _spread(values: F8) -> float:
    """Half of the central 68.3 %: what a minority of variable stars hardly moves."""
    return float(np.diff(np.percentile(values, [15.87, 84.13]))[0] / 2) if len(values) else float("nan")
