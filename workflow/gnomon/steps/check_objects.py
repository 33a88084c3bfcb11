"""The objects of a patch beside the simulator's truth."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.photometry.zero_point import AB_NJY
from gnomon.algorithms.validation.bars import check_rows
from gnomon.algorithms.validation.objects import (
    TrueSources,
    check_patch,
    depth,
    filter_loss,
    overshone,
)
from gnomon.containers.catalog import Catalog, concatenate
from gnomon.containers.coadd import Coadd
from gnomon.containers.dataid import DataId
from gnomon.containers.skymap import SkyMap
from gnomon.errors import UnprocessableData
from gnomon.pipeline.release import CheckObjectsConfig
from gnomon.sim.recipe import SurveyRecipe
from gnomon.sim.schedule import DARK_S, visits
from gnomon.sim.sky import GALAXY, STAR, TRANSIENT

F8 = npt.NDArray[np.float64]
READ_NOISE_SQUARED = 45.0
"""Electrons squared a pixel, of all amplifiers of the simulated camera."""


def check_objects(
    recipe: SurveyRecipe,
    skymap: SkyMap,
    stars: Catalog,
    galaxies: Catalog,
    sources: Sequence[Catalog],
    detectors: Sequence[Catalog],
    coadds: Sequence[Coadd],
    objects: Catalog,
    *,
    data_id: DataId,
    config: CheckObjectsConfig,
) -> Catalog:
    """Completeness, depth, fluxes and colours of the primary objects of a patch against what was simulated."""
    if not len(objects):
        raise UnprocessableData(str(objects.meta.get("empty_reason", "no objects")))
    seen = [c for c in coadds if c.wcs is not None]
    bands = tuple(c.band for c in seen)
    band_of = {v.visit: v.band for v in visits(recipe)}
    sources = [_banded(s, band_of) for s in sources if len(s)]
    detectors = [_banded(d, band_of) for d in detectors if len(d)]
    scale = recipe.camera.pixel_scale_arcsec
    primary = objects.take(objects["detect_isPrimary"])
    truth = _truth(concatenate(sources), stars, galaxies, seen, scale)
    here = skymap.is_primary(data_id.tract, data_id.patch, np.radians(truth.ra), np.radians(truth.dec))
    rows = dict(check_patch(primary, truth.take(here & (truth.snr > 0).any(axis=1)), bands))
    for band in bands:
        mine = [d for d in detectors if d["band"][0] == band]
        value, n = depth(primary, band, len(mine))
        rows["coadd depth", band] = value, n
        rows["coadd depth error", band] = value - _expected_depth(mine, scale, _readout_variance(recipe)), n
    return check_rows(rows)


def _banded(table: Catalog, band_of: Mapping[int, str]) -> Catalog:
    """A truth table of one visit with the band of its rows."""
    visit = int(str(table.meta["data_id"]).removeprefix("visit="))
    return table.with_columns(band=np.full(len(table), band_of[visit], object))


def _truth(
    sources: Catalog, stars: Catalog, galaxies: Catalog, coadds: Sequence[Coadd], scale: float
) -> TrueSources:
    """Mean place and flux of each star and galaxy over the visits, and its S/N for the inputs the coadd has there."""
    mine = sources.take(np.isin(sources["kind"], (STAR, GALAXY, TRANSIENT)))
    identity, first, row = np.unique(mine["id"], return_index=True, return_inverse=True)
    n = np.bincount(row)
    ra, dec = (np.bincount(row, mine[c] - mine[c][0]) / n + mine[c][0] for c in ("ra", "dec"))
    is_star, is_galaxy = (mine["kind"][first] == kind for kind in (STAR, GALAXY))
    number = mine["row"][first]
    galaxy = np.where(is_galaxy, number, 0)
    half_light = np.where(is_galaxy, galaxies["half_light"][galaxy], 0.0) / scale
    bulge = np.where(is_galaxy, galaxies["bulge_fraction"][galaxy], 0.0)
    flux, snr = (np.zeros((len(identity), len(coadds))) for _ in range(2))
    for k, coadd in enumerate(coadds):
        of = mine["band"] == coadd.band
        count = np.maximum(np.bincount(row[of], minlength=len(identity)), 1)
        flux[:, k] = np.bincount(row[of], mine["flux"][of], len(identity)) / count
        one = np.bincount(row[of], mine["snr"][of] ** 2, len(identity)) / count
        wide = filter_loss(half_light, bulge, np.full(len(identity), _psf_sigma(coadd)))
        snr[:, k] = np.sqrt(one * _count(coadd, ra, dec)) * wide
    star = np.where(is_star, number, 0)
    constant = is_star & (stars["variable"][star] == 0)
    return TrueSources(
        ra, dec, is_star, is_galaxy, constant, flux, snr, _overshone(ra, dec, flux, coadds, scale)
    )


def _overshone(ra: F8, dec: F8, flux: F8, coadds: Sequence[Coadd], scale: float) -> npt.NDArray[np.bool_]:
    """(n,) whether stars' light of brighter neighbours exceeds a source's own peak, all bands together."""
    stamp: F8 = np.stack([c.psf.basis.mean(axis=0) for c in coadds]).mean(axis=0, dtype=np.float64)
    middle = stamp.shape[0] // 2
    profile = stamp[middle, middle:] / stamp[middle, middle]
    return overshone(ra, dec, flux.sum(axis=1), profile, scale)


def _count(coadd: Coadd, ra: F8, dec: F8) -> F8:
    """Inputs of the coadd at places on the sky; 0 outside."""
    if coadd.wcs is None:
        return np.zeros(len(ra))
    x, y = (np.rint(v).astype(np.int64) for v in coadd.wcs.sky_to_pixel(np.radians(ra), np.radians(dec)))
    ny, nx = coadd.count.shape
    inside = (x >= 0) & (y >= 0) & (x < nx) & (y < ny)
    return np.where(inside, coadd.count[np.where(inside, y, 0), np.where(inside, x, 0)], 0).astype(np.float64)


def _psf_sigma(coadd: Coadd) -> float:
    """Of the Gaussian with the noise-equivalent area of the coadd's mean PSF, pixels."""
    psf = coadd.psf.basis.mean(axis=0, dtype=np.float64)
    return float(np.sqrt(psf.sum() ** 2 / np.sum(psf**2) / (4 * np.pi)))


