"""One patch in one band from all visits that cover it."""

from collections.abc import Sequence
from functools import cache, partial

import numpy as np

from gnomon.algorithms.coadd import ArtifactSettings
from gnomon.algorithms.coadd.patch import CoaddInput, Over, PatchOptions, best_seeing, coadd_patch
from gnomon.containers.calibrated import CalibratedImage, view_of
from gnomon.containers.catalog import Catalog
from gnomon.containers.coadd import Coadd, PatchCoadd
from gnomon.containers.dataid import DataId
from gnomon.containers.parts import Parts
from gnomon.containers.skymap import SkyMap
from gnomon.containers.wcs import Wcs
from gnomon.errors import ConfigError, UnprocessableData
from gnomon.pipeline.coadd import KINDS, TEMPLATE, CoaddConfig

_CORNERS = ("ll", "lr", "ur", "ul")


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
    inputs = _chosen(_inputs(summaries, images, wcs), data_id.kind, config)
    options = PatchOptions(
        config.psf_size_px, ArtifactSettings(sigma=config.artifact_sigma), config.memory_mb
    )
    made = coadd_patch(skymap.grid.cells(), side, wcs, inputs, options, over)
    cells = tuple(sorted(made, key=lambda c: c.cell.index))
    if not any(len(c.visit) for c in cells):
        raise UnprocessableData(
            f"none of {len(inputs)} detectors in {len(summaries)} visits covers a cell whole"
        )
    patch = PatchCoadd(cells, wcs, (side, side))
    return Coadd(patch.stitched(), patch.count(), wcs, patch.psf(), data_id.band, patch.inputs())


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


def _chosen(inputs: list[CoaddInput], kind: str, config: CoaddConfig) -> list[CoaddInput]:
    """Those of a kind of coadd: all within the seeing limit, or the best of these."""
    template = kind.startswith(TEMPLATE)
    if kind not in KINDS and not template:
        raise ConfigError(
            f"there is no coadd of kind {kind!r}; known: {', '.join(KINDS)}, {TEMPLATE}<season>"
        )
    good = [i for i in inputs if i.seeing <= config.max_seeing_arcsec]
    return best_seeing(good, config.template_share, config.template_visits) if template else good
