"""Sections: what ran, what failed and why."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from gnomon.algorithms.report.html import Cell, paragraph, table
from gnomon.algorithms.report.products import NothingToShowError, Products
from gnomon.containers.catalog import Catalog

_SHOWN = 6
"""Data ids named of those with one reason; the others are counted."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Something that could not be made."""

    stage: str
    """The first stage that gave up on it."""
    what: str
    """A file, or a data id."""
    why: str
    """The reason, in the product's own words."""


def jobs_run(products: Products) -> Markup:
    """Jobs by step, in the order of work, and the processor time that the plan expects of them."""
    jobs = products.jobs
    if not len(jobs):
        raise NothingToShowError("The plan has no jobs.")
    names = list(dict.fromkeys(str(n) for n in jobs["step"]))
    rows: list[list[Cell]] = [
        [n, *(f"{jobs[c][jobs['step'] == n].sum():.0f}" for c in ("jobs", "cpu_s"))] for n in names
    ]
    lead = f"{jobs['jobs'].sum():.0f} jobs of {len(rows)} steps, all of them done: a report is made when "
    lead += f"everything else is. CPU s is what the plan expected, {jobs['cpu_s'].sum():.0f} in all; what each job "
    lead += "took stands in benchmark/, and python -m gnomon.costs makes a page of it."
    return paragraph(lead) + _columns(rows)


def _columns(rows: Sequence[Sequence[Cell]]) -> Markup:
    """A long list, side by side in three parts."""
    third = -(-len(rows) // 3)
    parts = [rows[k : k + third] for k in range(0, len(rows), max(third, 1))]
    return Markup('<div class="beside">{}</div>').format(
        Markup("").join(table(["step", "jobs", "CPU s"], part) for part in parts)
    )


def failed(products: Products) -> Markup:
    """What could not be made, and the products that are empty because of it or for want of data."""
    lost, empty = failures(products), empties(products)
    page = Markup("")
    if lost:
        page += table(["what", "stage", "why"], [[f.what, f.stage, f.why] for f in lost], (0, 1, 2))
    else:
        page += paragraph("Nothing: every exposure was used and every detector was calibrated.")
    if empty:
        page += paragraph("Products that are empty, and say so:")
        page += table(["stage", "which", "why"], _by_reason(empty), (0, 1, 2))
    if noted := notes(products):
        page += paragraph("What the calibrated visits say of themselves:")
        page += table(["stage", "which", "what"], _by_reason(noted), (0, 1, 2))
    return page


def failures(products: Products) -> list[Failure]:
    """Rejected files, lost visits and lost detectors, each with the first stage that gave up.

    A table of a later stage without any row is not a failure of its detectors: `empties` names it.
    """
    found: dict[str, Failure] = {}
    for path, reason in zip(products.rejects["path"], products.rejects["reason"], strict=True):
        found[str(path)] = Failure("ingest", str(path), str(reason))
    for stage, parts in products.tables().items():
        for part in (p for p in parts if len(p) or stage == "visit"):
            for what, why in _lost(part, stage == "visit"):
                found.setdefault(what, Failure(stage, what, why))
    return list(found.values())


def empties(products: Products) -> list[Failure]:
    """Tables without rows, but for those of lost visits."""
    lost = {f.what for f in failures(products)}
    rows = [
        Failure(stage, str(t.meta.get("data_id", "")), str(t.meta.get("empty_reason", "no rows")))
        for stage, tables in products.tables().items()
        for t in tables
        if not len(t)
    ]
    return [r for r in rows if r.what not in lost or not r.what]


def notes(products: Products) -> list[Failure]:
    """What stands in the notes of calibrated detectors, such as a map that was kept, and of other tables."""
    told = [
        Failure(stage, f"{table.meta.get('data_id', '')} {detector}", text)
        for stage, tables in products.tables().items()
        for table in tables
        for detector, _, text in (n.partition(": ") for n in str(table.meta.get("note", "")).split("; ") if n)
    ]
    return told + [
        Failure("visit", f"visit={visit} detector={detector}", text)
        for s in products.summaries
        if len(s)
        for visit, detector, note in zip(s["visit"], s["detector"], s["note"], strict=True)
        for text in str(note).split("; ")
        if text
    ]


def _lost(part: Catalog, whole: bool) -> Iterator[tuple[str, str]]:
    """Data id and reason of the detectors of a table that failed; or of the table itself."""
    name = str(part.meta.get("data_id", ""))
    reasons = json.loads(str(part.meta.get("failures", "{}")))
    for detector, reason in reasons.items():
        yield f"{name} detector={detector}", str(reason)
    if whole and part.meta.get("empty_reason") and not reasons:
        yield name, str(part.meta["empty_reason"])


def _by_reason(rows: Sequence[Failure]) -> Iterator[list[Cell]]:
    """One line a stage and reason."""
    for stage, why in dict.fromkeys((r.stage, r.why) for r in rows):
        names = [r.what for r in rows if (r.stage, r.why) == (stage, why)]
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        yield [stage, ", ".join(n for n in names[:_SHOWN] if n) + more, why]
