"""Section: alerts with their three stamps."""

import heapq
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from markupsafe import Markup
from matplotlib.figure import Figure

from gnomon.algorithms.report.html import paragraph, picture
from gnomon.algorithms.report.plots import to_png
from gnomon.algorithms.report.products import NothingToShowError, Products

_SHOWN = 4
_STAMPS = (("cutoutScience", "science"), ("cutoutTemplate", "template"), ("cutoutDifference", "difference"))
_BLOCK = 2880


def alerts(products: Products) -> Markup:
    """The most significant alert of a few objects: science, template, difference."""
    total = 0
    best: dict[int, Mapping[str, Any]] = {}
    for packets in products.alerts:
        total += len(packets)
        for packet in packets:
            source = packet["diaSource"]
            what = source.get("diaObjectId") or source.get("ssObjectId") or source["diaSourceId"]
            if what not in best or _rank(packet) > _rank(best[what]):
                best[what] = packet
    if not total:
        raise NothingToShowError("No visit sent an alert.")
    chosen = heapq.nlargest(_SHOWN, best.values(), key=_rank)
    figure = Figure(figsize=(11, 2.9), layout="constrained")
    parts: Any = figure.subfigures(1, _SHOWN)
    for part, packet in zip(parts, chosen, strict=False):
        _triplet(part, packet)
    lead = f"{total} alerts of {len(best)} objects. The most significant of a few objects:"
    return paragraph(lead) + picture(
        to_png(figure), "stamps of alerts", "Science, template and difference, one scale a row of three."
    )


def _rank(packet: Mapping[str, Any]) -> tuple[float, int]:
    source = packet["diaSource"]
    return min(float(source.get("snr") or 0), 200.0), int(source["diaSourceId"])


def _triplet(part: Any, packet: Mapping[str, Any]) -> None:  # noqa: ANN401
    source = packet["diaSource"]
    history = len(packet.get("prvDiaSources") or ())
    axes = part.subplots(1, 3)
    part.suptitle(
        f"{source['band']}, S/N {source.get('snr') or 0:.0f}, {history} detections before", fontsize=9
    )
    for axis, (name, title) in zip(axes, _STAMPS, strict=True):
        axis.set(xticks=[], yticks=[])
        axis.set_xlabel(title, fontsize=8)
        if packet.get(name):
            image = stamp_pixels(packet[name])
            middle = float(np.nanmedian(image))
            width = 1.4826 * float(np.nanmedian(np.abs(image - middle))) or 1.0
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
