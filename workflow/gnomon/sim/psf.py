"""The true point-spread function: Kolmogorov air, optics that vary over the field, charge diffusion.

All is written down in Fourier space, where a profile at any sub-pixel position is a product of simple
factors; frequencies ``k`` are radians per pixel along ``(x, y)``.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gnomon.sim.recipe import SurveyRecipe
from gnomon.sim.schedule import Visit, random_generator

F8 = npt.NDArray[np.float64]

KOLMOGOROV_FWHM = 0.975865
"""FWHM of the long-exposure profile in units of lambda / r0 (Fried 1966; Racine 1996)."""
_FRIED = 3.441939  # (24/5 Gamma(6/5))^(5/6): exponent of the long-exposure transfer function (Fried 1966)
_DIFFUSION_PX = 0.30
_OPTICS_PX = 0.50  # Gaussian sigma of the optics at the field centre
_ELLIPTICITY = 0.03  # rms per component of the air, per visit
_FIELD_ELLIPTICITY = 0.02  # linear change from the centre to the corner
_FIELD_VARIANCE_PX2 = 0.25  # growth of the optics' variance from the centre to the corner
_COMA_PX3 = 0.25  # at the corner


@dataclass(frozen=True, slots=True)
class PsfField:
    """How the profile varies over the focal plane in one visit."""

    fwhm_px: float
    """FWHM of the round Kolmogorov profile, pixels."""
    shear: F8
    """(2, 3): reduced shear g1, g2 of the air as ``c0 + c1 X + c2 Y``."""
    astigmatism: F8
    """(2,) px^2: variance added to xx - yy and to 2 xy at unit radius, growing with its square."""
    coma: F8
    """(2,) px^3 per unit of (X, Y)."""
    radius: float
    """Pixels from the boresight to the mosaic's corner: the unit of X and Y."""


@dataclass(frozen=True, slots=True)
class PsfShape:
    """Parameters of the profile at n positions."""

    fwhm_px: F8
    """(n,)."""
    shear: F8
    """(n, 2) reduced shear of the Kolmogorov part, pixel axes."""
    covariance: F8
    """(n, 3) px^2: xx, xy, yy of the Gaussian part."""
    coma: F8
    """(n, 2) px^3: the cubic phase ``(c . k) k^2``."""

    def take(self, rows: npt.NDArray[np.intp]) -> "PsfShape":
        """Some of the positions."""
        return PsfShape(self.fwhm_px[rows], self.shear[rows], self.covariance[rows], self.coma[rows])


def psf_field(recipe: SurveyRecipe, visit: Visit, radius: float) -> PsfField:
    """This visit's profile, drawn from the seed and the visit; ``radius`` as in `PsfField`."""
    rng = random_generator(recipe, visit.visit, 4)
    shear = rng.normal(0, 1, (2, 3)) * np.array([_ELLIPTICITY, _FIELD_ELLIPTICITY, _FIELD_ELLIPTICITY])
    astigmatism = rng.normal(0, 0.4 * _FIELD_VARIANCE_PX2, 2)
    coma = np.full(2, _COMA_PX3)
    fwhm = visit.seeing_arcsec / recipe.camera.pixel_scale_arcsec
    return PsfField(fwhm, shear, astigmatism, coma, radius)


def shape_at(field: PsfField, x_focal: F8, y_focal: F8, extra_covariance: F8 | None = None) -> PsfShape:
    """Profile parameters at focal-plane pixels (n,) from the boresight.

    ``extra_covariance`` (n, 3) px^2 is added, e.g. the refraction within the band.
    """
    x, y = x_focal / field.radius, y_focal / field.radius
    terms = np.stack([np.ones_like(x), x, y])
    r2 = x**2 + y**2
    round_part = _OPTICS_PX**2 + _DIFFUSION_PX**2 + _FIELD_VARIANCE_PX2 * r2
    plus, cross = field.astigmatism[0] * r2 / 2, field.astigmatism[1] * r2 / 2
    covariance = np.stack([round_part + plus, cross, round_part - plus], axis=-1)
    if extra_covariance is not None:
        covariance = covariance + extra_covariance
    coma = np.stack([x * field.coma[0], y * field.coma[1]], axis=-1)
    return PsfShape(np.full_like(x, field.fwhm_px), (field.shear @ terms).T, covariance, coma)


def transfer(shape: PsfShape, kx: F8, ky: F8) -> npt.NDArray[np.complex128]:
    """(n, ...) Fourier transform of the profiles, pixel response included, at ``kx``, ``ky`` (broadcast).

    Unity at zero frequency.
    """
    new = (slice(None),) + (None,) * np.broadcast(kx, ky).ndim
    g1, g2 = shape.shear[:, 0][new], shape.shear[:, 1][new]
    xx, xy, yy = (shape.covariance[:, i][new] for i in range(3))
    k2 = kx**2 + ky**2
    # |S^T k|^2 of the area-preserving shear S = [[1 + g1, g2], [g2, 1 - g1]] / sqrt(1 - g^2)
    sheared = ((1 + g1) * kx + g2 * ky) ** 2 + (g2 * kx + (1 - g1) * ky) ** 2
    q2 = sheared / (1 - g1**2 - g2**2) * (shape.fwhm_px[new] / KOLMOGOROV_FWHM / (2 * np.pi)) ** 2
    exponent = _FRIED * q2 ** (5 / 6) + 0.5 * (xx * kx**2 + yy * ky**2) + xy * kx * ky
    amplitude = np.exp(-exponent) * np.sinc(kx / (2 * np.pi)) * np.sinc(ky / (2 * np.pi))
    phase = (shape.coma[:, 0][new] * kx + shape.coma[:, 1][new] * ky) * k2
    return np.asarray(amplitude * np.exp(1j * phase))
