"""The bias pattern of a detector."""

from collections.abc import Sequence

from gnomon.algorithms.detrend import masters
from gnomon.algorithms.detrend.correct import above_overscan, read_variance_adu
from gnomon.algorithms.detrend.frames import frames_of
from gnomon.containers.dataid import DataId
from gnomon.containers.exposure import RawExposure
from gnomon.containers.image import Image
from gnomon.containers.instrument import Instrument
from gnomon.pipeline.calib import MasterConfig


def master_bias(
    instrument: Instrument, raws: Sequence[RawExposure], data_id: DataId, config: MasterConfig
) -> Image:
    """Clipped mean of bias exposures above their overscan, ADU."""
    frames = frames_of(raws, "bias")
    exposures = [masters.usable(above_overscan(frame, instrument.raw)) for frame in frames]
    noise = read_variance_adu(frames[0])
    return masters.master_bias(exposures, noise, config.nsigma, config.min_count)
