"""The difference images of a simulated survey beside its truth."""

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.measure import measure_forced
from gnomon.algorithms.validation.bars import check_table
from gnomon.algorithms.validation.changes import ChangeCount, count_changes, flux_errors, near
from gnomon.containers.calibrated import CalibratedImage
from gnomon.containers.catalog import Catalog, concatenate
from gnomon.containers.dataid import DataId
from gnomon.containers.image import Image
from gnomon.containers.parts import Parts
from gnomon.errors import UnprocessableData
from gnomon.flags import UNUSABLE
from gnomon.pipeline.diff import CheckTransientsConfig
from gnomon.sim.sky import ASTEROID, STAR, TRANSIENT

B1 = npt.NDArray[np.bool_]
F8 = npt.NDArray[np.float64]

_MEASURED_SNR = 20.0  # of new sources and static stars whose flux is compared
_CLEAN_PX = 6  # half side of the square without a marked pixel around a static star


def check_transients(
    stars: Catalog,
    transients: Catalog,
    truths: Sequence[Catalog],
    images: Sequence[Parts[CalibratedImage]],
    sources: Sequence[Catalog],
    objects: Sequence[Catalog],
    *,
    data_id: DataId,
    config: CheckTransientsConfig,
) -> Catalog:
    """Count transients found and detections that are true; variable stars and asteroids are true, too."""
    variable = stars["id"][stars["variable"] > 0]
    changing = [_changing(t, variable) for t in truths]
    come_and_go = [t.take((t["kind"] == TRANSIENT) | (t["kind"] == ASTEROID)) for t in truths]
    counts: dict[str, ChangeCount] = {}
    errors: list[F8] = [np.zeros(0)]
    left: dict[str, list[F8]] = {}
    for k, (seen, image, found) in enumerate(zip(changing, images, sources, strict=True)):
        if not len(image) or not len(found):
            continue
        band = str(found["band"][0])
        none = come_and_go[k].take(np.zeros(0, np.int64))
        others = concatenate([none, *come_and_go[:k], *come_and_go[k + 1 :]])
        bright = (seen["snr"] > config.least_snr) & on_known_pixels(seen, image)
        wanted = [bright & (seen["kind"] == kind) for kind in (TRANSIENT, ASTEROID)]
        mine = count_changes(found, seen, wanted[0], wanted[1], others, config.least_reliability)
        counts[band] = counts.get(band, ChangeCount()).plus(mine)
        errors.append(flux_errors(found, come_and_go[k].take(come_and_go[k]["snr"] > _MEASURED_SNR)))
        left.setdefault(band, []).append(_left_of_stars(truths[k], variable, image))
    if not counts:
        raise UnprocessableData("no visit has detections on a difference image")
    tables = [
        check_table(band, _shares(n) | _median("static stars left", left[band])) for band, n in counts.items()
    ]
    whole = _of_all(counts.values()) | _median("flux error of new sources", errors)
    return concatenate([*tables, check_table("", whole | _of_objects(objects, transients, changing))])


def _changing(truth: Catalog, variable: npt.NDArray[np.int64]) -> Catalog:
    """True sources of a visit that are not always there alike."""
    varies = (truth["kind"] == STAR) & np.isin(truth["id"], variable)
    return truth.take((truth["kind"] == TRANSIENT) | (truth["kind"] == ASTEROID) | varies)


def on_known_pixels(truth: Catalog, images: Mapping[int, CalibratedImage]) -> B1:
    """(n,) which sources lie on a pixel that the difference knows."""
    known = np.zeros(len(truth), np.bool_)
    for number in sorted(set(truth["detector"].tolist()) & set(images)):
        image, rows = images[number].image, np.flatnonzero(truth["detector"] == number)
        ny, nx = image.shape
        x, y = (np.rint(truth[c][rows]).astype(np.int64) for c in ("x", "y"))
        x, y = x.clip(0, nx - 1), y.clip(0, ny - 1)
        known[rows] = (image.variance[y, x] > 0) & ((image.mask[y, x] & np.uint32(UNUSABLE)) == 0)
    return known


