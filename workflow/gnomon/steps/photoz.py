"""Photometric redshifts of the objects of a patch."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.photoz.predict import model_from_arrays
from gnomon.algorithms.photoz.tables import band_fluxes, no_redshifts, photoz_table
from gnomon.containers.catalog import Catalog
from gnomon.containers.dataid import DataId
from gnomon.errors import UnprocessableData
from gnomon.pipeline.object import PhotozConfig


def photoz(
    objects: Catalog, model: Mapping[str, npt.NDArray[Any]], *, data_id: DataId, config: PhotozConfig
) -> Catalog:
    """p(z), point estimates and flags of every object."""
    if not len(objects):
        raise UnprocessableData(str(objects.meta.get("empty_reason", "no objects")))
    identity = objects["objectId"].astype(np.int64)
    places = {n: objects[n] for n in ("coord_ra", "coord_dec")}
    if not model:
        return no_redshifts(identity, "no model of redshifts was trained").with_columns(**places)
    bands = [b.decode() for b in model["bands"]]
    flux, err = band_fluxes(objects, bands, bytes(model["flux"]).rstrip(b"\0").decode())
    table = photoz_table(model_from_arrays(model), identity, flux, err)
    return table.with_columns(**places)
