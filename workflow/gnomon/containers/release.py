"""A table as it is published."""

from collections.abc import Sequence
from dataclasses import dataclass

from gnomon.containers.catalog import Catalog


@dataclass(frozen=True, slots=True)
class ReleaseTable:
    """Rows and what the release says of them."""

    parts: Sequence[Catalog]
    """Rows, part by part, positions in degrees; read more than once, one part at a time."""
    name: str
    """Name of the table."""
    max_rows: int
    """Rows of a partition."""
    release: str
    """Name of the release."""
    margin_arcsec: float = 0.0
    """Rows this near to a partition stand in its margin cache; 0 makes none."""
    ra: str = "coord_ra"
    """Column of the right ascension; rows without a position are left out."""
    dec: str = "coord_dec"
    """Column of the declination."""
