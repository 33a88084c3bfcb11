"""Removal of the instrument's signature."""

from collections.abc import Sequence

from gnomon.algorithms.detrend.correct import detrend
from gnomon.algorithms.detrend.foreign import convert
from gnomon.algorithms.detrend.frames import masters_of
from gnomon.containers.dataid import DataId
from gnomon.containers.exposure import CalibratedPixels, DetrendedImage, RawExposure
from gnomon.containers.image import Image
from gnomon.containers.instrument import Instrument
from gnomon.errors import UnprocessableData
from gnomon.pipeline.visit import IsrConfig


def isr(
    instrument: Instrument,
    raw: RawExposure,
    bias: Sequence[Image],
    dark: Sequence[Image],
    flat: Sequence[Image],
    defects: Sequence[Image],
    data_id: DataId,
    config: IsrConfig,
) -> DetrendedImage:
    """Overscan, crosstalk, bias, linearity, gain, dark, flat, masks, variance: electrons, sky left in.

    Pixels that an earlier pipeline has detrended are only converted to our planes and electrons.
    """
    if raw.wcs is None:
        raise UnprocessableData(f"found a {raw.facts.obstype} exposure, wanted one of the sky")
    if isinstance(raw.pixels, CalibratedPixels):
        image = convert(raw.pixels, instrument.calibrated.saturation_radius)
        return DetrendedImage(image, raw.wcs, raw.facts, raw.zero_point, "observatory")
    given = {"bias": bias, "dark": dark, "flat": flat, "defects": defects}
    missing = [name for name in config.masters if not given[name]]
    if missing:
        what = f"in band {raw.facts.band}" if missing == ["flat"] else "for this detector"
        raise UnprocessableData(f"found no master {', '.join(missing)} {what}, wanted by isr.masters")
    masters = masters_of(**{name: given[name] for name in config.masters})
    image = detrend(raw.pixels, masters, raw.facts.darktime, instrument.raw)
    return DetrendedImage(image, raw.wcs, raw.facts, raw.zero_point)
