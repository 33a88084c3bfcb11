"""Objects of one patch beside what the simulator put there."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import KDTree

from gnomon.algorithms.measure.profiles import de_vaucouleurs, exponential
from gnomon.algorithms.photometry.zero_point import AB_NJY
from gnomon.algorithms.validation.joint import clipped_rms
from gnomon.containers.catalog import Catalog
from gnomon.flags import SOURCE

F8 = npt.NDArray[np.float64]
B1 = npt.NDArray[np.bool_]
I8 = npt.NDArray[np.int64]

MATCH_ARCSEC = 0.5
ALONE_ARCSEC = 3.0  # a source is alone where nothing true of `ALONE_PART` of its flux is nearer
ALONE_PART = 0.02
ALONE_BLENDEDNESS = 0.1  # and no more of the light in its pixels is that of brighter ones farther off
UNSOUND = sum(SOURCE[n] for n in ("saturated", "edge", "badCenter"))
COLOURS = (("g", "r"), ("r", "i"), ("i", "z"))
FAINT_SNR = 10.0  # errors of fainter objects are those of the sky
FAIR_SNR = 50.0  # below it, errors of calibration are small beside those of photons


@dataclass(frozen=True, slots=True)
class TrueSources:
    """n stars and galaxies as the visits of a patch saw them on average, bands in one order."""

    ra: F8
    """(n,) degrees."""
    dec: F8
    """(n,) degrees."""
    is_star: B1
    """(n,) a star."""
    is_galaxy: B1
    """(n,) a galaxy; what is neither is a transient, that need not be found but is no fault either."""
    constant: B1
    """(n,) whether it shines steadily."""
    flux: F8
    """(n, n_bands) mean, nJy; NaN in bands without a visit."""
    snr: F8
    """(n, n_bands) of a matched filter of the PSF on the coadd, as if the source were alone; 0 where not seen."""
    overshone: B1
    """(n,) brighter neighbours are brighter at its place than its own peak: see `overshone`."""

    def take(self, rows: npt.NDArray[np.generic]) -> "TrueSources":
        """Some of them."""
        return TrueSources(*(getattr(self, n)[rows] for n in self.__dataclass_fields__))


def filter_loss(half_light_px: F8, bulge: F8, sigma_px: F8) -> F8:
    """(n,) peak of PSF-filtered galaxies over that of a star of the same flux, for a Gaussian PSF.

    Parameters
    ----------
    half_light_px : (n,) of the disc, pixels; that of the bulge is 0.6 of it. 0 for stars.
    bulge : (n,) part of the light in the bulge.
    sigma_px : (n,) of the PSF, pixels.
    """
    t = np.linspace(0.02, 3.5, 80)  # k sigma
    weight = t * np.exp(-(t**2))
    k2 = (t / sigma_px[:, None]) ** 2 * half_light_px[:, None] ** 2
    light = (1 - bulge[:, None]) * exponential(k2)[0] + bulge[:, None] * de_vaucouleurs(0.36 * k2)[0]
    return np.asarray(light @ weight / weight.sum())


def match_objects(objects: Catalog, truth: TrueSources) -> tuple[I8, I8]:
    """Rows of objects and of the brightest true source within half an arcsecond of each."""
    if not len(objects) or not len(truth.ra):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    brightness = np.nansum(truth.flux, axis=1)
    near = _tree(truth.ra, truth.dec, truth).query_ball_point(
        _plane(objects["coord_ra"], objects["coord_dec"], truth), MATCH_ARCSEC
    )
    rows = [(k, c[int(np.argmax(brightness[c]))]) for k, c in enumerate(near) if c]
    pairs = np.array(rows, np.int64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def is_alone(truth: TrueSources) -> B1:
    """(n,) nothing of a fiftieth of its light, in any band that both have, within 3 arcsec."""
    alone = np.ones(len(truth.ra), np.bool_)
    if len(alone) < 2:
        return alone
    pairs = _tree(truth.ra, truth.dec, truth).query_pairs(ALONE_ARCSEC, output_type="ndarray")
    for a, b in (pairs.T, pairs.T[::-1]):
        with np.errstate(invalid="ignore"):
            disturbed = (truth.flux[b] > ALONE_PART * truth.flux[a]).any(axis=1)
        alone[a[disturbed]] = False
    return alone


def overshone(ra: F8, dec: F8, flux: F8, profile: F8, scale: float) -> B1:
    """(n,) whether the light of brighter neighbours, taken as stars, exceeds a source's own peak.

    Such a source makes no peak of its own, however strong it is alone.

    Parameters
    ----------
    ra, dec : (n,) degrees.
    flux : (n,) any unit.
    profile : PSF along a row from its middle on, 1 at the middle.
    scale : arcsec a pixel.
    """
    if len(ra) < 2:
        return np.zeros(len(ra), np.bool_)
    plane = _offsets(ra, dec, ra[0], float(np.median(dec))) / scale
    pairs = KDTree(plane).query_pairs(len(profile) - 1, output_type="ndarray")
    apart = np.hypot(*(plane[pairs[:, 0]] - plane[pairs[:, 1]]).T)
    seen = np.interp(apart, np.arange(len(profile)), profile)
    other = np.zeros(len(ra))
    for a, b in (pairs.T, pairs.T[::-1]):
        np.add.at(other, a, np.where(flux[b] > flux[a], flux[b], 0.0) * seen)
    return np.asarray(other > flux)


def check_patch(
    objects: Catalog, truth: TrueSources, bands: tuple[str, ...]
) -> Mapping[tuple[str, str], tuple[float, int]]:
    """Value and number of objects by quantity and band.

    Parameters
    ----------
    objects : primary objects of the patch.
    truth : true sources in its inner region.
    bands : order of the bands of the truth.
    """
    found, true = match_objects(objects, truth)
    alone = is_alone(truth)
    best = truth.snr.max(axis=1, initial=0.0)
    rows: dict[tuple[str, str], tuple[float, int]] = {}
    strong = (best > 10) & (truth.is_star | truth.is_galaxy)
    parts = (("", ~truth.overshone), (", alone", alone), (", overshone", truth.overshone))
    for name, part in parts:
        wanted = strong & part
        rows["object completeness" + name, ""] = _mean(np.isin(np.flatnonzero(wanted), true))
    real = np.zeros(len(objects), np.bool_)
    real[found] = best[true] > 1
    rows["object purity", ""] = _mean(real[objects["detect_significance"] > 10])
    sound = (objects["flags"][found] & np.uint32(UNSOUND)) == 0
    lone = sound & alone[true] & ~(objects["blendedness"][found] > ALONE_BLENDEDNESS)
    pairs = objects.take(found[lone]), truth.take(true[lone])
    for k, band in enumerate(bands):
        rows |= _fluxes(*pairs, k, band)
    rows |= _colours(*pairs, bands)
    return rows


def depth(objects: Catalog, band: str, n_visits: int) -> tuple[float, int]:
    """Median magnitude at five sigma of the sky where all visits of a band meet, and the number of objects."""
    flux, err = objects[f"{band}_psfFlux"], objects[f"{band}_psfFluxErr"]
    with np.errstate(invalid="ignore"):
        faint = (flux < FAINT_SNR * err) & (objects[f"{band}_nVisit"] == n_visits) & (err > 0)
    if not faint.any():
        return np.nan, 0
    return float(np.median(AB_NJY - 2.5 * np.log10(5 * err[faint]))), int(faint.sum())


def _fluxes(
    objects: Catalog, truth: TrueSources, k: int, band: str
) -> dict[tuple[str, str], tuple[float, int]]:
    """PSF fluxes of constant stars and model fluxes of galaxies, all of them alone."""
    flux, snr, steady = truth.flux[:, k], truth.snr[:, k], truth.is_star & truth.constant
    psf, err = objects[f"{band}_psfFlux"], objects[f"{band}_psfFluxErr"]
    model = objects[f"{band}_cModelFlux"]
    bright, fair = steady & (snr > 30), steady & (snr < FAIR_SNR) & (truth.snr.max(axis=1) > 10)
    galaxy = truth.is_galaxy & (snr > 30)
    with np.errstate(invalid="ignore", divide="ignore"):
        pull, n = _pull(((psf - flux) / err)[fair])
        return {
            ("coadd PSF flux bias", band): _median((psf / flux)[bright] - 1),
            ("coadd PSF flux pull, less 1", band): (pull - 1, n),
            ("model flux bias of galaxies", band): _median((model / flux)[galaxy] - 1),
        }


def _colours(
    objects: Catalog, truth: TrueSources, bands: tuple[str, ...]
) -> dict[tuple[str, str], tuple[float, int]]:
    """Colours of galaxies from model fluxes, against the truth."""
    rows: dict[tuple[str, str], tuple[float, int]] = {}
    for a, b in COLOURS:
        if a not in bands or b not in bands:
            continue
        i, j = bands.index(a), bands.index(b)
        good = truth.is_galaxy & (truth.snr[:, [i, j]] > 30).all(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            seen = objects[f"{a}_cModelFlux"] / objects[f"{b}_cModelFlux"]
            off = -2.5 * np.log10(seen * truth.flux[:, j] / truth.flux[:, i])
        rows[f"model colour bias {a}-{b}", ""] = _median(off[good])
    return rows


def _plane(ra: F8, dec: F8, truth: TrueSources) -> F8:
    return _offsets(ra, dec, truth.ra[0], float(np.median(truth.dec)))


def _offsets(ra: F8, dec: F8, ra0: float, dec0: float) -> F8:
    """(n, 2) arcsec on a plane about a place; right ascension may wrap."""
    east = ((ra - ra0 + 180) % 360 - 180) * np.cos(np.radians(dec0))
    return np.stack([east, dec - dec0], -1) * 3600


def _tree(ra: F8, dec: F8, truth: TrueSources) -> KDTree:
    return KDTree(_plane(ra, dec, truth))


def _mean(values: B1) -> tuple[float, int]:
    return (float(values.mean()) if len(values) else np.nan), len(values)


def _median(values: F8) -> tuple[float, int]:
    good = values[np.isfinite(values)]
    return (float(np.median(good)) if len(good) else np.nan), len(good)


def _pull(values: F8) -> tuple[float, int]:
    """Root mean square within four standard deviations, and the number of values."""
    good = values[np.isfinite(values)]
    return clipped_rms(good), len(good)
