"""Two releases beside each other: products, catalogues, metrics."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gnomon.audit.difference import first_difference
from gnomon.audit.manifest import stored_or_made
from gnomon.audit.said import told
from gnomon.containers.catalog import Catalog
from gnomon.datamodel import DATASETS
from gnomon.errors import ConfigError
from gnomon.io.catalogs import read_catalog

_NAMED = 3
"""Columns named of a catalogue that changed, those with most changed values first."""


def main(argv: Sequence[str] | None = None) -> None:
    """Print how two releases differ; exit 1 when they do."""
    parser = argparse.ArgumentParser(prog="compare", description=__doc__)
    parser.add_argument("first", type=Path, help="folder of a release, or its manifest")
    parser.add_argument("second", type=Path, help="the other")
    parser.add_argument("--threads", type=int, default=1, help="files read at the same time")
    with told("compare"):
        args = parser.parse_args(argv)
        a, b = (_manifest(p, args.threads) for p in (args.first, args.second))
        roots = tuple(p for p in (args.first, args.second) if p.is_dir())
        sys.stdout.write("\n".join(compared(a, b, roots)) + "\n")
        if digests(a) != digests(b):
            raise SystemExit(1)


def _manifest(path: Path, threads: int) -> Catalog:
    if not path.exists():
        raise ConfigError(f"there is no release and no manifest {path}")
    return stored_or_made(path, threads) if path.is_dir() else read_catalog(path)


def digests(manifest: Catalog) -> dict[str, str]:
    """SHA-256 by path."""
    return dict(zip(manifest["path"].tolist(), manifest["sha256"].tolist(), strict=True))


def compared(first: Catalog, second: Catalog, roots: tuple[Path, ...]) -> Iterator[str]:
    """Lines of text: a table of products by dataset, then what changed in catalogues, then the metrics.

    Parameters
    ----------
    first, second
        Schema `manifest`.
    roots
        The releases' folders; with fewer than two, the products themselves are not looked into.
    """
    a, b = digests(first), digests(second)
    kind = {p: d for m in (first, second) for p, d in zip(m["path"], m["dataset"], strict=True)}
    changed: dict[str, list[str]] = {}
    yield f"{'dataset':28} {'same':>6} {'changed':>8} {'only 1st':>9} {'only 2nd':>9}"
    for dataset in sorted(set(kind.values())):
        paths = sorted(p for p, d in kind.items() if d == dataset)
        same = sum(a.get(p) == b.get(p) for p in paths)
        changed[dataset] = [p for p in paths if p in a and p in b and a[p] != b[p]]
        lone = sum(p not in b for p in paths), sum(p not in a for p in paths)
        yield f"{dataset:28} {same:6d} {len(changed[dataset]):8d} {lone[0]:9d} {lone[1]:9d}"
    if len(roots) == 2:
        for dataset, paths in changed.items():
            yield from _looked_into(dataset, paths, roots)
        yield from metrics(*(r / DATASETS["metrics"].path() for r in roots))


def _looked_into(dataset: str, paths: list[str], roots: tuple[Path, ...]) -> Iterator[str]:
    if not paths:
        return
    yield f"\n{dataset}: {paths[0]}: {first_difference(*(r / paths[0] for r in roots))}"
    tables = [p for p in paths if p.endswith(".parquet")]
    if DATASETS[dataset].container == "Catalog" and tables:
        yield from columns(*([read_catalog(r / p) for p in tables] for r in roots))


def columns(first: Sequence[Catalog], second: Sequence[Catalog]) -> Iterator[str]:
    """Rows of the catalogues that changed, and the columns whose values did, where the rows are as many."""
    yield f"  rows: {sum(map(len, first))} and {sum(map(len, second))} in {len(first)} files that changed"
    pairs = [(a, b) for a, b in zip(first, second, strict=True) if len(a) == len(b)]
    found = []
    for name in pairs[0][0].columns if pairs else ():
        both = [(a[name], b[name]) for a, b in pairs if name in b.columns]
        n = sum(_unequal(x, y).sum() for x, y in both)
        if n:
            found.append((int(n), name, _typical(both)))
    total = sum(len(a) for a, _ in pairs)
    for n, name, typical in sorted(found, reverse=True)[:_NAMED]:
        yield f"  {name}: {n} of {total} rows differ{typical}"


def _unequal(a: Any, b: Any) -> Any:  # noqa: ANN401
    differ = a != b
    if a.dtype.kind == "f":
        differ &= ~(np.isnan(a) & np.isnan(b))
    return differ.reshape(len(a), -1).any(axis=1) if differ.ndim > 1 else differ


def _typical(both: list[tuple[Any, Any]]) -> str:
    """Median of the size of the change, of numbers."""
    if not both or both[0][0].dtype.kind != "f":
        return ""
    change = np.concatenate([np.abs(x - y)[_unequal(x, y)].ravel() for x, y in both])
    finite = change[np.isfinite(change)]
    return f", by {np.median(finite):.3g} in the median" if len(finite) else ""


def metrics(first: Path, second: Path) -> Iterator[str]:
    """The measured numbers of two releases side by side, where both have them."""
    if not (first.is_file() and second.is_file()):
        return
    values = [_values(read_catalog(p)) for p in (first, second)]
    yield f"\n{'metric':40} {'1st':>12} {'2nd':>12}"
    for key in sorted({*values[0], *values[1]}):
        yield f"{key:40} {values[0].get(key, np.nan):12.5g} {values[1].get(key, np.nan):12.5g}"


def _values(table: Catalog) -> dict[str, float]:
    names = zip(table["name"], table["band"], table["unit"], table["value"], strict=True)
    return {" ".join(str(w) for w in (n, b, f"[{u}]" if u else "") if w): float(v) for n, b, u, v in names}
