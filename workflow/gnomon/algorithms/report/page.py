"""The HTML of the report."""

import base64
import json
from collections.abc import Iterator, Sequence
from importlib import resources
from typing import Any

import numpy as np
from jinja2 import Environment, StrictUndefined

from gnomon.algorithms.report.plots import campaign_plots
from gnomon.containers.catalog import Catalog

Facts = dict[str, Any]


def report_page(
    title: str, summaries: Sequence[Catalog], figures: Sequence[bytes], rejects: Catalog, metrics: Catalog
) -> str:
    """One self-contained page that reads from the top.

    Parameters
    ----------
    title : heading
    summaries : one visit summary a visit, with ``data_id`` and, where something failed, the reason in ``meta``
    figures : one PNG a visit, in the same order
    rejects : path and reason of the files that could not be used
    metrics : table of schema ``metrics``; may have no rows
    """
    template = resources.files("gnomon.algorithms.report").joinpath("page.html.j2").read_text("utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    failures = [*_rejected(rejects), *_failed(summaries)]
    detectors = sum(len(s) for s in summaries)
    missed = int((~metrics["passed"].astype(bool)).sum())
    return environment.from_string(template).render(
        title=title,
        lead=_lead(summaries),
        cards=[
            _card(len(summaries), "visits"),
            _card(detectors, "detectors calibrated"),
            _card(len(failures), "failures", bad=bool(failures)),
            _card(missed, "requirements missed", bad=bool(missed)),
        ],
        failures=failures,
        requirements=[_requirement(metrics, int(i)) for i in np.flatnonzero(metrics["sense"] != "none")],
        bands=_bands(metrics),
        quantities=[*_quantities(metrics)],
        plots=[{"alt": alt, "png": _base64(png)} for alt, png in campaign_plots(summaries)],
        visits=[_visit(s, f) for s, f in zip(summaries, figures, strict=True)],
    )


def _lead(summaries: Sequence[Catalog]) -> str:
    nights = sorted({str(n) for s in summaries for n in s["night"]})
    found = {str(b) for s in summaries for b in s["band"]}
    bands = ", ".join(sorted(found, key=lambda b: ("ugrizy".find(b) % 99, b)))
    return f"{len(nights)} nights, bands {bands}" if nights else "No visit was calibrated."


def _card(value: int, label: str, *, bad: bool = False) -> Facts:
    return {"value": value, "label": label, "mood": "bad" if bad else ""}


def _rejected(rejects: Catalog) -> Iterator[Facts]:
    for path, reason in zip(rejects["path"], rejects["reason"], strict=True):
        yield {"what": path, "why": reason}


def _failed(summaries: Sequence[Catalog]) -> Iterator[Facts]:
    for summary in summaries:
        name = summary.meta.get("data_id", "")
        failures = json.loads(str(summary.meta.get("failures", "{}")))
        for detector, reason in failures.items():
            yield {"what": f"{name} detector={detector}", "why": reason}
        if summary.meta.get("empty_reason") and not failures:
            yield {"what": name, "why": summary.meta["empty_reason"]}


def _requirement(metrics: Catalog, row: int) -> Facts:
    facts = {n: metrics[n][row] for n in ("name", "band", "n", "passed", "doc")}
    unit = f" {metrics['unit'][row]}" if metrics["unit"][row] else ""
    sign = {"below": "≤", "above": "≥"}[str(metrics["sense"][row])]
    bar, value = metrics["bar"][row], metrics["value"][row]
    return {**facts, "value": f"{value:.4g}{unit}", "bar": f"{sign} {bar:.4g}{unit}"}


def _bands(metrics: Catalog) -> list[str]:
    return list(dict.fromkeys(str(b) for b in metrics["band"]))


def _quantities(metrics: Catalog) -> Iterator[Facts]:
    free = metrics.take(metrics["sense"] == "none")
    for name in dict.fromkeys(free["name"]):
        of = free.take(free["name"] == name)
        value = {str(b): v for b, v in zip(of["band"], of["value"], strict=True)}
        unit = f", {of['unit'][0]}" if of["unit"][0] else ""
        cells = [f"{value[b]:.4g}" if np.isfinite(value.get(b, np.nan)) else "–" for b in _bands(metrics)]
        yield {"name": f"{name}{unit}", "cells": cells, "doc": of["doc"][0]}


def _visit(summary: Catalog, figure: bytes) -> Facts:
    notes = [f["why"] for f in _failed([summary])]
    facts: Facts = {"png": _base64(figure), "rows": len(summary), "notes": notes}
    if not len(summary):
        return {**facts, "visit": summary.meta.get("data_id", ""), "band": "", "night": ""}
    kinds = ", ".join(dict.fromkeys(summary["astromKind"]))
    rms = summary["astromRms"][np.isfinite(summary["astromRms"])]
    return {
        **facts,
        "notes": notes + [n for n in dict.fromkeys(summary["note"]) if n],
        "visit": int(summary["visit"][0]),
        "band": summary["band"][0],
        "night": summary["night"][0],
        "seeing": f"{np.median(summary['seeing']):.2f}",
        "zero_point": f"{np.median(summary['zeroPoint']):.3f}",
        "depth": f"{np.median(summary['magLim']):.2f}",
        "astrometry": f"{np.median(rms):.1f} mas ({kinds})" if len(rms) else kinds,
        "sources": int(summary["nSource"].sum()),
        "stars": int(summary["nPsfStar"].sum()),
    }


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
