"""One patch in one band from all visits that cover it."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache, partial
from zlib import crc32

import numpy as np

from gnomon.algorithms.coadd import ArtifactSettings
from gnomon.algorithms.coadd.chromatic import Refraction
from gnomon.algorithms.coadd.patch import CoaddInput, Over, PatchOptions, coadd_patch
from gnomon.algorithms.coadd.select import Quality, Rule, quality, reasons
from gnomon.algorithms.dcr.refraction import EDGES_NM, PARTS, subband_refraction, toward_zenith
from gnomon.containers.calibrated import CalibratedImage, view_of
from gnomon.containers.catalog import Catalog
from gnomon.containers.coadd import Coadd, CoaddInputs, PatchCoadd, Selection, cell_means
from gnomon.containers.dataid import DataId
from gnomon.containers.instrument import Instrument
from gnomon.containers.parts import Parts
from gnomon.containers.skymap import SkyMap
from gnomon.containers.wcs import Wcs
from gnomon.errors import ConfigError, UnprocessableData
from gnomon.pipeline.coadd import DCR, KINDS, ON_REQUEST, TEMPLATE, CoaddConfig

_CORNERS = ("ll", "lr", "ur", "ul")
_NARROWER = 0.95  # of the model's FWHM: what is wider could only be matched by amplifying its noise
_UNUSED = "covers no cell whole without being masked"
_JUDGED = ("seeing", "psfE1", "psfE2", "zeroPoint", "exptime", "skyNoise", "transparency")
_EXPOSED = ("visit", "detector", "midpointMjdTai")
_FWHM = 2.3548200450309493  # of a Gaussian over its standard deviation


def coadd(
    skymap: SkyMap,
    summaries: Sequence[Catalog],
    images: Sequence[Parts[CalibratedImage]],
    instrument: Instrument,
    *,
    data_id: DataId,
    config: CoaddConfig,
    over: Over | None = None,
) -> Coadd:
    """Warp every detector that covers a cell whole, and average cell by cell without artifacts.

    Kinds are deep, good_seeing, template_<k>, psf_matched and dcr. Threads or ranks share the cells (``over``).
    """
    wcs, side = skymap.patch_wcs(data_id.tract, data_id.patch), skymap.grid.patch_outer
    found = _inputs(summaries, images, wcs, data_id.band)
    judged = _quality(summaries, found)
    why = reasons([i.visit for i in found], judged, _rule(data_id.kind, config))
    inputs = [i for i, reason in zip(found, why, strict=True) if not reason]
    site = float(np.radians(instrument.longitude_deg)), float(np.radians(instrument.latitude_deg))
    options = PatchOptions(
        config.psf_size_px,
        ArtifactSettings(sigma=config.artifact_sigma),
        config.memory_mb,
        _matched_sigma(data_id.kind, config, wcs),
        noise=_noise_key(data_id),
        refraction=_refraction(summaries, (wcs, side), site, data_id, config),
    )
    patch = PatchCoadd.of(coadd_patch(skymap.grid.cells(), side, wcs, inputs, options, over), (side, side))
    if not any(len(c.visit) for c in patch.cells):
        raise UnprocessableData(
            f"none of {len(inputs)} detectors chosen of {len(summaries)} visits covers a cell whole"
            + "".join(f"; the first left out: {reason}" for reason in [*filter(None, why)][:1])
        )
    rows, considered = patch.rows, _considered(found, judged, why, patch.inputs())
    planes = rows.image, rows.count, wcs, patch.psf()
    lists = patch.inputs(), rows.masked_fraction, considered
    parts = tuple(options.refraction.parts.tolist()) if options.refraction is not None else ()
    shares = cell_means(rows.masked_fraction, planes[3]), cell_means(rows.image.variance > 0, planes[3])
    return Coadd(*planes, data_id.band, *lists, "", rows.noise, rows.parts, parts, data_id, site, *shares)


def _noise_key(data_id: DataId) -> int | None:
    """What the noise realisation of a patch is drawn under; None for the kinds that have none."""
    if data_id.kind.startswith(TEMPLATE) or data_id.kind == "psf_matched":
        return None
    return crc32(f"{data_id.tract}/{data_id.patch}/{data_id.band}/{data_id.kind}".encode())


def _refraction(
    summaries: Sequence[Catalog],
    patch: tuple[Wcs, int],
    site: tuple[float, float],
    data_id: DataId,
    config: CoaddConfig,
) -> Refraction | None:
    """How parts of the band are displaced on the patch in each detector; None for kinds that do not ask.

    A template where nothing is known of the air is a plain mean.
    """
    known = data_id.band in EDGES_NM and np.isfinite(site).all()
    if data_id.kind == DCR and not known:
        raise UnprocessableData(
            f"refraction needs the site's latitude, and a band of {', '.join(EDGES_NM)}; found {data_id.band}"
        )
    template = data_id.kind.startswith(TEMPLATE) and config.template_kind == "dcr"
    if not known or not (data_id.kind == DCR or template):
        return None
    wcs, side = patch
    rows = [(int(v), int(d), t) for s in summaries for v, d, t in zip(*(s[c] for c in _EXPOSED), strict=True)]
    up = toward_zenith(wcs, 0.5 * side, 0.5 * side, np.array([r[2] for r in rows]), *site)
    zenith = {row[:2]: (float(x), float(y)) for row, (x, y) in zip(rows, up, strict=True)}
    return Refraction(subband_refraction(EDGES_NM[data_id.band], PARTS), zenith)


def _inputs(
    summaries: Sequence[Catalog], images: Sequence[Parts[CalibratedImage]], wcs: Wcs, band: str
) -> list[CoaddInput]:
    """Detectors in order of visit and number, with their place on the patch."""
    found = []
    for table, parts in zip(summaries, images, strict=True):
        if len(table) and str(table["band"][0]) != band:
            raise ConfigError(f"visit {table['visit'][0]} is in band {table['band'][0]}, not {band}")
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


def _quality(summaries: Sequence[Catalog], found: Sequence[CoaddInput]) -> Quality:
    """What the detectors are chosen by, from the summaries of their visits."""
    rows = {
        (int(v), int(d)): (t, k)
        for t in summaries
        for k, (v, d) in enumerate(zip(t["visit"], t["detector"], strict=True))
    }
    mine = [rows[i.visit, i.detector] for i in found]
    seeing, e1, e2, *rest = (np.array([float(t[name][k]) for t, k in mine]) for name in _JUDGED)
    return quality(seeing, np.hypot(e1, e2), *rest)


def _considered(
    found: Sequence[CoaddInput], judged: Quality, why: Sequence[str], inputs: CoaddInputs
) -> Selection:
    """What was considered, with what each got; one that was chosen and used nowhere has a reason too."""
    weights: dict[tuple[int, int], list[float]] = {}
    for visit, detector, weight in zip(inputs.visit, inputs.detector, inputs.weight, strict=True):
        weights.setdefault((int(visit), int(detector)), []).append(float(weight))
    got = [weights.get((i.visit, i.detector), []) for i in found]
    return Selection(
        visit=tuple(i.visit for i in found),
        detector=tuple(i.detector for i in found),
        seeing=tuple(judged.seeing.tolist()),
        ellipticity=tuple(judged.ellipticity.tolist()),
        transparency=tuple(judged.transparency.tolist()),
        noise=tuple(judged.noise.tolist()),
        cells=tuple(len(w) for w in got),
        weight=tuple(sum(w) / max(len(w), 1) for w in got),
        reason=tuple(said or ("" if w else _UNUSED) for said, w in zip(why, got, strict=True)),
    )


def _rule(kind: str, config: CoaddConfig) -> Rule:
    """What a kind of coadd asks of its inputs."""
    usable = Rule(
        config.max_seeing_arcsec,
        max_ellipticity=config.max_ellipticity,
        min_transparency=config.min_transparency,
        max_noise=config.max_noise,
    )
    if kind.startswith(TEMPLATE):
        return replace(usable, share=config.template_share, least=config.template_visits)
    match kind:
        case "deep" | "dcr":
            return usable
        case "good_seeing":
            return replace(usable, share=config.good_seeing_share)
        case "psf_matched":
            return replace(usable, max_seeing=min(usable.max_seeing, _NARROWER * config.matched_fwhm_arcsec))
    known = ", ".join((*KINDS, *ON_REQUEST, f"{TEMPLATE}<season>"))
    raise ConfigError(f"there is no coadd of kind {kind!r}; known: {known}")


def _matched_sigma(kind: str, config: CoaddConfig, wcs: Wcs) -> float:
    """Standard deviation of the PSF that warps are convolved to, pixels; 0 where they are not."""
    fwhm = np.radians(config.matched_fwhm_arcsec / 3600) / wcs.pixel_scale()
    return float(fwhm / _FWHM) if kind == "psf_matched" else 0.0
