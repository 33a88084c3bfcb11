"""A raw exposure as the camera wrote it: one array per amplifier, nothing corrected."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

RawPixels = npt.NDArray[np.uint16] | npt.NDArray[np.int32] | npt.NDArray[np.float32]
HeaderValue = str | int | float | bool

_SECTION = re.compile(r"\[(\d+):(\d+),(\d+):(\d+)\]")


@dataclass(frozen=True, slots=True)
class Section:
    """A rectangle of pixels, origin 0, half-open, with the direction in which it is read."""

    x0: int
    """First column."""
    x1: int
    """One past the last column."""
    y0: int
    """First row."""
    y1: int
    """One past the last row."""
    flip_x: bool = False
    """The FITS section ran from high to low columns: reverse x when copying out of or into it."""
    flip_y: bool = False
    """Likewise for rows."""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.y1 - self.y0, self.x1 - self.x0

    def slices(self) -> tuple[slice, slice]:
        """Index ``[y, x]`` of the rectangle, not reversed."""
        return slice(self.y0, self.y1), slice(self.x0, self.x1)

    def orient(self, pixels: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
        """A view of ``pixels`` (ny, nx) reversed as the section says; its own inverse."""
        return pixels[:: -1 if self.flip_y else 1, :: -1 if self.flip_x else 1]

    def to_fits(self) -> str:
        """``[x1:x2,y1:y2]``, 1-based and inclusive, running backwards where flipped."""
        x = (self.x1, self.x0 + 1) if self.flip_x else (self.x0 + 1, self.x1)
        y = (self.y1, self.y0 + 1) if self.flip_y else (self.y0 + 1, self.y1)
        return f"[{x[0]}:{x[1]},{y[0]}:{y[1]}]"


def parse_section(text: str) -> Section:
    """The section written in FITS form, e.g. ``[1024:513,1:1024]``.

    Raises
    ------
    ValueError
        The text is not a section.
    """
    match = _SECTION.fullmatch(text.replace(" ", ""))
    if match is None:
        raise ValueError(f"found {text!r}, wanted a section like [1:512,1:1024]")
    xa, xb, ya, yb = (int(g) for g in match.groups())
    return Section(min(xa, xb) - 1, max(xa, xb), min(ya, yb) - 1, max(ya, yb), xa > xb, ya > yb)


@dataclass(frozen=True, slots=True)
class RawAmp:
    """What one amplifier wrote: light, prescan and overscan, in read order."""

    data: RawPixels
    """(ny, nx) uint16 (int32 or float32 of foreign cameras), ADU."""
    datasec: Section
    """Where the light is in ``data``."""
    biassec: Section
    """Where the serial overscan is in ``data``; without columns where there is none."""
    detsec: Section
    """Where ``data[datasec]`` belongs in the assembled detector; flipped where read the other way."""
    header: Mapping[str, HeaderValue] = field(default_factory=dict)
    """Cards of this amplifier beyond the sections: GAIN, RDNOISE, SATURATE."""


@dataclass(frozen=True, slots=True)
class RawDetector:
    """All amplifiers of one detector."""

    amps: tuple[RawAmp, ...]
    """In order of their number."""
    header: Mapping[str, HeaderValue]
    """Cards of the detector: the nominal WCS of the assembled detector, FITS pixel origin 1."""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the assembled detector."""
        return max(a.detsec.y1 for a in self.amps), max(a.detsec.x1 for a in self.amps)


@dataclass(frozen=True, slots=True)
class RawVisit:
    """One exposure of the whole camera."""

    header: Mapping[str, HeaderValue]
    """Cards of the exposure."""
    detectors: Mapping[int, RawDetector]
    """By detector number."""
