"""The template of a detector, from the coadds that it lies on."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.warp.grid import coordinate_nodes, overlaps
from gnomon.algorithms.warp.resample import warp_image, warp_psf
from gnomon.containers.coadd import Coadd
from gnomon.containers.image import Image
from gnomon.containers.psf import PsfModel, polynomial_terms
from gnomon.containers.wcs import Wcs
from gnomon.errors import UnprocessableData
from gnomon.flags import MASK

F8 = npt.NDArray[np.float64]

NODES = 7
"""Places along each axis of the detector at which the PSF is drawn."""

DEGREE = 2
"""Of the polynomial through them."""


def template_image(coadds: Sequence[Coadd], wcs: Wcs, shape: tuple[int, int]) -> tuple[Image, PsfModel]:
    """Coadds warped to the pixels of a detector, and the PSF there.

    Where patches overlap the first that has data gives the pixel; they were made of the same visits.

    Parameters
    ----------
    coadds : of one band; empty ones are passed over
    wcs, shape : of the detector

    Raises
    ------
    UnprocessableData
        No coadd has data on the detector.

    Limits: the warp correlates the noise of neighbours; its variance plane is that of a pixel alone.
    """
    zero = np.zeros(shape, np.float32)
    whole = Image(zero, zero.copy(), np.full(shape, MASK["NO_DATA"], np.uint32))
    for coadd in coadds:
        if coadd.wcs is None:
            continue
        nodes = coordinate_nodes(coadd.wcs, wcs, shape)
        if not overlaps(nodes, coadd.image.shape):
            continue
        warped = warp_image(coadd.image, nodes)
        new = (whole.variance == 0) & (warped.variance > 0)
        for plane, of in ((whole.flux, warped.flux), (whole.variance, warped.variance)):
            plane[new] = of[new]
        whole.mask[new] = warped.mask[new]
    if not (whole.variance > 0).any():
        raise UnprocessableData(f"none of {len(coadds)} template coadds has data on the detector")
    return whole, _template_psf(coadds, wcs, shape)


def _template_psf(coadds: Sequence[Coadd], wcs: Wcs, shape: tuple[int, int]) -> PsfModel:
    """A polynomial through the coadds' PSFs on a grid of places."""
    ny, nx = shape
    rows, columns = (np.rint((np.arange(NODES) + 0.5) * n / NODES).astype(int).tolist() for n in shape)
    size = min(c.psf.size for c in coadds if c.wcs is not None)
    drawn = [(x, y, _psf_at(coadds, wcs, x, y, size)) for y in rows for x in columns]
    seen = [(x, y, image) for x, y, image in drawn if image is not None]
    if not seen:
        raise UnprocessableData("no cell of the template with data lies on the detector")
    centre, scale = ((nx - 1) / 2, (ny - 1) / 2), (nx / 2, ny / 2)
    xs = (np.array([s[0] for s in seen]) - centre[0]) / scale[0]
    ys = (np.array([s[1] for s in seen]) - centre[1]) / scale[1]
    degree = DEGREE if len(seen) > NODES * NODES // 2 else 0
    terms = polynomial_terms((xs, ys), degree)
    images = np.array([s[2] for s in seen]).reshape(len(seen), -1)
    basis = np.linalg.lstsq(terms, images, rcond=None)[0].reshape(-1, size, size)
    return PsfModel(basis.astype(np.float32), degree, centre, scale)


def _psf_at(coadds: Sequence[Coadd], wcs: Wcs, x: int, y: int, size: int) -> F8 | None:
    """PSF at a pixel of the detector, unit sum; None where no cell has inputs."""
    sky = wcs.pixel_to_sky(np.array([x], np.float64), np.array([y], np.float64))
    for coadd in coadds:
        if coadd.wcs is None:
            continue
        px, py = (float(v[0]) for v in coadd.wcs.sky_to_pixel(*sky))
        ny, nx = coadd.image.shape
        inside = -0.5 <= px <= nx - 0.5 and -0.5 <= py <= ny - 0.5
        if not inside or not coadd.psf.known()[coadd.psf.cell_of(px, py)[0]]:
            continue
        cell = PsfModel(coadd.psf.stamps(px, py), 0, (0.0, 0.0), (1.0, 1.0))
        image = warp_psf(cell, coadd.wcs, wcs, x, y, size).astype(np.float64)
        return np.asarray(image / image.sum(), np.float64)
    return None
