"""What calibration steps take out of what they are given."""

from collections.abc import Sequence

from gnomon.algorithms.detrend.correct import Masters
from gnomon.containers.exposure import CalibratedPixels, RawExposure
from gnomon.containers.image import Image
from gnomon.containers.raw import RawDetector
from gnomon.errors import UnprocessableData


def frames_of(exposures: Sequence[RawExposure], what: str) -> list[RawDetector]:
    """The amplifiers of each calibration exposure; `what` names their kind.

    Raises
    ------
    UnprocessableData
        There are none, or an earlier pipeline has detrended one.
    """
    if not exposures:
        raise UnprocessableData(f"found no {what} exposures of this detector")
    return [amplifiers(one) for one in exposures]


def amplifiers(exposure: RawExposure) -> RawDetector:
    """The amplifiers of an exposure that nobody has detrended yet.

    Raises
    ------
    UnprocessableData
        An earlier pipeline has detrended it.
    """
    if isinstance(exposure.pixels, CalibratedPixels):
        raise UnprocessableData("found pixels that are detrended already, wanted raw ones")
    return exposure.pixels


def masters_of(
    bias: Sequence[Image] = (),
    dark: Sequence[Image] = (),
    flat: Sequence[Image] = (),
    defects: Sequence[Image] = (),
) -> Masters:
    """The first master of each kind; None where there is none."""
    first = [next(iter(kind), None) for kind in (bias, dark, flat, defects)]
    return Masters(*first)
