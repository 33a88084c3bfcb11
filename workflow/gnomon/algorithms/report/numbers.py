"""Sections: the table of requirements, and what else was measured."""

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup

from gnomon.algorithms.report.html import Cell, marked, paragraph, table
from gnomon.algorithms.report.products import NothingToShowError, Products
from gnomon.algorithms.validation.bars import bands_of
from gnomon.containers.catalog import Catalog

_NO_SAMPLE = Markup('<span class="soft" title="no sample">–</span>')
_SIGN = {"below": "≤", "above": "≥", "within": "±"}


def requirements(products: Products) -> Markup:
    """Every bar, what was measured in each band, and whether it is met."""
    held = products.metrics.take(products.metrics["sense"] != "none")
    if not len(held):
        raise NothingToShowError("None: the truth of this survey is not known.")
    tried, left = _split(held)
    bands = [b for b in bands_of(tried["band"]) if b]
    rows = [_requirement(tried.take(tried["name"] == n), bands) for n in dict.fromkeys(tried["name"])]
    page = table(["requirement", "", "bar", "all", *bands, "n"], rows) if rows else Markup("")
    return page + (paragraph(f"No sample to measure on: {', '.join(left)}.", "soft") if left else Markup(""))


def _split(metrics: Catalog) -> tuple[Catalog, list[str]]:
    """Rows of the quantities that were measured in any band, and the names of the others."""
    names = dict.fromkeys(str(n) for n in metrics["name"])
    seen = {str(n) for n in metrics["name"][np.isfinite(metrics["value"])]}
    return metrics.take(np.isin(metrics["name"].astype(str), list(seen))), [n for n in names if n not in seen]


def _requirement(of: Catalog, bands: Sequence[str]) -> list[Cell]:
    unit = f"\N{NO-BREAK SPACE}{of['unit'][0]}" if of["unit"][0] else ""
    bar = f"{_SIGN[str(of['sense'][0])]}\N{NO-BREAK SPACE}{of['bar'][0]:.4g}{unit}"
    n = int(of["n"].sum())
    return [_named(of), _verdict(of), bar, *_cells(of, ["", *bands], judge=True), n]


def _verdict(of: Catalog) -> Markup:
    met = bool(of["passed"][of["n"] > 0].all())
    return marked("met" if met else "missed", "good" if met else "bad")


def _named(of: Catalog) -> Markup:
    """What is measured, and below it on what."""
    unit = f", {of['unit'][0]}" if of["unit"][0] and of["sense"][0] == "none" else ""
    said = f"{of['doc'][0]} Wanted: {of['requirement'][0]}." if of["requirement"][0] else of["doc"][0]
    return Markup('<div class="named">{}<small>{}</small></div>').format(f"{of['name'][0]}{unit}", said)


def measured(products: Products) -> Markup:
    """Numbers that are held to no bar."""
    free, _ = _split(products.metrics.take(products.metrics["sense"] == "none"))
    if not len(free):
        raise NothingToShowError(str(products.metrics.meta.get("empty_reason", "Nothing was measured.")))
    bands = bands_of(free["band"])
    rows = []
    for name in dict.fromkeys(free["name"]):
        of = free.take(free["name"] == name)
        rows.append([_named(of), *_cells(of, bands)])
    return table(["quantity", *(b or "all" for b in bands)], rows)


def _digits(value: float, bar: float) -> str:
    """Three digits; beside a bar, decimals down to a hundredth of it."""
    if not np.isfinite(bar) or bar == 0:
        return f"{value:.3g}"
    return f"{value:.{max(0, 2 - int(np.floor(np.log10(abs(bar)))))}f}"


def _cells(of: Catalog, bands: Sequence[str], *, judge: bool = False) -> list[Cell]:
    value = dict(zip((str(b) for b in of["band"]), of["value"], strict=True))
    passed = dict(zip((str(b) for b in of["band"]), of["passed"], strict=True))
    cells: list[Cell] = []
    by_band = any(value)
    for band in bands:
        if not np.isfinite(value.get(band, np.nan)):
            cells.append(_NO_SAMPLE if bool(band) == by_band else "")
        else:
            text = _digits(value[band], float(of["bar"][0]) if judge else np.nan)
            cells.append(marked(text, "bad") if judge and not passed[band] else text)
    return cells
