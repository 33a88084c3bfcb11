"""Assembling a detector from its amplifiers."""

from itertools import combinations

import numpy as np
import numpy.typing as npt

from gnomon.containers.raw import RawDetector, Section
from gnomon.errors import UnprocessableData

F4 = npt.NDArray[np.float32]


def assemble(raw: RawDetector) -> F4:
    """The light of all amplifiers in its place: cut DATASEC, reverse where DETSEC runs backwards, paste.

    Parameters
    ----------
    raw
        Amplifiers in read order, ADU.

    Returns
    -------
    (ny, nx) float32 ADU, nothing subtracted; exact for integers below 2^24.

    Raises
    ------
    UnprocessableData
        As `check_layout`.
    """
    check_layout(raw)
    out = np.zeros(raw.shape, np.float32)
    for amp in raw.amps:
        out[amp.detsec.slices()] = amp.detsec.orient(amp.data[amp.datasec.slices()])
    return out


def check_layout(raw: RawDetector) -> None:
    """See that the amplifiers tile the detector once and that their sections lie inside what was read.

    Raises
    ------
    UnprocessableData
        A section reaches beyond its data, two sections differ in size, or the tiles overlap or leave a gap.
    """
    for number, amp in enumerate(raw.amps):
        for name, section in (("DATASEC", amp.datasec), ("BIASSEC", amp.biassec)):
            if section.y1 > amp.data.shape[0] or section.x1 > amp.data.shape[1]:
                raise UnprocessableData(
                    f"amplifier {number}: {name} {section.to_fits()} reaches beyond the "
                    f"{amp.data.shape[1]} x {amp.data.shape[0]} pixels that were read"
                )
        if amp.datasec.shape != amp.detsec.shape:
            raise UnprocessableData(
                f"amplifier {number}: DATASEC {amp.datasec.to_fits()} and DETSEC {amp.detsec.to_fits()} "
                "differ in size"
            )
    _check_tiles(raw)


def _check_tiles(raw: RawDetector) -> None:
    """Areas that add up to the detector without two that overlap tile it; only a fault is looked at by pixel."""
    places = [amp.detsec for amp in raw.amps]
    if not places:
        raise UnprocessableData("found no amplifiers")
    area = sum(p.shape[0] * p.shape[1] for p in places)
    if area == raw.shape[0] * raw.shape[1] and not any(_overlap(a, b) for a, b in combinations(places, 2)):
        return
    count = np.zeros(raw.shape, np.uint8)
    for place in places:
        count[place.slices()] += 1
    raise UnprocessableData(
        f"the {len(places)} amplifiers leave {np.count_nonzero(count == 0)} pixels of the detector "
        f"uncovered and cover {np.count_nonzero(count > 1)} twice, wanted every pixel once"
    )


def _overlap(a: Section, b: Section) -> bool:
    return a.x0 < b.x1 and b.x0 < a.x1 and a.y0 < b.y1 and b.y0 < a.y1
