"""The page of the report: its head, and its sections one after the other."""

from importlib import resources

import numpy as np
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from gnomon.algorithms.report.html import paragraph
from gnomon.algorithms.report.jobs import failures
from gnomon.algorithms.report.products import NothingToShowError, Products
from gnomon.algorithms.report.sections import SECTIONS, Section
from gnomon.algorithms.validation.bars import bands_of


def report_page(products: Products) -> str:
    """One self-contained page that reads from the top; equal products give equal bytes."""
    template = resources.files("gnomon.algorithms.report").joinpath("page.html.j2").read_text("utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    return environment.from_string(template).render(
        title=products.title,
        lead=_lead(products),
        cards=_cards(products),
        sections=[
            {
                "title": s.title,
                "name": s.title.lower().replace(",", "").replace(" ", "-"),
                "html": drawn(s, products),
            }
            for s in SECTIONS
        ],
    )


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


def _cards(products: Products) -> list[dict[str, str | int]]:
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


def _card(value: int | str, label: str, *, bad: bool = False) -> dict[str, str | int]:
    return {"value": value, "label": label, "mood": "bad" if bad else ""}
