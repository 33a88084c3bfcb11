"""The page of the report: its head, and its sections one after the other."""

from collections.abc import Sequence
from importlib import resources

import numpy as np
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from gnomon.algorithms.report.html import paragraph
from gnomon.algorithms.report.jobs import failures
from gnomon.algorithms.report.products import NothingToShowError, Products
from gnomon.algorithms.report.sections import SECTIONS, Section
from gnomon.algorithms.validation.bars import bands_of

Facts = dict[str, str | int | Markup]


def report_page(products: Products) -> str:
    """One self-contained page that reads from the top; equal products give equal bytes."""
    sections: list[Facts] = [
        {"title": s.title, "name": _anchor(s.title), "html": drawn(s, products)} for s in SECTIONS
    ]
    return _page(products.title, _lead(products), _cards(products), sections)


def bare_page(title: str, body: Markup) -> str:
    """A page with a heading and nothing else around its body."""
    return _page(title, "", [], [{"title": "", "name": "all", "html": body}])


def _page(title: str, lead: str, cards: Sequence[Facts], sections: Sequence[Facts]) -> str:
    template = resources.files("gnomon.algorithms.report").joinpath("page.html.j2").read_text("utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    return environment.from_string(template).render(title=title, lead=lead, cards=cards, sections=sections)


def _anchor(title: str) -> str:
    return title.lower().replace(",", "").replace(" ", "-")


def drawn(section: Section, products: Products) -> Markup:
    """A section, or why there is nothing to show in it."""
    try:
        return section.draw(products)
    except NothingToShowError as reason:
        return paragraph(str(reason), "soft")


def _lead(products: Products) -> str:
    nights = {str(n) for s in products.summaries for n in s["night"]}
    bands = bands_of(np.array([b for s in products.summaries for b in s["band"]], object))
    return f"{len(nights)} nights, bands {', '.join(bands)}" if nights else "No visit was calibrated."


def _cards(products: Products) -> list[Facts]:
    metrics = products.metrics
    tried = metrics.take((metrics["sense"] != "none") & (metrics["n"] > 0))
    names = dict.fromkeys(tried["name"])
    met = sum(bool(tried["passed"][tried["name"] == n].all()) for n in names)
    lost = len(failures(products))
    return [
        _card(len(products.summaries), "visits"),
        _card(sum(len(s) for s in products.summaries), "detectors calibrated"),
        _card(lost, "failures", bad=lost > 0),
        _card(f"{met} of {len(names)}", "requirements met", bad=met < len(names)),
    ]


def _card(value: int | str, label: str, *, bad: bool = False) -> Facts:
    return {"value": value, "label": label, "mood": "bad" if bad else ""}
