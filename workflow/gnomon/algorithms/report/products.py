"""What the report is made from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gnomon.containers.catalog import Catalog


class NothingToShowError(Exception):
    """Why a section of the report has nothing to show; its text stands in the section's place."""


@dataclass(frozen=True, slots=True)
class Products:
    """Tables and pictures of a campaign; a product that was not made is an empty sequence."""

    title: str
    """Heading of the page."""
    rejects: Catalog
    """Path and reason of the files that could not be used."""
    jobs: Catalog
    """Jobs of every slice and step."""
    makers: Mapping[str, Sequence[str]]
    """For each step the steps that make what it reads."""
    metrics: Catalog
    """Schema ``metrics``; may have no rows."""
    summaries: Sequence[Catalog] = ()
    """Schema ``visit_summary``, one a visit; ``meta`` says what failed."""
    figures: Sequence[bytes] = ()
    """A PNG of each visit, in the same order."""

    def tables(self) -> dict[str, Sequence[Catalog]]:
        """Tables whose ``meta`` says what failed or why they are empty, by stage, in the order of work."""
        return {"visit": self.summaries}
