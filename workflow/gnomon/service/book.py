"""The plan, and what has arrived since it was made."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from gnomon.containers.catalog import Catalog
from gnomon.containers.skymap import SkyMap
from gnomon.plan.exposures import corners_of
from gnomon.plan.graph import graph
from gnomon.plan.incidence import Incidence, ListedFootprints, incidence
from gnomon.plan.seasons import seasons_of
from gnomon.smk import Campaign


def admit(campaign: Campaign, table: Catalog, skymap: SkyMap) -> None:
    """Add one science exposure to the campaign's graph, as if the plan had known it; nothing if it did.

    Parameters
    ----------
    campaign
        Its graph is changed.
    table
        The exposure's detectors, schema `visit_detector`.
    skymap
        Of the plan.
    """
    whole = campaign.graph
    rows = np.zeros(len(table), np.int64)
    pairs = incidence(ListedFootprints(rows, *corners_of(table)), skymap)
    part = graph(table, pairs, np.unique(table["visit"]), {}, campaign.options.refcat)
    (visit,) = part["visits"]
    if visit in whole["visits"]:
        return
    whole["visits"].update(part["visits"])
    _sort(whole["visits"])
    for kind in ("nights", "tracts"):
        for name, members in part[kind].items():
            whole[kind][name] = sorted({*whole[kind].get(name, []), *members})
        _sort(whole[kind])
    for place, bands in part["patches"].items():
        there = whole["patches"].setdefault(place, {})
        for band, visits in bands.items():
            there[band] = sorted({*there.get(band, []), *visits})
    _sort(whole["patches"])
    campaign.patches_of_visit[visit] = sorted(part["patches"])
    whole["bands"][:] = sorted({*whole["bands"], *part["bands"]})
    for tract in part["tracts"]:
        for band in part["bands"]:
            key = f"{tract}/{band}"
            whole["seasons"][key] = _seasons(whole, tract, band, campaign.options.template_gap_days)


def _sort(found: dict[str, Any]) -> None:
    """Put the names of a mapping in order, in place."""
    for name in sorted(found):
        found[name] = found.pop(name)


def _seasons(whole: Mapping[str, Any], tract: str, band: str, gap_days: float) -> list[float]:
    """First midpoints of the seasons of a tract in a band."""
    places = (b for p, b in whole["patches"].items() if p.startswith(f"{tract}/"))
    visits = sorted({v for bands in places for v in bands.get(band, [])})
    facts = [whole["visits"][v] for v in visits]
    n, zero = len(visits), np.zeros(len(visits), np.int32)
    nights = np.unique([f["night"] for f in facts], return_inverse=True)[1].astype(np.int32)
    pairs = Incidence(zero + int(tract), zero, np.arange(n, dtype=np.int32), zero.astype(np.uint16))
    mjd = np.array([f["mjd"] for f in facts], np.float64)
    return seasons_of(pairs, zero, mjd, nights, gap_days).starts([band])[f"{tract}/{band}"]
