"""Warps of one cell with stars, a variable star, and artifacts, and the truth."""

import numpy as np

from gnomon.algorithms.coadd import CellWarp
from gnomon.containers.image import Image

SIDE = 120
SKY = 900.0


def gaussian(x, y, sigma, side=SIDE):
    v, u = np.mgrid[:side, :side]
    return np.exp(-0.5 * ((u - x) ** 2 + (v - y) ** 2) / sigma**2) / (2 * np.pi * sigma**2)


def epochs(n, seed=1, artifacts=True, noise=True, variable=0.0):
    """n warps of seeing 1.4 to 2.2 px, their fluxes without artifacts, and the artifacts."""
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(10, SIDE - 10, (2, 8))
    flux = 10 ** rng.uniform(3.5, 5.3, 8)
    warps, clean, spoils = [], [], []
    for k in range(n):
        sigma = rng.uniform(1.4, 2.2)
        truth = sum(f * gaussian(a, b, sigma) for a, b, f in zip(x, y, flux, strict=True))
        truth = truth + variable * (k % 2) * gaussian(SIDE / 2, SIDE / 2, sigma)
        variance = truth + SKY
        image = truth + (rng.normal(0, np.sqrt(variance)) if noise else 0)
        spoil = np.zeros_like(image)
        if artifacts and k == n // 2:
            v, u = np.mgrid[:SIDE, :SIDE]
            spoil += 600 * np.exp(-0.5 * ((0.6 * u - 0.8 * v + 20) / sigma) ** 2)
        if artifacts and k == 1:
            spoil += 3e4 * gaussian(30.0, 95.0, sigma)
        planes = Image(
            (image + spoil).astype(np.float32), variance.astype(np.float32), np.zeros(image.shape, np.uint32)
        )
        psf = gaussian(17, 17, sigma, 35).astype(np.float32)
        warps.append(CellWarp(100 + k, 7, planes, psf, 1 / SKY))
        clean.append(image)
        spoils.append(spoil)
    return warps, np.array(clean), np.array(spoils), (x, y, flux)
