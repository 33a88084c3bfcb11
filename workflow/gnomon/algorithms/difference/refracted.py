"""A template as the air shows it at another time."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy.fft import irfft2, next_fast_len, rfft2

from gnomon.algorithms.dcr.refraction import toward_zenith
from gnomon.containers.coadd import Coadd

F4 = npt.NDArray[np.float32]
F8 = npt.NDArray[np.float64]

_PAD_PX = 16  # mirrored beyond the border: refraction moves a part of a band by two pixels at most


def as_seen(coadd: Coadd, mjd_tai: float) -> Coadd:
    """A coadd that holds parts of the band, with each part displaced as the air does at a time; others as they are.

    Variance and PSF are kept; the displacement is that at the middle of the patch. The zenith angle changes over a
    patch of 10 arcmin by as much, and the displacement of a part by some 0.002 arcsec.
    """
    if coadd.wcs is None or not coadd.parts.size or not np.isfinite(coadd.site).all():
        return coadd
    ny, nx = coadd.image.shape
    up = toward_zenith(coadd.wcs, 0.5 * nx, 0.5 * ny, np.array([mjd_tai]), *coadd.site)[0]
    flux = sum_displaced(coadd.parts, np.array(coadd.refractivity)[:, None] * up)
    known = coadd.image.variance > 0
    return replace(coadd, image=replace(coadd.image, flux=np.where(known, flux, coadd.image.flux)))


def sum_displaced(planes: F4, shift: F8) -> F4:
    """(ny, nx) float32: the sum of planes, each displaced by a part of a pixel or more; exact where it is sampled.

    Parameters
    ----------
    planes : (n, ny, nx) float32
    shift : (n, 2) displacement (x, y), pixels
    """
    inner = planes.shape[1:]
    whole = [next_fast_len(n + 2 * _PAD_PX) for n in inner]
    more = [(_PAD_PX, w - n - _PAD_PX) for w, n in zip(whole, inner, strict=True)]
    fy, fx = np.fft.fftfreq(whole[0])[:, None], np.fft.rfftfreq(whole[1])
    modes = np.zeros((whole[0], whole[1] // 2 + 1), complex)
    for plane, (dx, dy) in zip(planes, shift, strict=True):
        modes += rfft2(np.pad(plane.astype(np.float64), more, mode="symmetric")) * np.exp(
            -2j * np.pi * (fx * dx + fy * dy)
        )
    back = irfft2(modes, whole)[_PAD_PX : _PAD_PX + inner[0], _PAD_PX : _PAD_PX + inner[1]]
    return np.asarray(back, np.float32)
