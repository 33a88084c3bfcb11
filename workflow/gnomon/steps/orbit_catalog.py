"""Today's catalogue of orbits, and what others are told."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gnomon.algorithms.linking.names import night_epoch
from gnomon.algorithms.orbit.report import ades_records
from gnomon.algorithms.orbit.tables import latest, orbit_columns, orbits_of
from gnomon.algorithms.orbit.update import carry_orbits
from gnomon.containers.ades import AdesBlock
from gnomon.containers.catalog import Catalog, concatenate
from gnomon.containers.dataid import DataId
from gnomon.containers.instrument import Instrument
from gnomon.containers.orbit import Orbits
from gnomon.containers.perturbers import PerturberTable
from gnomon.errors import UnprocessableData
from gnomon.pipeline.moving import OrbitCatalogConfig

_NO_CODE = "XXX"  # the MPC's station for observatories without a code


@dataclass(frozen=True, slots=True)
class NightCatalog:
    """Results of the step."""

    catalog: Catalog
    mpcorb: Orbits
    ades: list[AdesBlock]


def orbit_catalog(
    instrument: Instrument,
    perturbers: PerturberTable,
    orbit: Catalog,
    attributed: Catalog,
    linkage: Catalog,
    known: Sequence[Catalog],
    before: Sequence[Catalog],
    *,
    data_id: DataId,
    config: OrbitCatalogConfig,
) -> NightCatalog:
    """Yesterday's orbits with tonight's in their place, all at tonight's epoch; MPCORB export and ADES
    report.

    The report holds tonight's detections of known objects and all detections of objects linked tonight.
    """
    old = latest(known, before)
    if len(orbit):
        old = old.take(~np.isin(old["designation"], orbit["designation"]))
    parts = [p for p in (old, orbit) if len(p)]
    if not parts:
        raise UnprocessableData("no orbit is known")
    whole = concatenate(parts)
    whole = whole.take(np.argsort(whole["designation"], kind="stable"))
    there = carry_orbits(perturbers, orbits_of(whole), night_epoch(data_id.night))
    catalog = whole.with_columns(**orbit_columns(there))
    return NightCatalog(catalog, there, [_report(instrument, attributed, linkage, config)])


def _report(
    instrument: Instrument, attributed: Catalog, linkage: Catalog, config: OrbitCatalogConfig
) -> AdesBlock:
    station = instrument.mpc_code or _NO_CODE
    context = {
        "observatory": {"mpcCode": [station]},
        "submitter": {"name": [config.submitter]},
        "observers": {"name": [config.submitter]},
        "measurers": {"name": [config.submitter]},
        "telescope": {"design": ["Reflector"], "aperture": ["1.0"], "detector": ["CCD"]},
    }
    tables = [t for t in (attributed, linkage) if len(t)]
    records = [r for t in tables for r in ades_records(t, station, config.star_catalog)]
    return AdesBlock(context, records)