def _readout_variance(recipe: SurveyRecipe) -> float:
    """Electrons squared a pixel that an exposure has without light, with what bias and dark frames add.

    Of n_b biases b and n_d darks of T s, an exposure of t s loses b + (d - b) t / T: (1 - t / T) of the noise of the
    mean bias, t / T of that of the mean dark.
    """
    biases, darks = sum(n.biases for n in recipe.nights), sum(n.darks for n in recipe.nights)
    part, current = recipe.exptime_s / DARK_S, recipe.camera.dark_current
    from_bias = READ_NOISE_SQUARED * (1 - part) ** 2 / max(biases, 1)
    from_dark = part**2 * (READ_NOISE_SQUARED + current * DARK_S) / max(darks, 1)
    return READ_NOISE_SQUARED + current * recipe.exptime_s + from_bias + from_dark


def _expected_depth(detectors: Sequence[Catalog], scale: float, readout: float) -> float:
    """Magnitude at five sigma of the mean, weighted by inverse variance, of visits of known sky, seeing, zero point."""
    if not detectors:
        return np.nan
    rows = [
        (
            np.mean((d["background"] + readout) / d["response"] ** 2)
            * 10 ** (0.8 * (AB_NJY - d["zero_point"][0])),
            np.mean(d["fwhm"]),
        )
        for d in detectors
    ]
    variance, fwhm = np.array(rows).T
    weight = (1 / variance) / np.sum(1 / variance)
    width = (fwhm / scale / 2.3548) ** 2
    # integral of the square of a weighted mean of Gaussians
    area = 1 / np.sum(weight[:, None] * weight / (2 * np.pi * (width[:, None] + width)))
    return float(AB_NJY - 2.5 * np.log10(5 * np.sqrt(area / np.sum(1 / variance))))
