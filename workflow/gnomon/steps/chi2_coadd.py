"""One image of a patch in all bands."""

from collections.abc import Sequence

import numpy as np

from gnomon.algorithms.coadd.chi2 import chi2_image
from gnomon.containers.cellpsf import CellPsf
from gnomon.containers.coadd import Coadd
from gnomon.containers.dataid import DataId
from gnomon.errors import UnprocessableData
from gnomon.pipeline.coadd import Chi2Config


def chi2_coadd(coadds: Sequence[Coadd], *, data_id: DataId, config: Chi2Config) -> Coadd:
    """Add up the significance of the coadds of all bands; their mean PSF stands for its PSF."""
    seen = [c for c in coadds if c.wcs is not None]
    if not seen:
        raise UnprocessableData(f"none of {len(coadds)} coadds has data")
    image, count = chi2_image([c.image for c in seen])
    images = np.stack([c.psf.basis for c in seen]).astype(np.float64).mean(axis=0)
    psf = CellPsf(images.astype(np.float32), seen[0].psf.origin, seen[0].psf.side)
    bands = "".join(c.band for c in seen)
    return Coadd(image, count, seen[0].wcs, psf, bands)
