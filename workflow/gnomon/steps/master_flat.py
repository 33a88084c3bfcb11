"""The relative response of a detector in one band."""

from collections.abc import Sequence

from gnomon.algorithms.detrend import masters
from gnomon.algorithms.detrend.correct import detrend, read_variance
from gnomon.algorithms.detrend.frames import frames_of, masters_of
from gnomon.containers.dataid import DataId
from gnomon.containers.exposure import RawExposure
from gnomon.containers.image import Image
from gnomon.containers.instrument import Instrument
from gnomon.pipeline.calib import MasterConfig


def master_flat(
    instrument: Instrument,
    raws: Sequence[RawExposure],
    bias: Sequence[Image],
    dark: Sequence[Image],
    data_id: DataId,
    config: MasterConfig,
) -> Image:
    """Clipped mean of flat exposures without their bias and dark current, each over its own level."""
    frames = frames_of(raws, "flat")
    correction = masters_of(bias=bias, dark=dark)
    exposures = [
        masters.usable(detrend(frame, correction, raw.facts.darktime, instrument.raw))
        for frame, raw in zip(frames, raws, strict=True)
    ]
    return masters.master_flat(exposures, read_variance(frames[0]), config.nsigma, config.min_count)
