"""What separates transients from artefacts, measured on stamps of the difference and the template."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

F8 = npt.NDArray[np.float64]
F4 = npt.NDArray[np.float32]
B1 = npt.NDArray[np.bool_]

REGISTRATION_PX = 0.1
"""Assumed error of the relative astrometry, pixels: it turns template gradients into false flux."""

WIDE_PX = 13
"""Reach of the look around: what is left of the brightest stars lies in rings of some ten pixels."""

OUTLIER = 4.0
"""Sigma of a pixel that the point-source model does not explain."""

NAMES = (
    "log_snr", "is_negative", "chi2_core", "chi2_wide", "opposite", "neighbour", "symmetry", "aperture_ratio",
    "size_ratio", "sharpness", "offset_px", "template_snr", "template_snr_near", "log_snr_over_template",
    "log_gradient", "log_snr_astrometric", "unusable", "n_negative", "n_outlier", "neighbour_wide",
    "template_snr_wide", "major_ratio", "minor_ratio",
)  # fmt: skip
"""Features in order."""


@dataclass(frozen=True, slots=True)
class Triplets:
    """Stamps with the source on the middle pixel; NaN marks pixels without information."""

    difference: F4
    """(n, side, side) nJy, side odd."""
    variance: F4
    """(n, side, side) nJy2, of the difference."""
    template: F4
    """(n, side, side) nJy, background subtracted."""
    psf: F4
    """(n, side, side) of the difference, unit sum, centred on the middle pixel."""


@dataclass(frozen=True, slots=True)
class _Planes:
    """Stamps made finite, in units of noise."""

    good: B1
    signal: F8
    template: F8
    psf: F8
    sigma: F8
    radius: F8


def features(triplets: Triplets) -> F8:
    """Features of each detection, columns as in `NAMES`.

    Scores are matched filters with the point-spread function (Zackay, Ofek & Gal-Yam 2016, eq. 18, for
    uniform noise in the stamp); the astrometric noise term follows their section 3.2.

    Returns
    -------
    (n, number of `NAMES`) float64, finite.
    """
    p = _planes(triplets)
    if not len(p.sigma):
        return np.zeros((0, len(NAMES)))
    score, template_score = _matched(p.signal, p.psf), _matched(p.template, p.psf)
    columns = [
        *_score_features(p, score),
        *_shape_features(p, score),
        *_template_features(p, score, template_score),
    ]
    ordered = dict(columns)
    out = np.column_stack([ordered[name] for name in NAMES])
    return np.nan_to_num(out, posinf=0.0, neginf=0.0)


def _planes(t: Triplets) -> _Planes:
    good = np.isfinite(t.difference) & np.isfinite(t.variance) & (t.variance > 0)
    var = np.where(good, t.variance, np.nan).astype(np.float64)
    with np.errstate(all="ignore"):
        typical = np.array([np.median(v[g]) if g.any() else 1.0 for v, g in zip(var, good, strict=True)])
    sigma = np.sqrt(typical)
    scale = sigma[:, None, None]
    side = t.difference.shape[-1]
    axis = np.arange(side) - side // 2
    return _Planes(
        good,
        np.where(good, t.difference, 0.0) / scale,
        np.nan_to_num(t.template.astype(np.float64)) / scale,
        np.asarray(t.psf, np.float64),
        sigma,
        np.hypot(axis[:, None], axis),
    )


def _matched(image: F8, psf: F8) -> F8:
    """Signal-to-noise of a point source at every pixel, for unit noise."""
    shape = image.shape[-2:]
    kernel = np.fft.rfft2(np.fft.ifftshift(psf, axes=(-2, -1)))
    correlated = np.fft.irfft2(np.fft.rfft2(image) * np.conj(kernel), s=shape)
    return np.asarray(correlated / np.sqrt((psf**2).sum(axis=(-2, -1), keepdims=True)), np.float64)


def _within(values: F8, mask: B1, reduce: "np.ufunc", start: float) -> F8:
    return np.asarray(reduce.reduce(np.where(mask, values, start), axis=(-2, -1)), np.float64)


def _centre(image: F8) -> F8:
    half = image.shape[-1] // 2
    return image[:, half, half]


def _log(x: F8) -> F8:
    return np.log10(np.maximum(x, 1e-3))


def _score_features(p: _Planes, score: F8) -> list[tuple[str, F8]]:
    """Significance, its sign, the counter-lobe of a dipole, neighbours, offset of the peak."""
    s = _centre(score)
    sign = np.where(s < 0, -1.0, 1.0)
    signed = score * sign[:, None, None]
    size = np.maximum(np.abs(s), 1.0)
    opposite = -_within(signed, p.radius <= 6, np.minimum, np.inf)
    ring = (p.radius > 4) & (p.radius <= 9)
    wide = (p.radius > 9) & (p.radius <= WIDE_PX)
    near = np.where(p.radius <= 3, signed, -np.inf).reshape(len(s), -1).argmax(axis=1)
    return [
        ("log_snr", _log(np.abs(s))),
        ("is_negative", (s < 0).astype(np.float64)),
        ("opposite", np.maximum(opposite, 0) / size),
        ("neighbour", _within(np.abs(score), ring, np.maximum, 0.0) / size),
        ("neighbour_wide", _within(np.abs(score), wide, np.maximum, 0.0) / size),
        ("offset_px", p.radius.ravel()[near]),
        ("unusable", 1.0 - (p.good & (p.radius <= 6)).sum(axis=(-2, -1)) / (p.radius <= 6).sum()),
    ]


def _shape_features(p: _Planes, score: F8) -> list[tuple[str, F8]]:
    """Agreement with the point-spread function: chi2, concentration, symmetry of the light."""
    s = _centre(score)
    norm = np.sqrt((p.psf**2).sum(axis=(-2, -1)))
    flux = s / norm
    residual = p.signal - flux[:, None, None] * p.psf
    sign = np.where(s < 0, -1.0, 1.0)[:, None, None]
    signed, core, wide = p.signal * sign, p.radius <= 3.5, p.radius <= 7
    total = _within(signed, wide, np.add, 0.0)
    safe = np.maximum(np.abs(flux), 1e-3)
    positive = np.maximum(signed, 0) * wide
    psf_size = (p.psf * p.radius**2 * wide).sum(axis=(-2, -1)) / (p.psf * wide).sum(axis=(-2, -1))
    size = (positive * p.psf * p.radius**2).sum(axis=(-2, -1)) / np.maximum(
        (positive * p.psf).sum(axis=(-2, -1)), 1e-9
    )
    return [
        ("chi2_core", _log(_within(residual**2, core, np.add, 0.0) / core.sum())),
        ("chi2_wide", _log(_within(residual**2, wide, np.add, 0.0) / wide.sum())),
        ("symmetry", total / np.maximum(_within(np.abs(signed), wide, np.add, 0.0), 1e-3)),
        ("aperture_ratio", np.clip(total / safe, -5, 5)),
        ("size_ratio", np.clip(size / np.maximum(psf_size, 1e-3), 0, 5)),
        ("sharpness", np.clip(signed.max(axis=(-2, -1)) / (safe * p.psf.max(axis=(-2, -1))), 0, 10)),
        *_axes(positive, p),
        ("n_negative", ((signed < -2) & (p.radius <= 5)).sum(axis=(-2, -1)).astype(np.float64)),
        ("n_outlier", ((np.abs(residual) > OUTLIER) & wide).sum(axis=(-2, -1)).astype(np.float64)),
    ]


def _axes(light: F8, p: _Planes) -> list[tuple[str, F8]]:
    """Length and width of the light over the PSF's: a trail is as wide as a star, a track of a cosmic ray narrower."""
    weight = np.sqrt(np.maximum(p.psf, 0))
    major, minor = _widths(light * weight)
    of_psf = np.maximum(_widths(np.maximum(p.psf, 0) * weight)[1], 1e-3)
    return [("major_ratio", np.clip(major / of_psf, 0, 5)), ("minor_ratio", np.clip(minor / of_psf, 0, 5))]


