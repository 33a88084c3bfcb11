"""The alerts of one visit before they become packets."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gnomon.containers.catalog import Catalog

F4 = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class LocalMap:
    """A plane that touches the sky at the centre of a stamp."""

    crval: tuple[float, float]
    """Right ascension and declination of the reference pixel, degrees."""
    crpix: tuple[float, float]
    """The reference pixel (x, y), origin 1 as FITS counts."""
    cd: tuple[float, float, float, float]
    """CD1_1, CD1_2, CD2_1, CD2_2, degrees per pixel."""


@dataclass(frozen=True, slots=True)
class Stamps:
    """Cutouts of one kind, one per alert."""

    flux: F4
    """(n, side, side) nJy; NaN where nothing is known."""
    variance: F4
    """(n, side, side) nJy2; 0 where nothing is known."""
    psf: F4
    """(n, size, size) of unit sum; size 0 if there is none."""
    maps: tuple[LocalMap, ...]
    """Pixels to sky."""

    def __len__(self) -> int:
        return len(self.flux)


@dataclass(frozen=True, slots=True)
class AlertBatch:
    """Tables with the names of the alert schema, positions in degrees, and the stamps.

    An object or history that is not there gives null in the packet.
    """

    source: Catalog
    """One row an alert."""
    previous: Catalog
    """Earlier detections, by ``diaObjectId``; later ones are left out of the packets."""
    forced: Catalog
    """Forced photometry, by ``diaObjectId``."""
    object: Catalog
    """One row an object, by ``diaObjectId``."""
    solar: Catalog
    """Circumstances of known solar-system objects, by ``diaSourceId``."""
    orbit: Catalog
    """Their orbits, by ``designation``."""
    difference: Stamps
    """Row by row as ``source``."""
    science: Stamps
    """Likewise."""
    template: Stamps
    """Likewise."""

    def __len__(self) -> int:
        return len(self.source)
