"""Detections of a patch as named arrays, and back."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import numpy as np
import numpy.typing as npt

from gnomon.containers.footprints import Sources
from gnomon.flags import mask_value

COADD_DARK = mask_value("NO_DATA", "STREAK")
"""Planes of a coadd whose pixels carry no light. BAD and CR say there that some input was filled."""
COADD_UNUSABLE = mask_value("SAT", "NO_DATA", "STREAK")
"""Planes of a coadd without photometric information: SAT is set only where every input is saturated."""

_NAME_BYTES = 16


def detection_arrays(
    sources: Sources, bands: Sequence[str], noise_scales: Sequence[float]
) -> dict[str, npt.NDArray[Any]]:
    """Everything that measuring the sources needs, by name."""
    arrays = {f.name: getattr(sources, f.name) for f in fields(Sources)}
    names = np.array([b.encode() for b in bands], f"S{_NAME_BYTES}")
    return {**arrays, "bands": names, "noise_scale": np.array(noise_scales, np.float64)}


def detected(arrays: Mapping[str, npt.NDArray[Any]]) -> tuple[Sources, dict[str, float]]:
    """Sources, and by band the factor by which the noise is larger than the variance says."""
    sources = Sources(**{f.name: np.ascontiguousarray(arrays[f.name]) for f in fields(Sources)})
    bands = [b.decode() for b in arrays["bands"]]
    return sources, dict(zip(bands, arrays["noise_scale"].tolist(), strict=True))
