"""The trees that tell sources on difference images from artefacts."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.reliability.examples import injected_examples, judged, surely_bogus, without_repeats
from gnomon.algorithms.reliability.features import NAMES, features
from gnomon.algorithms.reliability.inject import triplets
from gnomon.algorithms.reliability.trees import BoostingPlan, at_prior_of, model_arrays, train_cleaned
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
    """Learn what is real from injected sources, and what is not from detections that never come back.

    Probabilities are those at the part of real ones among the detections of the same visits.
    """
    none = np.zeros((0, len(NAMES)))
    pairs = list(_examples(images, templates, candidates, others, config))
    real, bogus, every = (np.concatenate([none, *(p[k] for p in pairs)]) for k in (0, 1, 2))
    x, label = np.concatenate([real, bogus]), np.arange(len(real) + len(bogus)) < len(real)
    model = train_cleaned(x, label, BoostingPlan(), np.random.default_rng(config.seed))
    return model_arrays(at_prior_of(model, every))


def _examples(
    images: Images,
    templates: Images,
    candidates: Sequence[Catalog],
    others: Sequence[Catalog],
    config: TrainReliabilityConfig,
) -> Iterator[tuple[F8, F8, F8]]:
    """Features of real examples, of bogus ones, and of all detections, detector by detector."""
    radius = np.radians(config.repeat_arcsec / 3600)
    for image, template, table in zip(images, templates, candidates, strict=True):
        alone = without_repeats(table, others, radius)
        for number in sorted(set(image) & set(template)):
            made, before = image[number], template[number].image.flux
            rng = np.random.default_rng([config.seed, _visit(table), number])
            real, bogus = injected_examples(
                made.image, made.psf, before, config.injected, config.snr, made.photo.njy_per_count, rng
            )
            mine = np.flatnonzero((table["detector"] == number) & judged(table))
            x, y = (table[c][mine].astype(np.float64) for c in ("x", "y"))
            every = features(triplets(made.image, made.psf, before, x, y))
            never_again = every[alone[mine]]
            yield real, np.concatenate([bogus, never_again[surely_bogus(never_again)]]), every


def _visit(table: Catalog) -> int:
    return int(table["visit"][0]) if len(table) else 0