def _widths(light: F8) -> tuple[F8, F8]:
    """Standard deviations (n,) of images along their longer and shorter axes."""
    axis = np.arange(light.shape[-1]) - light.shape[-1] // 2
    total = np.maximum(light.sum(axis=(-2, -1)), 1e-9)
    columns, rows = light.sum(axis=-2) / total[:, None], light.sum(axis=-1) / total[:, None]
    x, y = columns @ axis, rows @ axis
    xx, yy = columns @ axis**2 - x**2, rows @ axis**2 - y**2
    xy = (light @ axis) @ axis / total - x * y
    half, turn = 0.5 * (xx + yy), np.hypot(0.5 * (xx - yy), xy)
    return np.sqrt(np.maximum(half + turn, 0)), np.sqrt(np.maximum(half - turn, 0))


def _template_features(p: _Planes, score: F8, template: F8) -> list[tuple[str, F8]]:
    """What stood there before: brightness, its neighbours, and the flux that misregistration would fake."""
    s = np.abs(_centre(score))
    at = np.maximum(_centre(template), 0)
    near = np.maximum(_within(template, p.radius <= 6, np.maximum, 0.0), 0)
    gy, gx = (np.roll(template, -1, axis) - np.roll(template, 1, axis) for axis in (-2, -1))
    slope = 0.5 * _within(np.hypot(gx, gy), p.radius <= 2, np.maximum, 0.0)
    return [
        ("template_snr", _log(at)),
        ("template_snr_near", _log(near)),
        ("template_snr_wide", _log(np.maximum(_within(template, p.radius <= WIDE_PX, np.maximum, 0.0), 0))),
        ("log_snr_over_template", _log(s) - _log(np.maximum(at, 1.0))),
        ("log_gradient", _log(slope)),
        ("log_snr_astrometric", _log(s / np.hypot(1.0, REGISTRATION_PX * slope))),
    ]
