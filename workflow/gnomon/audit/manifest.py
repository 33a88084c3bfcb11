"""Every file of a release with its hash and what it was made from."""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from gnomon.audit.archive import write_archive
from gnomon.audit.crate import write_crate
from gnomon.audit.said import told
from gnomon.containers.catalog import Catalog
from gnomon.containers.provenance import Provenance
from gnomon.datamodel import DATASETS
from gnomon.errors import ConfigError
from gnomon.io.catalogs import read_catalog, write_catalog
from gnomon.io.products import identify, provenance_of
from gnomon.io.provenance import sha256
from gnomon.parallel import over

MANIFEST = DATASETS["manifest"].path()
NO_PRODUCTS = ("log", "benchmark")
"""Folders below the root that hold a job's words and cost."""
COLLECTION = "collection.properties"
"""The file that stands for a HATS catalogue."""
_NOBODY = Provenance("", 0, "{}", {})
_COLUMNS = ("path", "dataset", "step", "version", "config", "bytes", "sha256", "parents")


@dataclass(frozen=True, slots=True)
class Found:
    """The files below a root."""

    products: tuple[tuple[str, str], ...]
    """Path below the root and dataset type of each, sorted."""
    strays: tuple[str, ...]
    """Files that are no products, such as what a killed job left behind."""


def files_of(root: Path) -> Found:
    """Products and strays below a root; logs, benchmarks, the plan's own tables and the manifest are neither."""
    products, strays, planned = [], [], _planned(root)
    for path in sorted(p for p in root.rglob("*") if p.is_file()):
        name = str(path.relative_to(root))
        if name == MANIFEST or name.split("/")[0] in NO_PRODUCTS:
            continue
        whole = whole_of(root, path)
        if whole and planned(whole):
            products.append((name, identify(whole)[0].name))
        elif whole or not name.startswith("plan/") or path.name.startswith("."):
            strays.append(name)
    return Found(tuple(products), tuple(strays))


def _planned(root: Path) -> Callable[[str], bool]:
    """Whether a product's visit, night, tract and patch are in the plan; always where there is no plan."""
    path = root / "plan" / "graph.json"
    if not path.is_file():
        return lambda _: True
    graph = json.loads(path.read_text())
    there = {"visit": {*graph["visits"], *graph["exposures"]}, "night": {*graph["nights"]}}
    there |= {"tract": {*graph["tracts"]}}
    places = {*graph["patches"]}

    def planned(name: str) -> bool:
        data_id = identify(name)[1]
        alone = all(data_id[k] in known for k, known in there.items() if k in data_id)
        return alone and ("patch" not in data_id or f"{data_id['tract']}/{data_id['patch']}" in places)

    return planned


def whole_of(root: Path, path: Path) -> str:
    """The product that a file is, or the HATS catalogue that it is a part of; empty for neither."""
    name = str(path.relative_to(root))
    if is_product(name):
        return name
    above = [f for f in path.relative_to(root).parents if (root / f / COLLECTION).exists()]
    return str(above[0] / COLLECTION) if above and not path.name.startswith(".") else ""


def is_product(name: str) -> bool:
    """Whether some dataset type has such a path."""
    try:
        identify(name)
    except ConfigError:
        return False
    return True


def manifest_of(root: Path, threads: int = 1) -> Catalog:
    """The manifest of what lies below a root (schema `manifest`), sorted by path; reads every byte once.

    Raises
    ------
    ConfigError
        A product is not whole.
    """
    rows = list(over(files_of(root).products, partial(_row, root), threads))
    kinds = {"version": np.int32, "bytes": np.int64}
    return Catalog({n: np.array([r[n] for r in rows], kinds.get(n, object)) for n in _COLUMNS})


def _row(root: Path, product: tuple[str, str]) -> dict[str, str | int]:
    name, dataset = product
    path = root / name
    made_by = _maker(root / whole_of(root, path), dataset)
    return {
        "path": name,
        "dataset": dataset,
        "step": made_by.step,
        "version": made_by.version,
        "config": made_by.config,
        "bytes": path.stat().st_size,
        "sha256": sha256(path),
        "parents": json.dumps(dict(made_by.inputs), sort_keys=True),
    }


def _maker(path: Path, dataset: str) -> Provenance:
    """What made a product; nothing of ours made a raw exposure, which may come broken and is listed as it came."""
    with suppress(ConfigError) if dataset == "raw" else nullcontext():
        return provenance_of(path) or _NOBODY
    return _NOBODY


def stored_or_made(root: Path, threads: int = 1) -> Catalog:
    """The manifest that a release has, or one made now."""
    path = root / MANIFEST
    return read_catalog(path) if path.exists() else manifest_of(root, threads)


def problems(manifest: Catalog) -> Iterator[str]:
    """Products that were made from something other than what lies there now, one sentence each."""
    now: Mapping[str, str] = dict(zip(manifest["path"], manifest["sha256"], strict=True))
    for path, parents in zip(manifest["path"], manifest["parents"], strict=True):
        for parent, digest in json.loads(parents).items():
            if "/" in parent and parent not in now:
                yield f"{path} was made from {parent}, which is not there"
            elif now.get(parent, digest) != digest:
                yield f"{path} was made from another {parent} than the one that is there"


def main(argv: Sequence[str] | None = None) -> None:
    """Write a release's manifest, and on request its archive and crate; exit 1 when it does not hold together."""
    parser = argparse.ArgumentParser(
        prog="manifest", description="Every product with its hash and its parents."
    )
    parser.add_argument("--root", default="run", type=Path, help="folder of the products")
    parser.add_argument("--out", type=Path, help=f"instead of ROOT/{MANIFEST}")
    parser.add_argument("--threads", type=int, default=1, help="files read at the same time")
    parser.add_argument(
        "--archive", type=Path, metavar="FILE.tar", help="what the release can be made again from"
    )
    parser.add_argument("--configfile", type=Path, help="campaign of the archive")
    parser.add_argument("--crate", type=Path, metavar="FILE.json", help="the same as a Workflow Run RO-Crate")
    parser.add_argument("--date", default="", help="date of publication told in the crate, YYYY-MM-DD")
    with told("manifest"):
        args = parser.parse_args(argv)
        manifest = manifest_of(args.root, args.threads)
        if not len(manifest):
            raise ConfigError(f"there are no products below {args.root}")
        out = args.out or args.root / MANIFEST
        write_catalog(manifest, out, Provenance("manifest", 1, "{}", {}), "manifest")
        if args.archive:
            write_archive(args.archive, out, args.configfile)
        if args.crate:
            write_crate(args.crate, manifest, args.date)
        _say(args.root, manifest)


def _say(root: Path, manifest: Catalog) -> None:
    strays, wrong = files_of(root).strays, list(problems(manifest))
    said = [f"{len(manifest)} products, {manifest['bytes'].sum() / 1e6:.1f} MB"]
    said += [f"no product: {name}" for name in strays] + wrong
    sys.stdout.write("\n".join(said) + "\n")
    if wrong:
        raise SystemExit(1)
