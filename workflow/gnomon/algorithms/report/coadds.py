"""Sections: the coadds and the mass in pictures."""

from collections.abc import Sequence

from markupsafe import Markup

from gnomon.algorithms.report.html import caption_of, photo
from gnomon.algorithms.report.products import NothingToShowError, Products

_SHOWN = 6
"""Pictures shown; a page of a larger survey shows every n-th."""
_EMPTY = "empty: "
"""How the caption of a picture without data begins."""


def patches(products: Products) -> Markup:
    """Colour, number of visits and depth, patch by patch."""
    return _pictures(products.patches, "No coadd has pixels")


def masses(products: Products) -> Markup:
    """Convergence of each tract."""
    return _pictures(products.masses, "No map of the mass was made")


def _pictures(pictures: Sequence[bytes], without: str) -> Markup:
    """Pictures with what they say of themselves; of empty ones the reasons."""
    captions = [caption_of(p) for p in pictures]
    drawn = [k for k, c in enumerate(captions) if not c.startswith(_EMPTY)]
    if not drawn:
        reasons = "; ".join(dict.fromkeys(c.removeprefix(_EMPTY) for c in captions))
        raise NothingToShowError(f"{without}: {reasons}." if reasons else f"{without}.")
    step = -(-len(drawn) // _SHOWN)
    return Markup("").join(photo(pictures[k], captions[k], captions[k]) for k in drawn[::step])
