"""The network of photometric redshifts."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.association.match import Positions, isotropic, match
from gnomon.algorithms.photoz.predict import model_arrays
from gnomon.algorithms.photoz.tables import band_fluxes, seen_bands
from gnomon.algorithms.photoz.training import TrainingPlan, train
from gnomon.containers.catalog import Catalog, concatenate
from gnomon.containers.dataid import DataId
from gnomon.errors import UnprocessableData
from gnomon.pipeline.object import TrainPhotozConfig

I8 = npt.NDArray[np.int64]


def train_photoz(
    objects: Sequence[Catalog], redshifts: Sequence[Catalog], *, data_id: DataId, config: TrainPhotozConfig
) -> dict[str, npt.NDArray[Any]]:
    """Match the primary objects with spectra, train the ensemble on their fluxes."""
    known, seen = [t for t in redshifts if len(t)], [t for t in objects if len(t)]
    if not known or not seen:
        raise UnprocessableData(f"no {'objects' if known else 'spectroscopic redshifts'} to train with")
    primary = concatenate([t.take(t["detect_isPrimary"]) for t in seen])
    spectra = concatenate(known)
    mine, theirs = _matched(primary, spectra, np.radians(config.match_arcsec / 3600))
    bands = seen_bands(primary.take(mine), config.bands, config.flux)
    flux, err = band_fluxes(primary.take(mine), bands, config.flux)
    plan = TrainingPlan(n_members=config.members, n_steps=config.steps)
    model = train(flux, err, spectra["redshift"][theirs], plan, np.random.default_rng(config.seed))
    wanted = {"bands": np.array(bands, "S16"), "flux": np.array(config.flux, "S32")}
    return {**model_arrays(model), **wanted}


def _matched(objects: Catalog, spectra: Catalog, radius: float) -> tuple[I8, I8]:
    """Rows of objects and of spectra that are the same galaxy, one to one."""
    a, b = (_positions(t, radius) for t in (objects, spectra))
    found = match(a, b, radius, 5.0)
    return found.first, found.second


def _positions(table: Catalog, radius: float) -> Positions:
    ra, dec = (np.radians(table[c]) for c in ("coord_ra", "coord_dec"))
    return Positions(np.arange(len(ra)), ra, dec, isotropic(np.full(len(ra), radius / 5)))
