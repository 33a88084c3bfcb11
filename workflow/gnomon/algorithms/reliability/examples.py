"""Examples of what is real and what is not, from the difference images themselves."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from gnomon.algorithms.detect import significance_map
from gnomon.algorithms.difference.sources import FindOptions, difference_sources
from gnomon.algorithms.difference.subtract import Difference
from gnomon.algorithms.reliability.features import NAMES, features
from gnomon.algorithms.reliability.inject import BRIGHT_TEMPLATE, Injected, inject, triplets
from gnomon.containers.catalog import Catalog
from gnomon.containers.image import Image
from gnomon.containers.psf import PsfModel
from gnomon.containers.sphere import chord, directions
from gnomon.flags import SOURCE

F4 = npt.NDArray[np.float32]
F8 = npt.NDArray[np.float64]
B1 = npt.NDArray[np.bool_]

NEVER_REAL = sum(SOURCE[n] for n in ("streak", "psfFlux", "saturatedCenter", "suspectCenter"))
"""Flags of a detection that tells nothing: on a satellite's streak, without a flux, on a saturated star."""

FOUND_PX = 2.0
"""A detection nearer than this to an injected source is that source;"""

ARTEFACT_PX = 6.0
"""nearer than this to an artefact, a part of it."""

MOST_ROUNDS = 8
"""A small image has no room for all examples at a time: so often it takes some, each time as it was before."""


def injected_examples(
    image: Image,
    psf: PsfModel,
    template: F4,
    n: int,
    snr: tuple[float, float],
    njy_per_count: float,
    rng: np.random.Generator,
) -> tuple[F8, F8]:
    """Features (m, nfeature) of injected sources, and of injected artefacts, that the detection finds.

    Parameters
    ----------
    image, psf : of a difference image
    template : (ny, nx) as it was subtracted
    n, snr, njy_per_count, rng : as for `inject`
    """
    before = significance_map(Image(template, image.variance, image.mask), psf)
    rounds: list[tuple[F8, F8]] = []
    for _ in range(MOST_ROUNDS):
        new = inject(image, psf, template, before, n, snr, njy_per_count, rng)
        rounds.append(_found(new, psf))
        n -= len(new.x)
        if n <= 0 or not len(new.x):
            break
    real, bogus = zip(*rounds, strict=True)
    return np.concatenate(real), np.concatenate(bogus)


def _found(new: Injected, psf: PsfModel) -> tuple[F8, F8]:
    """Features of what the detection finds of new sources, and of new artefacts."""
    after = significance_map(Image(new.template, new.image.variance, new.image.mask), psf)
    made = Difference(new.image, psf, new.template, significance_map(new.image, psf), after)
    found = difference_sources(made, new.image, psf, FindOptions())
    x, y = (found[c].astype(np.float64) for c in ("x", "y"))
    if not len(x) or not len(new.x):
        return np.zeros((0, len(NAMES))), np.zeros((0, len(NAMES)))
    distance, nearest = cKDTree(np.column_stack([new.x, new.y])).query(np.column_stack([x, y]))
    measured = features(triplets(new.image, psf, new.template, x, y))
    real = new.real[nearest]
    return measured[real & (distance < FOUND_PX)], measured[~real & (distance < ARTEFACT_PX)]


def judged(table: Catalog) -> B1:
    """(n,) which detections are worth a judgement: the others lie on a streak or on useless pixels."""
    return np.asarray((table["flags"].astype(np.uint32) & np.uint32(NEVER_REAL)) == 0, np.bool_)


def without_repeats(candidates: Catalog, others: Sequence[Catalog], radius: float) -> B1:
    """(n,) whether a detection is seen in no other visit within ``radius`` radians, or is a dipole.

    What comes back is something on the sky; a dipole is a star that moved, or a badly subtracted one.

    Parameters
    ----------
    candidates : detections of one visit
    others : detections by visit; those of the same visit do not count
    """
    alone = np.ones(len(candidates), np.bool_)
    if not len(candidates):
        return alone
    at = _directions(candidates)
    for other in others:
        if len(other) and int(other["visit"][0]) != int(candidates["visit"][0]):
            distance, _ = cKDTree(_directions(other)).query(at, distance_upper_bound=chord(radius))
            alone &= ~np.isfinite(distance)
    return alone | candidates["isDipole"].astype(np.bool_)


def surely_bogus(measured: F8) -> B1:
    """(n,) which of the detections that never come back are examples of artefacts: falls, and what lies on a star.

    A rise on dark sky may be an asteroid or a flare: it is no example of anything. Noise makes rises and falls alike,
    and a fall that never comes back is no source.

    Parameters
    ----------
    measured : (n, number of `NAMES`) of detections `without_repeats`
    """
    falls = measured[:, NAMES.index("is_negative")] > 0
    on_a_star = measured[:, NAMES.index("template_snr_near")] > np.log10(BRIGHT_TEMPLATE)
    return np.asarray(falls | on_a_star, np.bool_)


def _directions(table: Catalog) -> F8:
    return directions(np.radians(table["ra"]), np.radians(table["dec"]))
