"""Difference images of a few stars with what detection finds on them, for tests of reliability."""

from dataclasses import replace
from functools import cache

import numpy as np

import field
from algorithms.scenes import draw
from gnomon.algorithms.detect import significance_map
from gnomon.algorithms.difference.sources import difference_sources
from gnomon.algorithms.difference.subtract import Difference
from gnomon.algorithms.difference.table import dia_source_table
from gnomon.containers.dataid import DataId
from gnomon.containers.image import Image
from gnomon.containers.parts import Parts
from gnomon.pipeline.diff import TrainReliabilityConfig
from gnomon.steps.train_reliability import train_reliability

SIGMA = 1.7
NEW = (100.3, 130.2), (300.0, 77.7), (222.2, 333.3)
"""Pixels of three new stars,"""
HITS = (55.0, 44.0), (180.0, 260.0), (400.0, 140.0)
"""and of three cosmic rays."""


@cache
def pair(visit, new=(), hits=(), snr=15.0):
    """Difference and template of one visit: noise, new stars of a signal to noise, and single bright pixels."""
    whole = field.calibrated(visit, sigma=SIGMA)
    rng = np.random.default_rng(visit)
    shape, noise = whole.image.shape, field.NOISE
    flux = rng.normal(0, noise, shape)
    height = snr * noise * np.sqrt(4 * np.pi) * SIGMA
    flux += draw(shape, [y for _, y in new], [x for x, _ in new], [height] * len(new), SIGMA)
    for x, y in hits:
        flux[int(y), int(x)] += 40 * noise
    ra, dec, stars = field.stars()
    x, y = whole.wcs.sky_to_pixel(ra, dec)
    before = draw(shape, y, x, stars, SIGMA).astype("f4")
    planes = whole.image.variance, whole.image.mask
    return replace(whole, image=Image(flux.astype("f4"), *planes)), replace(
        whole, image=Image(before, *planes)
    )


def candidates(visit, image, template, detector=0):
    """What detection finds on a difference."""
    before = significance_map(template.image, image.psf)
    found = significance_map(image.image, image.psf)
    made = Difference(image.image, image.psf, template.image.flux, found, before)
    table = difference_sources(made, image.image, image.psf)
    return dia_source_table(table, image.wcs, image.aperture_correction, visit, detector, "r", 61000.0)


@cache
def model():
    """Trained on six visits with nothing new."""
    visits = [pair(v) for v in range(1, 7)]
    tables = [candidates(v, *p) for v, p in enumerate(visits, 1)]
    images, templates = ([Parts((0,), lambda _, i=p[k]: i) for p in visits] for k in (0, 1))
    config = TrainReliabilityConfig()
    return train_reliability(images, templates, tables, tables, data_id=DataId(), config=config)
