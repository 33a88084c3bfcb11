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


SOURCE_FLAGS = (
    Flag(0, "centroid", "The centroid did not converge: x, y are the peak, their errors are null."),
    Flag(1, "shape", "The adaptive moments did not converge: the moments are null."),
    Flag(2, "psfFlux", "Too few usable pixels under the PSF: the PSF flux is null."),
    Flag(3, "psfCentroid", "The PSF fit of the position did not converge: psfX, psfY are null."),
    Flag(4, "kronFlux", "Kron's moment was not usable: the smallest ellipse was taken."),
    Flag(5, "halfLightRad", "No circle holds half of the Kron flux: the half-light radius is null."),
    Flag(6, "apFlux", "Some aperture reaches over unusable pixels or off the image."),
    Flag(7, "edge", "Within three sigmas of the PSF of the border of the image, or outside."),
    Flag(8, "saturated", "Some pixel of the source is saturated."),
    Flag(9, "saturatedCenter", "Some of the middle 3 x 3 pixels is saturated."),
    Flag(10, "cr", "Some pixel of the source was hit by a cosmic ray."),
    Flag(11, "crCenter", "Some of the middle 3 x 3 pixels was hit by a cosmic ray."),
    Flag(12, "interpolated", "Some pixel of the source is interpolated."),
    Flag(13, "interpolatedCenter", "Some of the middle 3 x 3 pixels is interpolated."),
    Flag(14, "bad", "Some pixel of the source is a defect or was not observed."),
    Flag(15, "badCenter", "Some of the middle 3 x 3 pixels is a defect or was not observed."),
    Flag(16, "suspect", "Some pixel of the source is in the non-linear range."),
    Flag(17, "suspectCenter", "Some of the middle 3 x 3 pixels is in the non-linear range."),
    Flag(18, "streak", "Some pixel of the source lies on a satellite's or meteor's streak."),
    Flag(19, "deblended", "Shares its footprint with other sources."),
    Flag(20, "negative", "Found below the sky: fluxes are negative."),
    Flag(21, "sky", "No source: a place of empty sky, measured like one."),
    Flag(22, "neighbors", "Light of other sources was taken away in the pixels measured."),
    Flag(23, "spike", "Some pixel of the source lies on a diffraction spike or halo."),
)
"""Bits of the column ``flags`` of a source catalogue."""

SOURCE = {f.name: 1 << f.bit for f in SOURCE_FLAGS}
"""Bit value of each source flag."""
