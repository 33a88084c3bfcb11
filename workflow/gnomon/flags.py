"""One registry of mask planes and of the flag bits of each catalogue.

A bit never changes its meaning; a bit that is retired is not used again.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Flag:
    """One bit with its name and meaning."""

    bit: int
    name: str
    doc: str


MASK_PLANES = (
    Flag(0, "BAD", "Defect of the sensor: no information."),
    Flag(1, "SAT", "Saturated, or bled into."),
    Flag(2, "INTRP", "Value interpolated from neighbours."),
    Flag(3, "CR", "Hit by a cosmic ray."),
    Flag(4, "EDGE", "Too near the border for a full convolution."),
    Flag(5, "DETECTED", "Inside a positive detection."),
    Flag(6, "DETECTED_NEGATIVE", "Inside a negative detection."),
    Flag(7, "SUSPECT", "In the non-linear range of the sensor."),
    Flag(8, "NO_DATA", "Nothing was observed here."),
    Flag(9, "CROSSTALK", "Corrected for crosstalk of a bright source in another amplifier."),
    Flag(10, "STREAK", "Crossed by a satellite or a meteor."),
    Flag(11, "CLIPPED", "Some input was rejected as an artifact (coadds)."),
    Flag(12, "REJECTED", "Some input was masked before the sum (coadds)."),
    Flag(13, "SENSOR_EDGE", "Some input ends here (coadds)."),
    Flag(14, "INEXACT_PSF", "The inputs of this pixel differ from those of the cell's PSF (coadds)."),
    Flag(15, "SPIKE", "Diffraction spike or halo of a bright star."),
    Flag(16, "VIGNETTED", "Outside the unobstructed field of the telescope."),
)

MASK = {f.name: 1 << f.bit for f in MASK_PLANES}
"""Bit value of each mask plane."""

UNUSABLE = MASK["BAD"] | MASK["SAT"] | MASK["CR"] | MASK["NO_DATA"] | MASK["STREAK"]
"""Planes whose pixels carry no photometric information about the sky."""


def mask_value(*names: str) -> int:
    """Bits of several planes together.

    Raises
    ------
    KeyError
        A name is not a mask plane.
    """
    value = 0
    for name in names:
        value |= MASK[name]
    return value
