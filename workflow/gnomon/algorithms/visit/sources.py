"""Sources of one detector, measured with its final PSF."""

import numpy as np
import numpy.typing as npt
from scipy.spatial import KDTree

from gnomon.algorithms.detect import deblend, find_footprints, mark_detected
from gnomon.algorithms.measure import measure_sources
from gnomon.algorithms.visit.characterise import Characterised
from gnomon.containers.catalog import Catalog
from gnomon.containers.footprints import Footprints
from gnomon.containers.image import Image

F8 = npt.NDArray[np.float64]
_PROMINENCE, _CONTRAST = 2.0, 1e-4  # on the demo survey: 3 % more stars beside bright ones, purity the same
_SAME_PX = 1.0  # a PSF star is the source within this distance


def measure_detector(found: Characterised, detection_snr: float) -> tuple[Image, Catalog]:
    """Detect, split and measure all sources.

    Parameters
    ----------
    found : image with PSF, background subtracted
    detection_snr : threshold for point sources

    Returns
    -------
    Image
        That of ``found``, with DETECTED set in the footprints.
    Catalog
        The table of `measure_sources` with isPsfStar and isPsfReserve.
    """
    footprints = find_footprints(found.image, found.psf, threshold=detection_snr)
    sources = _split_and_measured(found, footprints)
    marked = mark_detected(found.image, footprints, in_place=True)
    return marked, sources.with_columns(
        isPsfStar=_nearest(sources, found.star_x, found.star_y),
        isPsfReserve=_nearest(sources, found.reserve_x, found.reserve_y),
    )


def _split_and_measured(found: Characterised, footprints: Footprints) -> Catalog:
    blends = deblend(found.image, footprints, prominence=_PROMINENCE, contrast=_CONTRAST)
    return measure_sources(found.image, blends, found.psf)


def _nearest(sources: Catalog, x: F8, y: F8) -> npt.NDArray[np.bool_]:
    """Which sources are the nearest to one of the positions."""
    is_nearest = np.zeros(len(sources), bool)
    if len(sources) and len(x):
        distance, row = KDTree(np.stack([sources["x"], sources["y"]], -1)).query(np.stack([x, y], -1))
        is_nearest[row[distance < _SAME_PX]] = True
    return is_nearest
