"""How likely each detection on the difference image of one detector is a source on the sky."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.reliability.examples import judged
from gnomon.algorithms.reliability.features import features
from gnomon.algorithms.reliability.inject import triplets
from gnomon.algorithms.reliability.trees import model_from_arrays, probability
from gnomon.containers.calibrated import CalibratedImage
from gnomon.containers.catalog import Catalog
from gnomon.containers.dataid import DataId
from gnomon.errors import UnprocessableData
from gnomon.pipeline.diff import ScoreDiaSourcesConfig


def score_dia_sources(
    image: CalibratedImage,
    template: CalibratedImage,
    candidates: Catalog,
    model: Mapping[str, npt.NDArray[Any]],
    *,
    data_id: DataId,
    config: ScoreDiaSourcesConfig,
) -> Catalog:
    """The detections with their reliability; 0 on streaks and unusable pixels, null without a model."""
    if not len(candidates):
        raise UnprocessableData(str(candidates.meta.get("empty_reason", "no detections")))
    mine = candidates.take(candidates["detector"] == data_id.detector)
    x, y = (mine[c].astype(np.float64) for c in ("x", "y"))
    if not model:
        return Catalog(mine.columns, {**mine.meta, "not_judged": "no reliability model was trained"})
    measured = features(triplets(image.image, image.psf, template.image.flux, x, y))
    score = probability(model_from_arrays(model), measured).astype(np.float32)
    return mine.with_columns(reliability=np.where(judged(mine), score, np.float32(0)))
