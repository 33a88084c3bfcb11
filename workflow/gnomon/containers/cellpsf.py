"""The PSF of a coadd: one image a cell, the same all over the cell's inner box."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

F4 = npt.NDArray[np.float32]
F8 = npt.NDArray[np.float64]
I8 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class CellPsf:
    """Images of stars of unit total flux at the middle of square cells; takes the place of a `PsfModel`."""

    images: F4
    """(ncell, size, size) float32, size odd; what a finite stamp cuts off is missing; 0 for empty cells."""
    origin: int
    """First pixel, along x and y, of the lowest cell's inner box."""
    side: int
    """Side of a cell's inner box, pixels."""

    @property
    def size(self) -> int:
        """Side of a stamp, pixels."""
        return int(self.images.shape[1])

    @property
    def basis(self) -> F4:
        """(ncell, size, size) float32: the images; a cell without inputs has the mean of the others."""
        seen = self.known()
        if not seen.any():
            return self.images
        mean = self.images[seen].mean(axis=0, dtype=np.float64).astype(np.float32)
        return np.where(seen[:, None, None], self.images, mean)

    def known(self) -> npt.NDArray[np.bool_]:
        """(ncell,) whether a cell has inputs."""
        return np.asarray(self.images.any(axis=(1, 2)))

    def cell_of(self, x: npt.ArrayLike, y: npt.ArrayLike) -> I8:
        """(n,) int64 cell of pixel positions; the outermost border belongs to the cell beside it."""
        columns = round(len(self.images) ** 0.5)
        column, row = (
            np.clip((np.atleast_1d(np.rint(v)).astype(np.int64) - self.origin) // self.side, 0, columns - 1)
            for v in (x, y)
        )
        return np.asarray(row * columns + column)

    def terms(self, x: npt.ArrayLike, y: npt.ArrayLike) -> F8:
        """(n, ncell) float64, 1 for the cell of each position: the factors of `basis`."""
        one: F8 = np.zeros((len(np.atleast_1d(x)), len(self.images)))
        one[np.arange(len(one)), self.cell_of(x, y)] = 1
        return one

    def total(self, x: npt.ArrayLike, y: npt.ArrayLike) -> F8:
        """(n,) float64 part of a star's light that its stamp holds."""
        sums = self.basis.sum(axis=(1, 2), dtype=np.float64)
        return np.asarray(sums[self.cell_of(x, y)])

    def stamps(self, x: npt.ArrayLike, y: npt.ArrayLike) -> F4:
        """(n, size, size) float32 images of unit sum, centred on the middle pixel."""
        images = self.basis[self.cell_of(x, y)]
        return np.asarray(images / images.sum(axis=(1, 2), keepdims=True), np.float32)
