"""Maps of what the deep coadds of a tract were made of."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.coadd.properties import (
    FINER,
    cell_depth,
    cell_statistics,
    covered_share,
    tract_pixels,
    turned_ellipticity,
)
from gnomon.algorithms.dcr.refraction import horizon
from gnomon.containers.catalog import Catalog
from gnomon.containers.coadd import Coadd
from gnomon.containers.dataid import DataId
from gnomon.containers.instrument import Instrument
from gnomon.containers.skymap import SkyMap
from gnomon.containers.sparsemap import SparseMap
from gnomon.containers.wcs import Wcs
from gnomon.errors import UnprocessableData
from gnomon.pipeline.coadd import PropertyMapsConfig

F8 = npt.NDArray[np.float64]
_CORNERS = ("ll", "lr", "ur", "ul")
Rows = Mapping[tuple[int, int], tuple[Catalog, int]]


def property_maps(
    skymap: SkyMap,
    instrument: Instrument,
    summaries: Sequence[Catalog],
    coadds: Sequence[Coadd],
    *,
    data_id: DataId,
    config: PropertyMapsConfig,
) -> SparseMap:
    """Cell by cell the least, means and greatest property of the inputs, given to the pixels of the tract."""
    seen = [c for c in coadds if c.wcs is not None]
    if not seen:
        raise UnprocessableData("; ".join(dict.fromkeys(c.empty_reason for c in coadds)) or "no coadds")
    rows = {
        (int(v), int(d)): (t, k)
        for t in summaries
        for k, (v, d) in enumerate(zip(t["visit"], t["detector"], strict=True))
    }
    pixels = tract_pixels(skymap, data_id.tract, config.nside)
    maps: dict[str, F8] = {}
    middle = skymap.grid.patch_outer / 2
    for coadd in seen:
        mine = np.flatnonzero(pixels.patch == coadd.data_id.patch)
        for name, values in _properties(coadd, rows, instrument, middle).items():
            whole = maps.setdefault(f"{coadd.band}_{name}", np.full(len(pixels.pixel), np.nan))
            whole[mine] = values[pixels.cell[mine]]
    finer = tract_pixels(skymap, data_id.tract, FINER * config.nside)
    for band in sorted({c.band for c in seen}):
        covered = {c.data_id.patch: c.cell_covered for c in seen if c.band == band}
        maps[f"{band}_coverage"] = covered_share(pixels, finer, covered)
    total = np.nansum([v for n, v in maps.items() if n.endswith("_n_exposure")], axis=0)
    there = total > 0
    precise = {n: np.float64 if "_epoch_" in n else np.float32 for n in maps}
    columns = {n: maps[n][there].astype(precise[n]) for n in sorted(maps)}
    return SparseMap(
        config.nside, pixels.pixel[there], {"n_exposure": total[there].astype(np.float32), **columns}
    )


def _properties(coadd: Coadd, rows: Rows, instrument: Instrument, middle: float) -> dict[str, F8]:
    """(n_cells,) by name of one patch in one band."""
    assert coadd.wcs is not None
    inputs, n_cells = coadd.inputs, len(coadd.psf.images)
    pairs, of = np.unique(np.stack([inputs.visit, inputs.detector], -1), axis=0, return_inverse=True)
    found = [rows[int(v), int(d)] for v, d in pairs]
    alone = _of_detectors(coadd.wcs, found, instrument, middle)
    values = {name: value[of.ravel()] for name, value in alone.items()}
    exposed = np.bincount(inputs.cell, values.pop("exposure_time"), n_cells)
    made = cell_depth(inputs, coadd.psf.images)
    made["psf_fwhm"] = made["psf_fwhm"] * np.degrees(coadd.wcs.pixel_scale()) * 3600
    time = {"exposure_time": np.where(np.isfinite(made["n_exposure"]), exposed, np.nan)}
    masked = {"masked_fraction": np.where(np.isfinite(made["n_exposure"]), coadd.cell_masked, np.nan)}
    return {**time, **made, **masked, **cell_statistics(inputs, values, n_cells)}


def _of_detectors(
    wcs: Wcs, found: Sequence[tuple[Catalog, int]], instrument: Instrument, middle: float
) -> dict[str, F8]:
    """(n,) properties of single detectors by name; the air is that above the middle of the patch."""

    def column(name: str) -> F8:
        return np.array([float(t[name][k]) for t, k in found])

    corners = (np.radians(np.stack([column(f"{c}{n}") for c in _CORNERS], -1)) for n in ("cra", "cdec"))
    x, y = wcs.sky_to_pixel(*corners)
    e1, e2 = turned_ellipticity(column("psfE1"), column("psfE2"), x, y)
    ra, dec = (float(v) for v in wcs.pixel_to_sky(middle, middle))
    site = np.radians(instrument.longitude_deg), np.radians(instrument.latitude_deg)
    epoch = column("midpointMjdTai")
    away, angle = horizon(ra, dec, epoch, float(site[0]), float(site[1]))
    shift = np.tan(away)
    return {
        "exposure_time": column("exptime"),
        "psf_size": column("seeing"),
        "psf_e1": e1,
        "psf_e2": e2,
        "sky_background": column("skyBg"),
        "sky_noise": column("skyNoise"),
        "dcr_dra": shift * np.sin(angle),
        "dcr_ddec": shift * np.cos(angle),
        "dcr_e1": shift**2 * np.cos(2 * angle),
        "dcr_e2": shift**2 * np.sin(2 * angle),
        "epoch": epoch,
    }