def _left_of_stars(
    truth: Catalog, variable: npt.NDArray[np.int64], images: Mapping[int, CalibratedImage]
) -> F8:
    """(n,) PSF flux on the difference over the true flux, of bright stars that do not vary, on clean pixels."""
    bright = (truth["kind"] == STAR) & (truth["snr"] > _MEASURED_SNR) & ~np.isin(truth["id"], variable)
    found = [np.zeros(0)]
    for number in sorted(set(truth["detector"][bright].tolist()) & set(images)):
        made, mine = images[number], truth.take(bright & (truth["detector"] == number))
        mine = mine.take(_clean(made.image, mine["x"], mine["y"]))
        if len(mine):
            flux = measure_forced(made.image, mine["x"], mine["y"], made.psf, apertures_px=(6.0,))["psfFlux"]
            found.append(flux / mine["flux"])
    return np.concatenate(found)


def _clean(image: Image, x: F8, y: F8) -> B1:
    """(n,) which places have nothing but known, unmarked pixels around."""
    good = (image.variance > 0) & (image.mask == 0)
    squares = [
        good[max(b - _CLEAN_PX, 0) : b + _CLEAN_PX + 1, max(a - _CLEAN_PX, 0) : a + _CLEAN_PX + 1]
        for a, b in zip(np.rint(x).astype(int).tolist(), np.rint(y).astype(int).tolist(), strict=True)
    ]
    return np.array([s.size == (2 * _CLEAN_PX + 1) ** 2 and s.all() for s in squares], np.bool_)


def _median(name: str, values: Sequence[F8]) -> dict[str, tuple[float, int]]:
    """The median of all known values by its name; nothing without any."""
    every = np.concatenate(values)
    every = every[np.isfinite(every)]
    return {name: (float(np.median(every)), len(every))} if len(every) else {}


def _shares(n: ChangeCount) -> dict[str, tuple[float, int]]:
    """Quantities of one band; a band without a transient to be found says nothing of finding them."""
    sought = {
        "transients detected": (_part(n.found, n.wanted), n.wanted),
        "transients found in a band": (_part(n.kept, n.wanted), n.wanted),
        "error of transients found in a band": (_error(n.kept, n.wanted), n.wanted),
    }
    return (sought if n.wanted else {}) | {
        "reliable detections true": (_part(n.true, n.reliable), n.reliable),
        "reliable rises true": (_part(n.true_rises, n.rises), n.rises),
    }


def _of_all(counts: Iterable[ChangeCount]) -> dict[str, tuple[float, int]]:
    """What is asked of all bands together."""
    n = reduce(ChangeCount.plus, counts)
    asteroids = (
        {"detected asteroids reliable": (_part(n.movers_kept, n.movers), n.movers)} if n.movers else {}
    )
    return asteroids | ({"transients found": (_part(n.kept, n.wanted), n.wanted)} if n.wanted else {})


def _error(n: int, of: int) -> float:
    """Standard error of a share n / of, by its posterior mean (n + 1) / (of + 2): not 0 where all or none were."""
    mean = (n + 1) / (of + 2)
    return float(np.sqrt(mean * (1 - mean) / (of + 3)))


def _of_objects(
    objects: Sequence[Catalog], transients: Catalog, changing: Sequence[Catalog]
) -> dict[str, tuple[float, int]]:
    """Which DIA objects seen at least twice are true: asteroids, which move, are not seen twice."""
    filled = [o for o in objects if len(o)]
    if not filled:
        return {"repeated objects true": (float("nan"), 0)}
    whole = concatenate(filled)
    twice = whole.take(whole["nDiaSources"] >= 2)
    true = near(twice, transients) | near(twice, concatenate(list(changing)))
    return {"repeated objects true": (_part(int(true.sum()), len(twice)), len(twice))}


def _part(n: int, of: int) -> float:
    return n / of if of else float("nan")
