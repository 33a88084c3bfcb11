"""Section: the coadds in pictures."""

from markupsafe import Markup

from gnomon.algorithms.report.html import caption_of, photo
from gnomon.algorithms.report.products import NothingToShowError, Products

_SHOWN = 6
"""Patches shown; a page of a larger survey shows every n-th."""


def patches(products: Products) -> Markup:
    """Colour, number of visits and depth, patch by patch."""
    drawn = [p for p in products.patches if not caption_of(p).startswith("empty: ")]
    if not drawn:
        raise NothingToShowError("No coadd has pixels.")
    step = -(-len(drawn) // _SHOWN)
    return Markup("").join(photo(p, caption_of(p), caption_of(p)) for p in drawn[::step])
