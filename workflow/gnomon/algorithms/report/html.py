"""Pieces of HTML: everything that is put into them is escaped."""

import base64
from collections.abc import Iterable, Sequence

from markupsafe import Markup, escape

Cell = str | int | Markup


def paragraph(text: str, kind: str = "") -> Markup:
    """One paragraph; ``kind`` is a class of the style sheet."""
    return Markup('<p class="{}">{}</p>').format(kind, text)


def table(head: Sequence[str], rows: Iterable[Sequence[Cell]], texts: Sequence[int] = (0,)) -> Markup:
    """A table that scrolls sideways where the page is narrow.

    Parameters
    ----------
    head : names of the columns
    rows : cells of each row
    texts : columns that hold text; numbers stand to the right
    """
    top = Markup("").join(_cell("th", h, k in texts) for k, h in enumerate(head))
    body = Markup("").join(
        Markup("<tr>{}</tr>\n").format(Markup("").join(_cell("td", c, k in texts) for k, c in enumerate(row)))
        for row in rows
    )
    return Markup('<div class="wide"><table><tr>{}</tr>\n{}</table></div>').format(top, body)


def _cell(tag: str, value: Cell, text: bool) -> Markup:
    kind = Markup(' class="text"') if text else Markup("")
    return Markup("<{0}{1}>{2}</{0}>").format(Markup(tag), kind, value)


def marked(text: str, mood: str) -> Markup:
    """A word in the colour of good, bad or soft."""
    return Markup('<span class="{}">{}</span>').format(mood, text)


def picture(png: bytes, alt: str, caption: str = "") -> Markup:
    """A PNG inside the page, with a sentence below."""
    below = Markup("<figcaption>{}</figcaption>").format(caption) if caption else Markup("")
    source = base64.b64encode(png).decode("ascii")
    return Markup('<figure><img alt="{}" src="data:image/png;base64,{}">{}</figure>\n').format(
        alt, source, below
    )


def listed(parts: Iterable[str]) -> Markup:
    """Lines, one below the other."""
    return Markup("<br>").join(escape(p) for p in parts)
