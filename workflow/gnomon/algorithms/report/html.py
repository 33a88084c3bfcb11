"""Pieces of HTML: everything that is put into them is escaped."""

import base64
import io
from collections.abc import Iterable, Sequence

from markupsafe import Markup, escape
from PIL import Image

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
    """A plot inside the page, with a sentence below."""
    return _figure(png, "png", alt, caption)


def _figure(data: bytes, kind: str, alt: str, caption: str) -> Markup:
    below = Markup("<figcaption>{}</figcaption>").format(caption) if caption else Markup("")
    source = f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}"
    return Markup('<figure><img alt="{}" src="{}">{}</figure>\n').format(alt, source, below)


def listed(parts: Iterable[str]) -> Markup:
    """Lines, one below the other."""
    return Markup("<br>").join(escape(p) for p in parts)


def photo(png: bytes, alt: str, caption: str = "", longest_px: int = 0) -> Markup:
    """A noisy picture inside the page, as JPEG: a tenth of its size as PNG."""
    image = Image.open(io.BytesIO(png)).convert("RGB")
    if longest_px:
        image.thumbnail((longest_px, longest_px))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=85)
    return _figure(buffer.getvalue(), "jpeg", alt, caption)


def caption_of(png: bytes) -> str:
    """What a picture of the pipeline says of itself; empty where it says nothing."""
    return str(Image.open(io.BytesIO(png)).info.get("Description", ""))
