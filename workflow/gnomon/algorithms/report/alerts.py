"""Section: alerts with their three stamps."""

import heapq
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from markupsafe import Markup
from matplotlib.figure import Figure

from gnomon.algorithms.report.html import paragraph, picture
from gnomon.algorithms.report.plots import to_png
from gnomon.algorithms.report.products import NothingToShowError, Products
from gnomon.constants import MAD_TO_SIGMA

_KNOWN, _NEW, _AGAIN, _FADED = "known asteroid", "new source", "source seen before", "faded source"
_KINDS = (_KNOWN, _NEW, _AGAIN, _FADED)
_SHOWN = 2
"""Alerts shown of each kind."""
_IN_ROW = 2
"""Alerts beside each other."""
_STAMPS = (("cutoutScience", "science"), ("cutoutTemplate", "template"), ("cutoutDifference", "difference"))
_BLOCK = 2880


def alerts(products: Products) -> Markup:
    """The most significant alert of a few objects: science, template, difference."""
    best: dict[int, Mapping[str, Any]] = {}
    of_kind = dict.fromkeys(_KINDS, 0)
    for packet in (p for packets in products.alerts for p in packets):
        of_kind[kind_of(packet)] += 1
        source = packet["diaSource"]
        what = source.get("diaObjectId") or source.get("ssObjectId") or source["diaSourceId"]
        if what not in best or _rank(packet) > _rank(best[what]):
            best[what] = packet
    if not best:
        raise NothingToShowError("No visit sent an alert.")
    chosen = _chosen(list(best.values()))
    rows = -(-len(chosen) // _IN_ROW)
    figure = Figure(figsize=(11, 2.2 * rows), layout="constrained")
    parts: Any = figure.subfigures(rows, _IN_ROW, squeeze=False)
    for part, packet in zip(parts.flat, chosen, strict=False):
        _triplet(part, packet)
    told = ", ".join(f"{k}: {n}" for k, n in of_kind.items() if n)
    lead = (
        f"{sum(of_kind.values())} alerts of {len(best)} objects ({told}). The most significant of each kind:"
    )
    return paragraph(lead) + picture(
        to_png(figure), "stamps of alerts", "Science, template and difference, one scale a row of three."
    )


def kind_of(packet: Mapping[str, Any]) -> str:
    """What an alert is of, as far as it tells itself."""
    if packet.get("ssSource"):
        return _KNOWN
    if packet["diaSource"].get("isNegative"):
        return _FADED
    return _AGAIN if packet.get("prvDiaSources") else _NEW


def _chosen(packets: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The most significant of each kind, the same number of each."""
    return [
        p
        for kind in _KINDS
        for p in heapq.nlargest(_SHOWN, (p for p in packets if kind_of(p) == kind), key=_rank)
    ]


def _rank(packet: Mapping[str, Any]) -> tuple[float, int]:
    source = packet["diaSource"]
    return min(float(source.get("snr") or 0), 200.0), int(source["diaSourceId"])


def _triplet(part: Any, packet: Mapping[str, Any]) -> None:  # noqa: ANN401
    source = packet["diaSource"]
    history = len(packet.get("prvDiaSources") or ())
    axes = part.subplots(1, 3)
    part.suptitle(
        f"{kind_of(packet)}, {source['band']}, S/N {source.get('snr') or 0:.0f}, {history} detections before",
        fontsize=9,
    )
    for axis, (name, title) in zip(axes, _STAMPS, strict=True):
        axis.set(xticks=[], yticks=[])
        axis.set_xlabel(title, fontsize=8)
        if packet.get(name):
            image = stamp_pixels(packet[name])
            middle = float(np.nanmedian(image))
            width = MAD_TO_SIGMA * float(np.nanmedian(np.abs(image - middle))) or 1.0
            axis.imshow(image, origin="lower", cmap="gray", vmin=middle - 3 * width, vmax=middle + 12 * width)


def stamp_pixels(data: bytes) -> npt.NDArray[np.float64]:
    """First image of a FITS file in memory: 32-bit floats."""
    cards: dict[str, str] = {}
    blocks = 0
    while "END" not in cards:
        block = data[blocks * _BLOCK : (blocks + 1) * _BLOCK].decode("ascii")
        blocks += 1
        cards |= {
            block[k : k + 8].strip(): block[k + 10 : k + 80].split("/")[0].strip()
            for k in range(0, len(block), 80)
        }
        if not block:
            raise ValueError("the stamp is cut off")
    shape = int(cards["NAXIS2"]), int(cards["NAXIS1"])
    pixels = np.frombuffer(data, ">f4", shape[0] * shape[1], blocks * _BLOCK)
    return pixels.reshape(shape).astype(np.float64)
