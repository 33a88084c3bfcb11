"""Section: the coadds in pictures."""

from markupsafe import Markup

from gnomon.algorithms.report.html import caption_of, photo
from gnomon.algorithms.report.products import NothingToShowError, Products

_SHOWN = 6
"""Pictures shown; a page of a larger survey shows every n-th."""
_EMPTY = "empty: "
"""How the caption of a picture without data begins."""


def patches(products: Products) -> Markup:
    """Colour, number of visits and depth, patch by patch."""
    captions = [caption_of(p) for p in products.patches]
    drawn = [k for k, c in enumerate(captions) if not c.startswith(_EMPTY)]
    if not drawn:
        reasons = "; ".join(dict.fromkeys(c.removeprefix(_EMPTY) for c in captions))
        raise NothingToShowError(f"No coadd has pixels: {reasons}." if reasons else "No coadd has pixels.")
    step = -(-len(drawn) // _SHOWN)
    return Markup("").join(photo(products.patches[k], captions[k], captions[k]) for k in drawn[::step])
