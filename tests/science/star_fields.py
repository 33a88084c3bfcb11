"""Star fields with an exact PSF that varies over the detector, drawn by GalSim."""

import galsim
import numpy as np

SCALE = 0.2  # arcsec per pixel
READ_NOISE = 6.0


def psf_at(x, y, side, fwhm):
    """Kolmogorov PSF at a pixel: size by +-3 %, ellipticity up to 0.06."""
    u, v = 2 * x / side - 1, 2 * y / side - 1
    air = galsim.Kolmogorov(fwhm=fwhm * (1 + 0.03 * u - 0.02 * u * v + 0.01 * v * v))
    return air.shear(g1=0.04 * u + 0.02 * v, g2=0.03 * v - 0.02 * u * v + 0.01)


def star_field(rng, side, n, fwhm=0.7, flux=(2e4, 2e6), sky=1500.0, reach=40):
    """Noisy image, its variance, the noiseless image, and x, y, flux of its stars."""
    image = galsim.ImageF(side, side, xmin=0, ymin=0)
    x, y = rng.uniform(10, side - 10, (2, n))
    f = np.exp(rng.uniform(*np.log(flux), n))
    for a, b, total in zip(x, y, f, strict=True):
        i, j = round(a), round(b)
        stamp = galsim.ImageF(galsim.BoundsI(i - reach, i + reach, j - reach, j + reach))
        star = psf_at(a, b, side, fwhm) * total
        star.drawImage(stamp, scale=SCALE, center=galsim.PositionD(a, b))
        bounds = stamp.bounds & image.bounds
        image[bounds] += stamp[bounds]
    clean = image.array.copy()
    variance = (clean + sky + READ_NOISE**2).astype(np.float32)
    noisy = (clean + rng.normal(size=clean.shape) * np.sqrt(variance)).astype(np.float32)
    return noisy, variance, clean, (x, y, f)


def true_stamps(x, y, side, fwhm, size):
    """Exact PSFs at whole pixels."""
    return np.array(
        [
            psf_at(a, b, side, fwhm).drawImage(nx=size, ny=size, scale=SCALE).array
            for a, b in zip(x, y, strict=True)
        ]
    )


def cosmic_rays(rng, shape, n, diffusion=0.35):
    """Charge of n straight tracks of 400 to 10,000 electrons per pixel, spread by diffusion (pixels)."""
    total, sub, pad = np.zeros(shape, np.float32), 5, 6
    for _ in range(n):
        length = rng.exponential(8 if rng.random() < 0.7 else 40) + 0.5
        per_pixel, angle = 10 ** rng.uniform(2.6, 4.0), rng.uniform(0, np.pi)
        steps = np.linspace(0, length, int(length * 8) + 2)
        xs = rng.uniform(0, shape[1]) + steps * np.cos(angle)
        ys = rng.uniform(0, shape[0]) + steps * np.sin(angle)
        charge = rng.gamma(2, 0.5, len(steps)) * per_pixel * max(length, 1) / len(steps)
        x0, y0 = int(xs.min()) - pad, int(ys.min()) - pad
        nx, ny = int(xs.max()) + pad - x0, int(ys.max()) + pad - y0
        fine = np.zeros((ny * sub, nx * sub))
        np.add.at(fine, (((ys - y0 + 0.5) * sub).astype(int), ((xs - x0 + 0.5) * sub).astype(int)), charge)
        k = np.arange(-10, 11)
        kernel = np.exp(-0.5 * (k / (diffusion * sub)) ** 2)
        kernel /= kernel.sum()
        for axis in (0, 1):
            fine = np.apply_along_axis(np.convolve, axis, fine, kernel, "same")
        coarse = fine.reshape(ny, sub, nx, sub).sum((1, 3))
        ya, xa, yb, xb = max(y0, 0), max(x0, 0), min(y0 + ny, shape[0]), min(x0 + nx, shape[1])
        if yb > ya and xb > xa:
            total[ya:yb, xa:xb] += coarse[ya - y0 : yb - y0, xa - x0 : xb - x0]
    total[total < 1] = 0
    return total
