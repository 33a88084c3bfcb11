"""The trees that tell sources on difference images from artefacts."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.reliability.examples import injected_examples, without_repeats
from gnomon.algorithms.reliability.features import NAMES, features
from gnomon.algorithms.reliability.inject import triplets
from gnomon.algorithms.reliability.trees import BoostingPlan, model_arrays, train_cleaned
from gnomon.containers.calibrated import CalibratedImage
from gnomon.containers.catalog import Catalog
from gnomon.containers.dataid import DataId
from gnomon.containers.parts import Parts
from gnomon.pipeline.diff import TrainReliabilityConfig

F8 = npt.NDArray[np.float64]
Images = Sequence[Parts[CalibratedImage]]


def train_reliability(
    images: Images,
    templates: Images,
    candidates: Sequence[Catalog],
    others: Sequence[Catalog],
    *,
    data_id: DataId,
    config: TrainReliabilityConfig,
) -> dict[str, npt.NDArray[Any]]:
    """Learn what is real from injected sources, and what is not from detections that never come back."""
    none = np.zeros((0, len(NAMES)))
    pairs = list(_examples(images, templates, candidates, others, config))
    real, bogus = (np.concatenate([none, *(p[k] for p in pairs)]) for k in (0, 1))
    x, label = np.concatenate([real, bogus]), np.arange(len(real) + len(bogus)) < len(real)
    return model_arrays(train_cleaned(x, label, BoostingPlan(), np.random.default_rng(config.seed)))


def _examples(
    images: Images,
    templates: Images,
    candidates: Sequence[Catalog],
    others: Sequence[Catalog],
    config: TrainReliabilityConfig,
) -> Iterator[tuple[F8, F8]]:
    """Features of real and of bogus examples, detector by detector."""
    radius = np.radians(config.repeat_arcsec / 3600)
    for image, template, table in zip(images, templates, candidates, strict=True):
        alone = table.take(without_repeats(table, others, radius)) if len(table) else table
        for number in sorted(set(image) & set(template)):
            made, before = image[number], template[number].image.flux
            rng = np.random.default_rng([config.seed, _visit(table), number])
            real, bogus = injected_examples(made.image, made.psf, before, config.injected, config.snr, rng)
            mine = alone.take(alone["detector"] == number) if len(alone) else alone
            x, y = (mine[c].astype(np.float64) for c in ("x", "y"))
            yield real, np.concatenate([bogus, features(triplets(made.image, made.psf, before, x, y))])


def _visit(table: Catalog) -> int:
    return int(table["visit"][0]) if len(table) else 0
