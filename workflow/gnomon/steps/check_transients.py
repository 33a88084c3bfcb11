"""The difference images of a simulated survey beside its truth."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.validation.bars import check_table
from gnomon.algorithms.validation.changes import ChangeCount, count_changes, near
from gnomon.containers.calibrated import CalibratedImage
from gnomon.containers.catalog import Catalog, concatenate
from gnomon.containers.dataid import DataId
from gnomon.containers.parts import Parts
from gnomon.errors import UnprocessableData
from gnomon.flags import UNUSABLE
from gnomon.pipeline.diff import CheckTransientsConfig
from gnomon.sim.sky import ASTEROID, STAR, TRANSIENT

B1 = npt.NDArray[np.bool_]


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
    for k, (seen, image, found) in enumerate(zip(changing, images, sources, strict=True)):
        if not len(image) or not len(found):
            continue
        band = str(found["band"][0])
        none = come_and_go[k].take(np.zeros(0, np.int64))
        others = concatenate([none, *come_and_go[:k], *come_and_go[k + 1 :]])
        wanted = (seen["kind"] == TRANSIENT) & (seen["snr"] > config.least_snr) & on_known_pixels(seen, image)
        mine = count_changes(found, seen, wanted, others, config.least_reliability)
        counts[band] = counts.get(band, ChangeCount()).plus(mine)
    if not counts:
        raise UnprocessableData("no visit has detections on a difference image")
    tables = [check_table(band, _shares(n)) for band, n in counts.items()]
    return concatenate([*tables, check_table("", _of_objects(objects, transients, changing))])


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


def _shares(n: ChangeCount) -> dict[str, tuple[float, int]]:
    """Quantities of one band; a band without a transient to be found says nothing of finding them."""
    sought = {
        "transients detected": (_part(n.found, n.wanted), n.wanted),
        "transients found": (_part(n.kept, n.wanted), n.wanted),
    }
    return (sought if n.wanted else {}) | {
        "reliable detections true": (_part(n.true, n.reliable), n.reliable),
        "reliable rises true": (_part(n.true_rises, n.rises), n.rises),
    }


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
