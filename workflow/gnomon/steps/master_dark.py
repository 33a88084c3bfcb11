"""The dark current of a detector."""

from collections.abc import Sequence

from gnomon.algorithms.detrend import masters
from gnomon.algorithms.detrend.correct import bias_variance, detrend, read_variance
from gnomon.algorithms.detrend.frames import frames_of, masters_of
from gnomon.containers.dataid import DataId
from gnomon.containers.exposure import RawExposure
from gnomon.containers.image import DarkMaster, Image
from gnomon.containers.instrument import Instrument
from gnomon.pipeline.calib import MasterConfig


def master_dark(
    instrument: Instrument,
    raws: Sequence[RawExposure],
    bias: Sequence[Image],
    data_id: DataId,
    config: MasterConfig,
) -> DarkMaster:
    """Clipped mean of dark exposures without their bias, electrons per second."""
    frames = frames_of(raws, "dark")
    correction = masters_of(bias=bias)
    exposures = [masters.usable(detrend(frame, correction, 0.0, instrument.raw)) for frame in frames]
    seconds = [raw.facts.darktime for raw in raws]
    noise, shared = read_variance(frames[0]), bias_variance(frames[0], correction)
    return masters.master_dark(exposures, seconds, noise, shared, config.nsigma, config.min_count)
