"""``python tests/bench/coadd_cost.py [--epochs N] [--side PX] [--rows R]``: cost and memory of a deep coadd.

Detectors of ``side + 300`` pixels, dithered and turned, lie on a patch of about ``side`` pixels: stars of 1.4 to 2.2
px, noise, a trail in every tenth epoch. Sections are drawn when they are asked for, which stands for reading; the time
that takes is left out. With ``--rows`` only that many rows of cells are made of these epochs, the others of none, so
that the memory is that of the first of so many ranks as rows go into the patch; the cost is scaled to all.
"""

import argparse
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2] / "workflow"))

from gnomon.algorithms.coadd.artifacts import ArtifactSettings
from gnomon.algorithms.coadd.patch import CoaddInput, PatchOptions, coadd_patch
from gnomon.containers.calibrated import DetectorView, Smooth
from gnomon.containers.coadd import CellCoadd, PatchCoadd
from gnomon.containers.image import Image
from gnomon.containers.psf import PsfModel
from gnomon.containers.skymap import PatchGrid
from gnomon.containers.wcs import tangent_wcs
from gnomon.flags import MASK
from gnomon.memory import keep_freed_memory

SCALE = np.radians(0.2 / 3600)
SKY = 900.0
STARS_PER_MPIX = 200
MIDDLE = 1.0, -0.3


class Epoch:
    """One detector whose sections are drawn on demand."""

    spent = 0.0  # CPU seconds of drawing, all epochs together

    def __init__(self, number: int, side: int, noise: np.ndarray, stars: np.ndarray) -> None:
        rng = np.random.default_rng(number)
        self.sigma, self.size = rng.uniform(1.4, 2.2), side + 300
        angle, shift = rng.uniform(-0.05, 0.05) + np.pi / 2 * (number % 4), rng.uniform(-40, 40, 2)
        c, s = SCALE * np.cos(angle), SCALE * np.sin(angle)
        centre = self.size / 2 + shift[0], self.size / 2 + shift[1]
        self.wcs = tangent_wcs(MIDDLE, centre, [[-c, s], [s, c]])
        self.x, self.y = self.wcs.sky_to_pixel(stars[0], stars[1])
        self.flux, self.noise = stars[2], noise
        self.trail = rng.uniform(0.3, 0.7) * self.size if number % 10 == 0 else None
        v, u = np.mgrid[-15:16, -15:16]
        stamp = np.exp(-0.5 * (u**2 + v**2) / self.sigma**2)
        basis = np.zeros((6, 31, 31), np.float32)
        basis[0] = stamp / stamp.sum()
        half = self.size / 2
        psf, one = (
            PsfModel(basis, 2, (half, half), (half, half)),
            Smooth(np.ones(1), 0, (0.0, 0.0), (1.0, 1.0)),
        )
        self.view = DetectorView((self.size, self.size), self.wcs, psf, one, self.section)

    def section(self, rows: slice, columns: slice) -> Image:
        """Pixels of some rows and columns."""
        start = time.process_time()
        flux = self.noise[rows, columns] + 0
        r = 10
        near = (
            (self.x > columns.start + r)
            & (self.x < columns.stop - r - 1)
            & (self.y > rows.start + r)
            & (self.y < rows.stop - r - 1)
        )
        for x, y, f in zip(self.x[near], self.y[near], self.flux[near], strict=True):
            i, j = round(x), round(y)
            k = np.arange(-r, r + 1)
            gx, gy = (np.exp(-0.5 * ((k + n - a) / self.sigma) ** 2) for n, a in ((i, x), (j, y)))
            stamp = (f / (2 * np.pi * self.sigma**2)) * gy[:, None] * gx
            flux[
                j - rows.start - r : j - rows.start + r + 1, i - columns.start - r : i - columns.start + r + 1
            ] += stamp
        if self.trail is not None:
            y = np.arange(rows.start, rows.stop)
            flux += 300 * np.exp(-0.5 * ((y - self.trail) / self.sigma) ** 2)[:, None].astype(np.float32)
        made = Image(flux, np.full(flux.shape, SKY, np.float32), np.zeros(flux.shape, np.uint32))
        Epoch.spent += time.process_time() - start
        return made


def epochs(n: int, side: int) -> list[CoaddInput]:
    """Inputs on a patch whose middle is MIDDLE."""
    rng = np.random.default_rng(1)
    noise = rng.standard_normal((side + 300, side + 300), np.float32) * np.float32(np.sqrt(SKY))
    count = int(STARS_PER_MPIX * side**2 / 1e6)
    half = side / 2 * SCALE
    ra = MIDDLE[0] + rng.uniform(-half, half, count) / np.cos(MIDDLE[1])
    stars = np.stack([ra, MIDDLE[1] + rng.uniform(-half, half, count), 10 ** rng.uniform(2.5, 5, count)])
    made = [Epoch(k, side, noise, stars) for k in range(n)]
    bounds = (-100.0, -100.0, side + 100.0, side + 100.0)
    return [CoaddInput(k, 0, 0.7, bounds, lambda e=e: e.view) for k, e in enumerate(made)]


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--side", type=int, default=4096)
    parser.add_argument("--rows", type=int, default=2)
    parser.add_argument("--columns", type=int, default=27)
    parser.add_argument("--memory", type=float, default=600)
    parser.add_argument("--noise", action="store_true", help="a noise realisation as well")
    options = parser.parse_args()
    keep_freed_memory()  # as the command line does
    cells_inner = max(1, round((options.side - 400) / 150))
    grid = PatchGrid(SCALE, cells_inner=cells_inner)
    side, inputs = grid.patch_outer, epochs(options.epochs, grid.patch_outer)
    wcs = tangent_wcs(MIDDLE, (side / 2, side / 2), [[-SCALE, 0], [0, SCALE]])
    cells = grid.cells()
    middle = sorted({c.inner.y0 for c in cells})[: options.rows]
    across = sorted({c.inner.x0 for c in cells})[: options.columns]
    chosen = [c for c in cells if c.inner.y0 in middle and c.inner.x0 in across]
    settings = PatchOptions(31, ArtifactSettings(), options.memory, noise=1 if options.noise else None)
    rest, spent = [c for c in cells if c not in chosen], [time.process_time()]

    def made() -> Iterator[CellCoadd]:
        yield from coadd_patch(chosen, side, wcs, inputs, settings)
        spent.append(time.process_time())
        yield from coadd_patch(rest, side, wcs, [], settings)

    patch = PatchCoadd.of(made(), (side, side))
    seconds = spent[1] - spent[0] - Epoch.spent
    pixels = sum(c.box.nx * c.box.ny for c in patch.cells if len(c.visit))
    clipped = np.mean((patch.rows.image.mask & MASK["CLIPPED"]) > 0) * side**2 / pixels
    print(f"{options.epochs} epochs, patch of {side} px, {len(chosen)} of {len(cells)} cells")
    print(f"CPU s without reading {seconds:.2f}; of a whole patch {seconds * side**2 / pixels:.1f}")
    print(
        f"ns per pixel and epoch {seconds / pixels / options.epochs * 1e9:.1f}; drawing took {Epoch.spent:.1f} s"
    )
    print(
        f"inputs per cell {np.mean([len(c.visit) for c in patch.cells if len(c.visit)]):.1f}, "
        f"pixels with a rejection {clipped:.4f}"
    )
    print(f"peak memory of the process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


if __name__ == "__main__":
    main()
