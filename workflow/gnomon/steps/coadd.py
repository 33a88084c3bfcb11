"""One patch in one band from all visits that cover it."""

from collections.abc import Sequence
from functools import cache, partial

import numpy as np

from gnomon.algorithms.coadd import ArtifactSettings
from gnomon.algorithms.coadd.patch import CoaddInput, Over, PatchOptions, coadd_patch
from gnomon.algorithms.coadd.select import Rule, reasons
from gnomon.containers.calibrated import CalibratedImage, view_of
from gnomon.containers.catalog import Catalog
from gnomon.containers.coadd import Coadd, PatchCoadd, Selection
from gnomon.containers.dataid import DataId
from gnomon.containers.parts import Parts
from gnomon.containers.skymap import SkyMap
from gnomon.containers.wcs import Wcs
from gnomon.errors import ConfigError, UnprocessableData
from gnomon.pipeline.coadd import KINDS, ON_REQUEST, TEMPLATE, CoaddConfig

_CORNERS = ("ll", "lr", "ur", "ul")
_NARROWER = 0.95  # of the model's FWHM: what is wider could only be matched by amplifying its noise
_FWHM = 2.3548200450309493  # of a Gaussian over its standard deviation


def coadd(
    skymap: SkyMap,
    summaries: Sequence[Catalog],
    images: Sequence[Parts[CalibratedImage]],
    *,
    data_id: DataId,
    config: CoaddConfig,
    over: Over | None = None,
) -> Coadd:
    """Warp every detector that covers a cell whole, and average cell by cell without artifacts.

    ``over`` says who works on which cells; see `gnomon.parallel`.
    """
    wcs, side = skymap.patch_wcs(data_id.tract, data_id.patch), skymap.grid.patch_outer
    found = _inputs(summaries, images, wcs)
    why = reasons([i.visit for i in found], [i.seeing for i in found], _rule(data_id.kind, config))
    inputs = [i for i, reason in zip(found, why, strict=True) if not reason]
    options = PatchOptions(
        config.psf_size_px,
        ArtifactSettings(sigma=config.artifact_sigma),
        config.memory_mb,
        _matched_sigma(data_id.kind, config, wcs),
        noise=not data_id.kind.startswith(TEMPLATE),
    )
    made = coadd_patch(skymap.grid.cells(), side, wcs, inputs, options, over)
    cells = tuple(sorted(made, key=lambda c: c.cell.index))
    if not any(len(c.visit) for c in cells):
        raise UnprocessableData(
            f"none of {len(inputs)} detectors chosen of {len(summaries)} visits covers a cell whole"
        )
    patch = PatchCoadd(cells, wcs, (side, side))
    considered = Selection(tuple(i.visit for i in found), tuple(i.detector for i in found), tuple(why))
    planes = patch.stitched(), patch.count(), wcs, patch.psf()
    lists = patch.inputs(), patch.masked_fraction(), considered
    return Coadd(*planes, data_id.band, *lists, noise=patch.noise())


def _inputs(
    summaries: Sequence[Catalog], images: Sequence[Parts[CalibratedImage]], wcs: Wcs
) -> list[CoaddInput]:
    """Detectors in order of visit and number, with their place on the patch."""
    found = []
    for table, parts in zip(summaries, images, strict=True):
        for row in range(len(table)):
            number = int(table["detector"][row])
            ra, dec = (np.radians([table[f"{c}{n}"][row] for c in _CORNERS]) for n in ("cra", "cdec"))
            x, y = wcs.sky_to_pixel(ra, dec)
            bounds = float(x.min()), float(y.min()), float(x.max()), float(y.max())
            visit, seeing = int(table["visit"][row]), float(table["seeing"][row])
            if number in parts and np.isfinite(bounds).all():
                view = cache(partial(view_of, parts, number))
                found.append(CoaddInput(visit, number, seeing, bounds, view))
    return sorted(found, key=lambda i: (i.visit, i.detector))


def _rule(kind: str, config: CoaddConfig) -> Rule:
    """What a kind of coadd asks of its inputs."""
    if kind.startswith(TEMPLATE):
        return Rule(config.max_seeing_arcsec, config.template_share, config.template_visits)
    match kind:
        case "deep":
            return Rule(config.max_seeing_arcsec)
        case "good_seeing":
            return Rule(config.max_seeing_arcsec, config.good_seeing_share)
        case "psf_matched":
            return Rule(min(config.max_seeing_arcsec, _NARROWER * config.matched_fwhm_arcsec))
    known = ", ".join((*KINDS, *ON_REQUEST, f"{TEMPLATE}<season>"))
    raise ConfigError(f"there is no coadd of kind {kind!r}; known: {known}")


def _matched_sigma(kind: str, config: CoaddConfig, wcs: Wcs) -> float:
    """Standard deviation of the PSF that warps are convolved to, pixels; 0 where they are not."""
    fwhm = np.radians(config.matched_fwhm_arcsec / 3600) / wcs.pixel_scale()
    return float(fwhm / _FWHM) if kind == "psf_matched" else 0.0
