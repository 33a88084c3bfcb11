"""Which detections of a night are known objects."""

from collections.abc import Sequence

import numpy as np

from gnomon.algorithms.orbit.attribute import Attributions
from gnomon.algorithms.orbit.attribute import attribute as pair
from gnomon.algorithms.orbit.tables import ARCSEC, VELOCITY, detections_of, observers_of
from gnomon.containers.catalog import Catalog
from gnomon.containers.dataid import DataId
from gnomon.errors import UnprocessableData
from gnomon.pipeline.moving import AttributeConfig

_PREDICTED = (
    "ephRa", "ephDec", "ephRateRa", "ephRateDec", *VELOCITY, "ephVmag", "helioRange", "topoRange", "phaseAngle",
    "elongation",
)  # fmt: skip


def attribute(
    ephemeris: Catalog,
    visits: Catalog,
    sources: Sequence[Catalog],
    *,
    data_id: DataId,
    config: AttributeConfig,
) -> Catalog:
    """Pair predictions with detections one to one, by the error ellipses of both."""
    found = detections_of(sources, config.min_reliability)
    if not len(ephemeris):
        raise UnprocessableData(str(ephemeris.meta.get("empty_reason", "nothing is predicted")))
    if not len(found):
        raise UnprocessableData("no detections on the difference images of this night")
    ra, dec = (np.deg2rad(ephemeris[c]) for c in ("ephRa", "ephDec"))
    covariance = np.stack([ephemeris[f"ephCov{c}"] for c in ("EE", "EN", "NN")], axis=-1) * ARCSEC**2
    place = (np.deg2rad(found["ra"]), np.deg2rad(found["dec"]))
    sigma = np.deg2rad(np.hypot(found["raErr"], found["decErr"]) / np.sqrt(2))
    pairs = pair(
        (ra, dec, covariance, ephemeris["visit"]), (*place, sigma, found["visit"]), config.chi2_limit,
        config.unknown_sigma_arcsec * ARCSEC, config.model_sigma_mas * 1e-3 * ARCSEC,
    )  # fmt: skip
    if not len(pairs.detection):
        raise UnprocessableData(f"none of {len(ephemeris)} predictions has a detection")
    return _rows(pairs, ephemeris, found, visits, data_id.night)


def _rows(pairs: Attributions, ephemeris: Catalog, found: Catalog, visits: Catalog, night: str) -> Catalog:
    mine, theirs = found.take(pairs.detection), ephemeris.take(pairs.prediction)
    columns = {"designation": theirs["designation"], **mine.columns, **observers_of(visits, mine["visit"])}
    columns |= {c: theirs[c] for c in _PREDICTED}
    columns |= {"ephOffsetEast": pairs.offset[:, 0] / ARCSEC, "ephOffsetNorth": pairs.offset[:, 1] / ARCSEC}
    return Catalog(columns | {"chi2": pairs.chi2, "night": np.full(len(mine), night)})
