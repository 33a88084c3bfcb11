"""Section: the steps and what they hand to each other, drawn as a layered graph."""

from collections.abc import Mapping

from markupsafe import Markup

from gnomon.algorithms.report.products import NothingToShowError, Products

_WIDTH, _HEIGHT, _ROW, _GAP = 118, 26, 54, 14
"""Of a box, of a row of boxes, and between boxes; pixels."""


def chain(products: Products) -> Markup:
    """Boxes for the steps that ran, an arrow where one reads what another makes; work flows down."""
    jobs: dict[str, int] = {}
    for name, n in zip(products.jobs["step"], products.jobs["jobs"], strict=True):
        jobs[str(name)] = jobs.get(str(name), 0) + int(n)
    if not jobs:
        raise NothingToShowError("The plan has no jobs.")
    direct = {n: [p for p in products.makers.get(n, ()) if p in jobs] for n in jobs}
    return Markup('<div class="wide">{}</div>').format(_svg(without_shortcuts(direct), jobs))


def without_shortcuts(direct: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """For each step its parents, without those that its other parents follow from anyway.

    Where steps follow from each other, as catalogues do night by night, the way back to an earlier step of
    ``direct`` is left out.
    """
    order = {n: k for k, n in enumerate(direct)}
    forward = {
        n: [p for p in some if order[p] < order[n] or n not in _above(direct, p)]
        for n, some in direct.items()
    }
    return {n: [p for p in some if not _reached(forward, some, p)] for n, some in forward.items()}


def _above(direct: Mapping[str, list[str]], step: str) -> set[str]:
    """All that a step follows from."""
    found: set[str] = set()
    waiting = list(direct[step])
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += direct[name]
    return found


def layers(above: Mapping[str, list[str]]) -> dict[str, int]:
    """Length of the longest way to each step from one without parents."""
    rank: dict[str, int] = {}

    def of(name: str) -> int:
        if name not in rank:
            rank[name] = 1 + max((of(p) for p in above[name]), default=-1)
        return rank[name]

    return {name: of(name) for name in above}


def _reached(forward: Mapping[str, list[str]], some: list[str], parent: str) -> bool:
    """Whether a parent is an ancestor of another parent."""
    return any(parent in _above(forward, p) for p in some if p != parent)


def places(above: Mapping[str, list[str]]) -> dict[str, tuple[float, float]]:
    """Centres of the boxes: rows by layer, in a row each as near below its parents as it can be."""
    rank = layers(above)
    spot: dict[str, tuple[float, float]] = {}
    for layer in range(max(rank.values()) + 1):
        wanted = {n: _middle([spot[p][0] for p in above[n]]) for n in above if rank[n] == layer}
        edge = 0.0
        for name in sorted(wanted, key=lambda n: (wanted[n], n)):
            x = max(wanted[name], edge + _WIDTH / 2)
            spot[name], edge = (x, layer * _ROW + _HEIGHT), x + _WIDTH / 2 + _GAP
    return spot


def _middle(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _svg(above: Mapping[str, list[str]], jobs: Mapping[str, int]) -> Markup:
    spot = places(above)
    width = max(x for x, _ in spot.values()) + _WIDTH / 2 + 2
    height = max(y for _, y in spot.values()) + _HEIGHT
    lines = [_arrow(spot[p], spot[n]) for n in above for p in above[n]]
    boxes = [_box(n, jobs[n], *spot[n]) for n in above]
    return Markup(
        '<svg viewBox="-2 0 {:.0f} {:.0f}" style="min-width:{:.0f}px" role="img">{}{}</svg>'
    ).format(width + 4, height, min(width, 900), Markup("").join(lines), Markup("").join(boxes))


def _arrow(start: tuple[float, float], end: tuple[float, float]) -> Markup:
    (x0, y0), (x1, y1) = start, end
    y0, y1 = y0 + _HEIGHT / 2, y1 - _HEIGHT / 2
    middle = (y0 + y1) / 2
    path = f"M{x0:.1f} {y0:.1f}C{x0:.1f} {middle:.1f} {x1:.1f} {middle:.1f} {x1:.1f} {y1:.1f}"
    return Markup('<path d="{}" fill="none" stroke="#b6c1cd"/>').format(path)


def _box(name: str, jobs: int, x: float, y: float) -> Markup:
    left, top = x - _WIDTH / 2, y - _HEIGHT / 2
    return Markup(
        '<rect x="{:.1f}" y="{:.1f}" width="{}" height="{}" rx="5" fill="#fff" stroke="#8fa1b3"/>'
        '<text x="{:.1f}" y="{:.1f}" text-anchor="middle" font-size="11">{} <tspan fill="#5d6b7c">{}</tspan></text>'
    ).format(left, top, _WIDTH, _HEIGHT, x, y + 4, name, jobs)
