"""What the report is made from."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gnomon.containers.catalog import Catalog, concatenate


class NothingToShowError(Exception):
    """Why a section of the report has nothing to show; its text stands in the section's place."""


@dataclass(frozen=True, slots=True)
class Products:
    """Tables and pictures of a campaign; a product that was not made is an empty sequence.

    The sequences may be streams, read anew whenever a section goes through them.
    """

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
    patches: Sequence[bytes] = ()
    """A PNG of each patch."""
    selections: Sequence[Catalog] = ()
    """Schema ``coadd_selection``, one a tract."""
    depths: Sequence[bytes] = ()
    """A PNG of the depth of each tract."""
    masses: Sequence[Mapping[str, Any]] = ()
    """Convergence of each tract: arrays kappa_e, kappa_b, n, and where they lie; empty where none was made."""
    stars: Sequence[Catalog] = ()
    """Every simulated star, where the survey is simulated."""
    galaxies: Sequence[Catalog] = ()
    """Every simulated galaxy."""
    sources: Sequence[Catalog] = ()
    """Schema ``source``, one a visit."""
    star_sources: Sequence[Catalog] = ()
    """Schema ``isolated_star_source``, one a tract."""
    objects: Sequence[Catalog] = ()
    """Schema ``object``, one a patch."""
    redshifts: Sequence[Catalog] = ()
    """Schema ``photoz``, one a patch."""
    spectra: Sequence[Catalog] = ()
    """Schema ``spec_z``."""
    variability: Sequence[Catalog] = ()
    """Schema ``variability``, one a patch."""
    forced: Sequence[Catalog] = ()
    """Schema ``forced_source``, one a visit."""
    dia_sources: Sequence[Catalog] = ()
    """Schema ``dia_source``, one a visit."""
    dia_objects: Sequence[Catalog] = ()
    """Schema ``dia_object``, one a patch."""
    dia_associations: Sequence[Catalog] = ()
    """Schema ``dia_association``, one a patch."""
    dia_forced: Sequence[Catalog] = ()
    """Schema ``dia_forced_source``, one a visit."""
    alerts: Sequence[Sequence[Mapping[str, Any]]] = ()
    """Packets, one list a visit."""
    attributed: Sequence[Catalog] = ()
    """Schema ``ss_source``, one a night."""
    tracklets: Sequence[Catalog] = ()
    """Schema ``tracklet``, one a night."""
    orbits: Sequence[Catalog] = ()
    """Schema ``orbit``: the catalogue at the end of the last night."""

    def tables(self) -> dict[str, Sequence[Catalog]]:
        """Tables whose ``meta`` says what failed or why they are empty, by stage, in the order of work."""
        return {
            "visit": self.summaries,
            "object": self.objects,
            "photoz": self.redshifts,
            "variability": self.variability,
            "forced_source": self.forced,
            "dia_source": self.dia_sources,
            "dia_object": self.dia_objects,
            "dia_forced_source": self.dia_forced,
            "ss_source": self.attributed,
            "tracklet": self.tracklets,
            "orbit_catalog": self.orbits,
        }


def gathered(parts: Sequence[Catalog], columns: Sequence[str], limit: int = 0) -> Catalog:
    """Some columns of all parts that have rows.

    Parameters
    ----------
    columns : names
    limit : most rows of the result, every n-th of all; 0 takes all

    Raises
    ------
    NothingToShowError
        There are no rows; says why.
    """
    reasons: dict[str, None] = {}
    found = []
    for part in parts:
        if len(part):
            found.append(Catalog({n: part[n] for n in columns}))
        else:
            reasons[str(part.meta.get("empty_reason", "no rows"))] = None
    if not found:
        raise NothingToShowError(_sentence(reasons) or "Nothing of this was made.")
    whole = concatenate(found)
    step = -(-len(whole) // limit) if limit else 1
    return whole.take(np.arange(0, len(whole), step)) if step > 1 else whole


def rows_where(
    parts: Sequence[Catalog], column: str, values: Sequence[int], columns: Sequence[str]
) -> Catalog:
    """Rows of all parts whose column holds one of some values; may be none."""
    chosen = [_chosen(part, column, values, columns) for part in parts if len(part)]
    return concatenate(chosen) if chosen else Catalog({n: np.empty(0) for n in columns})


def _chosen(part: Catalog, column: str, values: Sequence[int], columns: Sequence[str]) -> Catalog:
    rows = np.flatnonzero(np.isin(part[column], np.asarray(values)))
    return Catalog({n: part[n][rows] for n in columns})


def _sentence(reasons: Mapping[str, None]) -> str:
    text = "; ".join(reasons)
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def filled(parts: Sequence[Catalog]) -> Iterator[Catalog]:
    """The parts that have rows."""
    return (p for p in parts if len(p))
