"""Objects of a patch, found in all bands together."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.detect import deblend, significance_map
from gnomon.algorithms.detect.bands import (
    combined,
    footprints_above,
    merged_significance,
    merged_threshold,
    noise_scale,
    scaled_noise,
)
from gnomon.algorithms.object.detection import COADD_DARK, detection_arrays
from gnomon.containers.coadd import Coadd
from gnomon.containers.dataid import DataId
from gnomon.errors import UnprocessableData
from gnomon.pipeline.object import DetectObjectsConfig


def detect_objects(
    coadds: Sequence[Coadd], *, data_id: DataId, config: DetectObjectsConfig
) -> dict[str, npt.NDArray[Any]]:
    """Footprints of the merged significance of all bands, split and shared on the mean of the bands."""
    seen = [c for c in coadds if not c.empty_reason]
    if not seen:
        reasons = "; ".join(sorted({c.empty_reason for c in coadds})) or "none is given"
        raise UnprocessableData(f"no coadd of {len(coadds)} holds anything: {reasons}")
    maps = [significance_map(c.image, c.psf, ignore=COADD_DARK) for c in seen]
    scales = [noise_scale(m) for m in maps]
    merged = merged_significance([m / np.float32(s) for m, s in zip(maps, scales, strict=True)])
    threshold = merged_threshold(len(seen), config.threshold_sigma)
    images = [scaled_noise(c.image, s) for c, s in zip(seen, scales, strict=True)]
    mean, _ = combined(images, [c.psf for c in seen])
    sources = deblend(
        mean,
        footprints_above(merged, threshold),
        prominence=config.prominence,
        contrast=config.contrast,
        ignore=COADD_DARK,
    )
    return detection_arrays(sources, [c.band for c in seen], scales)
