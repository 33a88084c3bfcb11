"""A table as it is published."""

from dataclasses import dataclass

from gnomon.containers.catalog import Catalog


@dataclass(frozen=True, slots=True)
class ReleaseTable:
    """Rows and what the release says of them."""

    catalog: Catalog
    """All rows, positions in degrees and finite."""
    name: str
    """Name of the table."""
    max_rows: int
    """Rows of a partition."""
    release: str
    """Name of the release."""
    ra: str = "coord_ra"
    """Column of the right ascension."""
    dec: str = "coord_dec"
    """Column of the declination."""

    def __len__(self) -> int:
        return len(self.catalog)
