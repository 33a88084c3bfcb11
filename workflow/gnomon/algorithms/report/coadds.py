"""Section: the coadds in pictures, and what they were made of."""

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup

from gnomon.algorithms.report.html import Cell, caption_of, paragraph, photo, picture, table
from gnomon.algorithms.report.products import NothingToShowError, Products, filled
from gnomon.algorithms.validation.bars import bands_of
from gnomon.containers.catalog import Catalog

_SHOWN = 6
"""Pictures shown; a page of a larger survey shows every n-th."""
_NAMED = 3
"""Visits named of those left out for one reason."""
_EMPTY = "empty: "
"""How the caption of a picture without data begins."""


def patches(products: Products) -> Markup:
    """Colour, number of visits and depth, patch by patch; depth by tract; what was left out and why."""
    captions = [caption_of(p) for p in products.patches]
    drawn = [k for k, c in enumerate(captions) if not c.startswith(_EMPTY)]
    if not drawn:
        reasons = "; ".join(dict.fromkeys(c.removeprefix(_EMPTY) for c in captions))
        raise NothingToShowError(f"No coadd has pixels: {reasons}." if reasons else "No coadd has pixels.")
    page = Markup("").join(
        photo(products.patches[k], captions[k], captions[k]) for k in _every(drawn, _SHOWN)
    )
    return page + _depths(products.depths) + _left_out(products.selections)


def _every(rows: Sequence[int], most: int) -> Sequence[int]:
    """At most so many of them, evenly."""
    return rows[:: -(-len(rows) // most) or 1]


def _depths(figures: Sequence[bytes]) -> Markup:
    """Depth of some tracts."""
    captions = [caption_of(f) for f in figures]
    drawn = [k for k, c in enumerate(captions) if not c.startswith(_EMPTY)]
    return Markup("").join(picture(figures[k], captions[k], captions[k]) for k in _every(drawn, _SHOWN))


def _left_out(selections: Sequence[Catalog]) -> Markup:
    """By kind of coadd, band and reason: how many visits, and which."""
    used: dict[tuple[str, str], set[int]] = {}
    lost: dict[tuple[str, str, str], set[int]] = {}
    for part in filled(selections):
        for kind, band, visit, reason in zip(
            *(part[c].tolist() for c in ("kind", "band", "visit", "reason")), strict=True
        ):
            mine = used.setdefault((kind, band), set())
            mine.update({visit} - {visit if reason else -1})
            if reason:
                lost.setdefault((kind, band, reason), set()).add(visit)
    if not used:
        return Markup("")
    order = bands_of(np.array([band for _, band in used], object))
    keys = sorted(lost, key=lambda k: (k[0], order.index(k[1]), k[2]))
    rows: list[list[Cell]] = [[*k[:2], len(used[k[:2]]), k[2], len(lost[k]), _names(lost[k])] for k in keys]
    said = "Visits that coadds left out, in whole or on some patches; coadd/selection has every detector's weight."
    head = ["kind", "band", "visits used", "left out for", "visits", "such as"]
    return paragraph(said) + (table(head, rows, (0, 1, 3, 5)) if rows else paragraph("None was left out."))


def _names(visits: set[int]) -> str:
    first = sorted(visits)[:_NAMED]
    return ", ".join(map(str, first)) + (" ..." if len(visits) > _NAMED else "")
