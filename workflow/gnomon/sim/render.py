"""Sources to expected electrons on a detector: stamps made in Fourier space, many at a time.

A stamp is the inverse transform of (galaxy profile) x (PSF) x (pixel) x (shift), so its sum is the flux
and no pixel is over- or undersampled. Wings beyond the stamp fold back into it; the stamp is made so large
that their surface brightness is below a stated fraction of the sky noise.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.fft

from gnomon.sim.profiles import bulge_transfer, disc_transfer, edge_radius
from gnomon.sim.psf import PsfShape, transfer

F4 = npt.NDArray[np.float32]
F8 = npt.NDArray[np.float64]

STAMP_SIZES = (32, 48, 64, 96, 128, 192, 256, 384, 512)
"""Sides of stamps, pixels, all fast to transform."""
_PIXELS_AT_ONCE = 1 << 18  # so that the work arrays stay in cache


@dataclass(frozen=True, slots=True)
class Profiles:
    """Sources on one detector; a star has a size of zero."""

    x: F8
    """(n,) pixel position."""
    y: F8
    """(n,) pixel position."""
    flux: F8
    """(n,) electrons in all."""
    disc: F8
    """(n, 2, 2) maps the unit circle to the ellipse of the exponential disc's scale length, pixels."""
    bulge: F8
    """(n, 2, 2) likewise for the half-light ellipse of the de Vaucouleurs bulge."""
    bulge_fraction: F8
    """(n,) part of the flux in the bulge."""

    def __len__(self) -> int:
        return len(self.x)

    def take(self, rows: npt.NDArray[np.intp]) -> "Profiles":
        """Some of the sources."""
        fields = (self.x, self.y, self.flux, self.disc, self.bulge, self.bulge_fraction)
        return Profiles(*(f[rows] for f in fields))


def point_sources(x: F8, y: F8, flux: F8) -> Profiles:
    """Stars at pixel positions (n,)."""
    none = np.zeros((len(x), 2, 2))
    return Profiles(x, y, flux, none, none, np.zeros(len(x)))


def render(sources: Profiles, psf: PsfShape, shape: tuple[int, int], noise: float) -> F8:
    """Expected electrons (ny, nx) float64 of all sources.

    ``noise`` is the sky's standard deviation in electrons; it sets how far wings are followed.
    """
    image = np.zeros(shape)
    sizes = stamp_sizes(sources, psf, noise)
    for size in STAMP_SIZES:
        rows = np.flatnonzero(sizes == size)
        step = max(1, _PIXELS_AT_ONCE // size**2)
        for start in range(0, len(rows), step):
            part = rows[start : start + step]
            _paste(image, stamps(sources.take(part), psf.take(part), size), sources, part)
    return image


def stamps(sources: Profiles, psf: PsfShape, size: int) -> F8:
    """(n, size, size) electrons; pixel (size // 2, size // 2) is the one nearest to the source."""
    ky = 2 * np.pi * scipy.fft.fftfreq(size)[:, None]
    kx = 2 * np.pi * scipy.fft.rfftfreq(size)[None, :]
    spectrum = transfer(psf, kx, ky) * sources.flux[:, None, None]
    extended = np.flatnonzero(np.any(sources.disc != 0, axis=(1, 2)) | (sources.bulge_fraction > 0))
    if extended.size:
        spectrum[extended] *= _galaxies(sources.take(extended), kx, ky)
    spectrum *= _shift(sources.x - np.rint(sources.x) + size // 2, kx)
    spectrum *= _shift(sources.y - np.rint(sources.y) + size // 2, ky)
    return np.asarray(scipy.fft.irfft2(spectrum, s=(size, size)))


def stamp_sizes(sources: Profiles, psf: PsfShape, noise: float) -> npt.NDArray[np.int64]:
    """(n,) side of the stamp of each source, one of `STAMP_SIZES`."""
    radius = edge_radius(
        sources.flux, psf.fwhm_px, sources.disc, sources.bulge, sources.bulge_fraction, noise
    )
    rank = np.searchsorted(STAMP_SIZES, 2 * radius)
    return np.asarray(np.take(STAMP_SIZES, np.minimum(rank, len(STAMP_SIZES) - 1)))


def _galaxies(sources: Profiles, kx: F8, ky: F8) -> F8:
    fraction = sources.bulge_fraction[:, None, None]
    disc = disc_transfer(_stretched(sources.disc, kx, ky))
    if not fraction.any():
        return disc
    return (1 - fraction) * disc + fraction * bulge_transfer(_stretched(sources.bulge, kx, ky))


def _stretched(matrix: F8, kx: F8, ky: F8) -> F8:
    """(n, ...) squared length of ``M^T k``: a profile drawn through M has its transform there."""
    m = matrix[:, :, :, None, None]
    return np.asarray((m[:, 0, 0] * kx + m[:, 1, 0] * ky) ** 2 + (m[:, 0, 1] * kx + m[:, 1, 1] * ky) ** 2)


def _shift(offset: F8, k: F8) -> npt.NDArray[np.complex128]:
    """(n, ...) phase factor of a move by ``offset`` (n,) pixels."""
    return np.asarray(np.exp(-1j * offset[:, None, None] * k))


def _paste(image: F8, images: F8, sources: Profiles, rows: npt.NDArray[np.intp]) -> None:
    """Add stamps to the image in place, cut at its borders."""
    size, (ny, nx) = images.shape[1], image.shape
    left = np.rint(sources.x[rows]).astype(int) - size // 2
    low = np.rint(sources.y[rows]).astype(int) - size // 2
    for stamp, x, y in zip(images, left.tolist(), low.tolist(), strict=True):
        x0, x1, y0, y1 = max(x, 0), min(x + size, nx), max(y, 0), min(y + size, ny)
        if x0 < x1 and y0 < y1:
            image[y0:y1, x0:x1] += stamp[y0 - y : y1 - y, x0 - x : x1 - x]
