"""All measurements of the sources of one image."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from gnomon import flags
from gnomon.containers.catalog import Catalog
from gnomon.containers.footprints import Sources
from gnomon.containers.image import Image
from gnomon.containers.psf import Psf
from gnomon.kernels import measure as kernel

F8 = npt.NDArray[np.float64]
U4 = npt.NDArray[np.uint32]

APERTURES_PX = (3.0, 6.0, 9.0, 12.0, 17.0, 25.0)
"""Radii of the circular apertures, pixels; those of the LSST source table up to 25."""

EXTENDED_SIGMA = 3.0  # standard errors by which a source must be broader than the PSF to be called extended,
EXTENDED_FRACTION = 0.03  # and the part of the PSF's variance, for PSF models good to 1 % in size


def measure_sources(
    image: Image,
    sources: Sources,
    psf: Psf,
    *,
    apertures_px: Sequence[float] = APERTURES_PX,
    fit_sky: bool = False,
    ignore: int = flags.UNUSABLE,
) -> Catalog:
    """Measure every source on its own share of the light.

    Parameters
    ----------
    image
        Background subtracted, any flux unit.
    sources
        From `deblend` on this image.
    apertures_px
        Radii of circular apertures; radius 9 gives the columns ``ap09Flux`` and ``ap09FluxErr``.
    fit_sky
        Fit a constant together with the PSF flux.
    ignore
        Mask bits of pixels that carry no information: left out of PSF fits, replaced by their mirror images
        through the source in moments and apertures.

    Returns
    -------
    Catalog
        One row for each source, in order: the columns of docs/measurement.md.

    Raises
    ------
    ValueError
        Shapes that differ, or apertures that are not positive.
    """
    if sources.labels.shape != image.shape:
        raise ValueError(f"sources of shape {sources.labels.shape} for an image of shape {image.shape}")
    sign = np.where(sources.peak_flux < 0, -1, 1).astype(np.int8)
    targets = kernel.Targets(
        np.arange(len(sources), dtype=np.int32),
        sources.x.astype(np.float64),
        sources.y.astype(np.float64),
        sign,
    )
    owned = _owned(sources)
    radii = _radii(apertures_px)
    result = _run(image, owned, psf, targets, radii, fixed=False, fit_sky=fit_sky, ignore=ignore)
    bits = np.where(sources.is_blended(), np.uint32(flags.SOURCE["deblended"]), np.uint32(0))
    bits |= np.where(sign < 0, np.uint32(flags.SOURCE["negative"]), np.uint32(0))
    catalog = _catalog(result, radii, bits)
    return catalog.with_columns(
        peakX=sources.x,
        peakY=sources.y,
        peakFlux=sources.peak_flux,
        peakSignificance=sources.peak_flux / sources.peak_noise,
        footprint=sources.footprint,
        area=sources.area,
    )


def measure_forced(
    image: Image,
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    psf: Psf,
    *,
    sources: Sources | None = None,
    apertures_px: Sequence[float] = APERTURES_PX,
    fit_sky: bool = False,
    ignore: int = flags.UNUSABLE,
) -> Catalog:
    """Measure at given positions, which are kept, with all light that is there or each source's share of it.

    Parameters
    ----------
    x, y : (n,) pixels
        Positions off the image give NaN and the flag ``edge``.
    sources
        Whose positions they are, one for each: the light of this image is shared as that of the image in
        which they were split. None takes all light.

    Other arguments, result and errors as `measure_sources`.
    """
    xs, ys = np.atleast_1d(np.asarray(x, np.float64)), np.atleast_1d(np.asarray(y, np.float64))
    if xs.shape != ys.shape or xs.ndim != 1:
        raise ValueError(f"x of shape {xs.shape} and y of shape {ys.shape} are not one list")
    if sources is not None and (len(sources) != len(xs) or sources.labels.shape != image.shape):
        raise ValueError(f"{len(xs)} positions on {image.shape} are not those of the {len(sources)} sources")
    owner = np.full(len(xs), -1, np.int32) if sources is None else np.arange(len(xs), dtype=np.int32)
    targets = kernel.Targets(owner, xs.copy(), ys.copy(), np.ones(len(xs), np.int8))
    owned = kernel.NOBODY if sources is None else _owned(sources)
    radii = _radii(apertures_px)
    result = _run(image, owned, psf, targets, radii, fixed=True, fit_sky=fit_sky, ignore=ignore)
    return _catalog(result, radii, np.zeros(len(xs), np.uint32))


def _owned(sources: Sources) -> kernel.Ownership:
    return kernel.Ownership(sources.labels, sources.footprint, sources.box, sources.first, sources.weight)


def _radii(apertures_px: Sequence[float]) -> F8:
    """Aperture radii in rising order."""
    radii = np.sort(np.asarray(apertures_px, np.float64))
    if radii.ndim != 1 or not (radii > 0).all():
        raise ValueError(f"apertures must be positive radii in pixels, not {apertures_px}")
    return radii


def _run(
    image: Image,
    owned: kernel.Ownership,
    psf: Psf,
    targets: kernel.Targets,
    radii: F8,
    *,
    fixed: bool,
    fit_sky: bool,
    ignore: int,
) -> kernel.Measured:
    terms = np.ascontiguousarray(psf.terms(targets.x, targets.y))
    pixels = kernel.Pixels(image.flux, image.variance, image.mask, ignore)
    basis = np.ascontiguousarray(psf.basis, np.float32)
    return kernel.measure(pixels, owned, basis, terms, targets, radii, _flag_rules(), fixed, fit_sky)


def _catalog(result: kernel.Measured, radii: F8, bits: U4) -> Catalog:
    columns = dict(zip(kernel.COLUMNS, result.table, strict=True))
    for radius, flux, err in zip(radii, result.aperture_flux, result.aperture_err, strict=True):
        name = aperture_name(radius)
        columns |= {f"{name}Flux": flux, f"{name}FluxErr": err}
    columns["extendedness"] = extendedness(columns)
    return Catalog({**columns, "flags": result.flags | bits})


def aperture_name(radius_px: float) -> str:
    """``ap09`` for 9 pixels, ``ap04p5`` for 4.5."""
    whole, part = divmod(round(radius_px * 10), 10)
    return f"ap{whole:02d}" + (f"p{part}" if part else "")


def extendedness(columns: dict[str, F8]) -> F8:
    """1 for sources significantly broader than the PSF, 0 for others, NaN where the PSF fit failed.

    ``sizeExcess`` is the variance (pixels squared, per axis) by which a source exceeds the PSF, from the linear fit of
    the PSF and its Laplacian: the optimal test of a small extension, as SPREAD_MODEL (Desai et al. 2012) is.
    """
    excess, err = columns["sizeExcess"], columns["sizeExcessErr"]
    psf_variance = np.sqrt(np.abs(columns["ixxPSF"] * columns["iyyPSF"] - columns["ixyPSF"] ** 2))
    with np.errstate(invalid="ignore"):
        extended = (excess > EXTENDED_SIGMA * err) & (excess > EXTENDED_FRACTION * psf_variance)
    return np.where(np.isfinite(excess), extended.astype(np.float64), np.nan)


def _flag_rules() -> U4:
    """(nrule, 3): mask plane, flag anywhere in the source, flag in its middle."""
    of = flags.SOURCE
    rows = [
        (flags.MASK["SAT"], of["saturated"], of["saturatedCenter"]),
        (flags.MASK["CR"], of["cr"], of["crCenter"]),
        (flags.MASK["INTRP"], of["interpolated"], of["interpolatedCenter"]),
        (flags.mask_value("BAD", "NO_DATA"), of["bad"], of["badCenter"]),
        (flags.MASK["SUSPECT"], of["suspect"], of["suspectCenter"]),
        (flags.MASK["STREAK"], of["streak"], 0),
        (flags.MASK["SPIKE"], of["spike"], 0),
        (flags.MASK["EDGE"], of["edge"], 0),
    ]
    return np.array(rows, np.uint32)
