"""Which module reads and writes which container; a module is imported when it is first needed."""

import json
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from gnomon.containers.catalog import Catalog
from gnomon.containers.dataid import DataId
from gnomon.containers.parts import no_parts
from gnomon.containers.provenance import Provenance
from gnomon.datamodel import DatasetType
from gnomon.errors import UnprocessableData


def read(dataset: DatasetType, path: Path) -> Any:  # noqa: ANN401
    """One file as its container; products with parts open without reading pixels."""
    match dataset.container:
        case "Catalog":
            return _module("catalogs").read_catalog(path)
        case "Images":
            return _module("images").open_images(path)
        case "DetrendedImages":
            return _module("detrended_images").open_detrended(path)
        case "CalibratedImages":
            return _module("calibrated_images").open_calibrated(path)
        case "Master":
            return _module("masters").open_master(path)
        case "Instrument":
            return _module("instrument").read_instrument(path)
        case "Refcat":
            return _module("refcat").read_shard(path)
        case "Figure":
            return _module("figures").read_figure(path)
        case "Recipe":
            return _module("recipes").read_recipe(path)
        case "SkyMap":
            return _module("skymaps").read_skymap(path)
        case "Perturbers":
            return _module("perturbers").read_perturbers(path)
        case "Mpcorb":
            return _module("mpcorb").read_mpcorb(path, _module("perturbers").shipped_perturbers())
        case "Model":
            return _module("models").read_model(path)
        case "Alerts":
            return _module("alert_avro").read_alerts(path)
        case "Coadd":
            return _module("coadds").read_coadd(path)
        case "CoaddLists":
            return _module("coadds").read_coadd(path, planes=False)
        case "SparseMap":
            return _module("sparse_maps").read_sparse_map(path)
    raise ValueError(f"no reader of {dataset.container}")


def write(dataset: DatasetType, value: Any, path: str, provenance: Provenance) -> None:  # noqa: ANN401
    """Write one container that has no parts."""
    match dataset.container:
        case "Catalog":
            _module("catalogs").write_catalog(value, path, provenance, dataset.schema)
        case "Raw":
            _module("raw_fits").write_raw(value, path, provenance)
        case "Refcat":
            _module("refcat").write_shard(value, path, provenance)
        case "Figure":
            _module("figures").write_figure(value, path, provenance)
        case "Recipe":
            _module("recipes").write_recipe(value, path, provenance)
        case "Mpcorb":
            _module("mpcorb").write_mpcorb(
                value, path, _module("perturbers").shipped_perturbers(), provenance
            )
        case "Ades":
            _module("ades").write_ades(value, path, provenance)
        case "Text":
            _module("texts").write_text(value, path, provenance)
        case "Model":
            _module("models").write_model(value, path, provenance)
        case "Hats":
            _module("hats").write_release(value, path, provenance, dataset.schema)
        case "Alerts":
            _module("alert_packets").write_batch(value, path, provenance)
        case "Coadd":
            _module("coadds").write_coadd(value, path, provenance)
        case "SparseMap":
            _module("sparse_maps").write_sparse_map(value, path, provenance)
        case _:
            raise ValueError(f"no writer of {dataset.container}")


def parts_writer(dataset: DatasetType, path: str, provenance: Provenance, empty_reason: str = "") -> Any:  # noqa: ANN401
    """A context that takes parts with ``add(number, part)`` and ``fail(number, reason)``."""
    match dataset.container:
        case "Images":
            return _module("images").ImagesWriter(path, provenance, empty_reason)
        case "DetrendedImages":
            return _module("detrended_images").DetrendedWriter(path, provenance, empty_reason)
        case "CalibratedImages":
            return _module("calibrated_images").CalibratedWriter(path, provenance, empty_reason)
        case "Master":
            return _module("masters").MasterWriter(path, provenance, empty_reason)
    raise ValueError(f"{dataset.container} has no parts")


def write_empty(
    dataset: DatasetType,
    reason: str,
    path: str,
    provenance: Provenance,
    meta: Mapping[str, str] | None = None,
) -> None:
    """A valid product without content that says why."""
    if dataset.axis:
        with parts_writer(dataset, path, provenance, reason):
            pass
        return
    match dataset.container:
        case "Catalog":
            empty = _module("catalogs").empty_catalog(dataset.schema, reason)
            write(dataset, Catalog(empty.columns, {**empty.meta, **(meta or {})}), path, provenance)
        case "Figure":
            write(dataset, _module("figures").empty_figure(reason), path, provenance)
        case "Mpcorb":
            mpcorb, table = _module("mpcorb"), _module("perturbers").shipped_perturbers()
            mpcorb.write_mpcorb(mpcorb.no_orbits(), path, table, provenance, reason)
        case "Ades":
            _module("ades").write_ades([], path, provenance, reason)
        case "Text":
            write(dataset, json.dumps({"empty_reason": reason}), path, provenance)
        case "Model":
            _module("models").write_model({}, path, provenance, reason)
        case "Coadd":
            write(dataset, import_module("gnomon.containers.coadd").empty_coadd(reason), path, provenance)
        case "SparseMap":
            empty = import_module("gnomon.containers.sparsemap").empty_map(reason)
            write(dataset, empty, path, provenance)
        case "Alerts":
            _module("alert_avro").write_alerts([], path, provenance, reason)
        case "Hats":
            _module("hats").write_empty_release(reason, path, provenance, dataset.schema)
        case _:
            raise ValueError(f"{dataset.container} has no empty form")


def open_raw(paths: Sequence[str], instrument: Any, data_id: DataId) -> Any:  # noqa: ANN401
    """Raw exposure, or exposures, of an instrument: one `Parts` for a visit, a list of them otherwise."""
    opened = _module("raw")
    if data_id.visit >= 0:
        return opened.open_raw(paths, instrument, data_id.visit)
    return [_open_or_none(opened, p, instrument) for p in paths]


def _open_or_none(opened: Any, path: str, instrument: Any) -> Any:  # noqa: ANN401
    """One exposure of a gather; an unreadable one has no parts and does not stop the others."""
    try:
        return opened.open_raw([path], instrument)
    except UnprocessableData as error:
        return no_parts(str(error))


def _module(name: str) -> Any:  # noqa: ANN401
    return import_module(f"gnomon.io.{name}")
