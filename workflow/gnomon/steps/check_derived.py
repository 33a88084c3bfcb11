"""Redshifts and light curves of a tract beside the simulator's truth."""

import json
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.photometry.zero_point import AB_NJY
from gnomon.algorithms.photoz.metrics import pit
from gnomon.algorithms.photoz.predict import unpack_density
from gnomon.algorithms.photoz.tables import band_fluxes, seen_bands
from gnomon.algorithms.validation.bars import check_rows
from gnomon.algorithms.validation.derived import (
    Photometry,
    Rows,
    check_light_curves,
    check_redshifts,
    nearest,
)
from gnomon.containers.catalog import Catalog, concatenate
from gnomon.containers.dataid import DataId
from gnomon.errors import UnprocessableData
from gnomon.pipeline.object import TrainPhotozConfig
from gnomon.pipeline.release import CheckDerivedConfig
from gnomon.sim.recipe import SurveyRecipe
from gnomon.sim.schedule import visits
from gnomon.sim.stars import CONSTANT, RR_LYRAE, position_at

F8 = npt.NDArray[np.float64]
I8 = npt.NDArray[np.int64]
TRAINED = TrainPhotozConfig()
"""Bands and fluxes that the nearest neighbours learn from, as the network does by default."""


def check_derived(
    recipe: SurveyRecipe,
    stars: Catalog,
    galaxies: Catalog,
    objects: Sequence[Catalog],
    photoz: Sequence[Catalog],
    variability: Sequence[Catalog],
    redshifts: Sequence[Catalog],
    *,
    data_id: DataId,
    config: CheckDerivedConfig,
) -> Catalog:
    """Scatter of redshifts beside a nearest-neighbour baseline; variable stars found, their periods."""
    tables = [t for t in objects if len(t)]
    if not tables:
        raise UnprocessableData("no objects")
    whole = concatenate(tables)
    whole = whole.take(whole["detect_isPrimary"])
    rows = dict(_light_curves(recipe, whole, stars, variability))
    rows |= _redshifts(whole, galaxies, photoz, redshifts, config)
    return check_rows(rows)


def _redshifts(
    objects: Catalog,
    galaxies: Catalog,
    photoz: Sequence[Catalog],
    redshifts: Sequence[Catalog],
    config: CheckDerivedConfig,
) -> Rows:
    spectra = [t for t in redshifts if len(t)]
    if not spectra or not len(galaxies):
        return {}
    known = concatenate(spectra)
    ra, dec = objects["coord_ra"], objects["coord_dec"]
    galaxy = nearest(ra, dec, galaxies["ra"], galaxies["dec"])
    bright = AB_NJY - 2.5 * np.log10(galaxies["flux_i"]) < config.magnitude_limit
    row = nearest(ra, dec, known["coord_ra"], known["coord_dec"])
    spectrum = np.where(row >= 0, known["redshift"][row], np.nan)
    try:
        bands = seen_bands(objects, TRAINED.bands, TRAINED.flux)
    except UnprocessableData:
        return {}
    parts = [t for t in photoz if len(t)]
    estimate, flagged = _of(objects, parts, "z_median"), _of(objects, parts, "photoz_flag_extrapolated") > 0
    photometry = Photometry(*band_fluxes(objects, bands, TRAINED.flux))
    judged, true = (galaxy >= 0) & bright[galaxy], galaxies["redshift"][galaxy]
    below = _pit(objects["objectId"], true, parts)
    return check_redshifts(estimate, photometry, true, judged, spectrum, flagged, below)


def _pit(identity: I8, redshift: F8, parts: Sequence[Catalog]) -> F8:
    """Probability below the true redshift of each object; NaN without a distribution."""
    out = np.full(len(identity), np.nan)
    for table in parts:
        if "pz_edges" in table.meta:
            _, mine, theirs = np.intersect1d(identity, table["objectId"], return_indices=True)
            edges = np.array(json.loads(str(table.meta["pz_edges"])))
            out[mine] = pit(unpack_density(table["pz"][theirs], edges), edges, redshift[mine])
    return out


def _light_curves(
    recipe: SurveyRecipe, objects: Catalog, stars: Catalog, variability: Sequence[Catalog]
) -> Rows:
    parts = [t for t in variability if len(t)]
    if not parts or not len(stars):
        return {}
    table = concatenate(parts)
    table = table.take(np.isin(table["objectId"], objects["objectId"]))
    mjd = float(np.mean([v.mjd_tai for v in visits(recipe) if v.obstype == "science"]))
    radians = stars.with_columns(ra=np.radians(stars["ra"]), dec=np.radians(stars["dec"]))
    ra, dec = (np.degrees(v) for v in position_at(radians, mjd, np.zeros(3)))
    star = nearest(table["coord_ra"], table["coord_dec"], ra, dec)
    kind = np.where(star >= 0, stars["variable"][star], -1)
    return check_light_curves(table, kind == RR_LYRAE, kind == CONSTANT, stars["period"][star])


def _of(objects: Catalog, parts: Sequence[Catalog], column: str) -> F8:
    """A column of other tables in the order of the objects, NaN for those that are in none."""
    out = np.full(len(objects), np.nan)
    if not parts:
        return out
    identity = np.concatenate([t["objectId"] for t in parts])
    values = np.concatenate([t[column] for t in parts]).astype(np.float64)
    order = np.argsort(identity)
    at = np.minimum(np.searchsorted(identity[order], objects["objectId"]), len(order) - 1)
    same = identity[order][at] == objects["objectId"]
    out[same] = values[order][at][same]
    return out
