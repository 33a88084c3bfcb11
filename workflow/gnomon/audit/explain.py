"""From a product back to the raw exposures, as the products themselves say."""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from gnomon.audit.said import told
from gnomon.datamodel import DATASETS
from gnomon.errors import ConfigError
from gnomon.io.products import identify, provenance_of
from gnomon.io.provenance import sha256

SHOWN = 4
"""Inputs of one folder that are named; the others are counted."""


def explain(root: Path, path: str, every: bool = False) -> Iterator[str]:
    """One line a file, its inputs further in; each file once.

    Parameters
    ----------
    root
        Folder of the products.
    path
        The product, below the root.
    every
        Name all inputs; otherwise the first of a folder is followed, some are named, the rest counted.

    Raises
    ------
    ConfigError
        There is no such file, or it is no product.
    """
    if not (root / path).is_file():
        raise ConfigError(f"there is no file {root / path}")
    yield from _lines(root, path, sha256(root / path), every, set(), 0)


def _lines(root: Path, path: str, digest: str, every: bool, seen: set[str], depth: int) -> Iterator[str]:
    dent, file = "  " * depth, root / path
    if path in seen:
        yield f"{dent}{path}: see above"
        return
    seen.add(path)
    if not file.is_file():
        yield f"{dent}{path} sha256 {digest[:12]}, {'from outside' if '/' not in path else 'no longer there'}"
        return
    changed = "" if sha256(file) == digest else ", CHANGED since"
    made_by = provenance_of(file)
    by = f"{made_by.step} version {made_by.version}" if made_by else "the planner"
    yield f"{dent}{path} sha256 {digest[:12]}{changed}: {_doc(path)} Made by {by}."
    if made_by is None:
        return
    if json.loads(made_by.config):
        yield f"{dent}  options {made_by.config}"
    for shown, rest in _grouped(dict(made_by.inputs), every):
        for name, recorded in shown.items():
            yield from _lines(root, name, recorded, every, seen, depth + 1)
        if rest:
            yield f"{dent}  and {len(rest)} more like it: {', '.join(list(rest)[: SHOWN - 1])}" + (
                ", ..." if len(rest) >= SHOWN else ""
            )


def _grouped(inputs: dict[str, str], every: bool) -> Iterator[tuple[dict[str, str], dict[str, str]]]:
    """Inputs folder by folder: those to follow, and the rest."""
    folders: dict[str, dict[str, str]] = {}
    for name, digest in inputs.items():
        folders.setdefault(_folder(name), {})[name] = digest
    for members in folders.values():
        n = len(members) if every else 1
        yield dict(list(members.items())[:n]), dict(list(members.items())[n:])


def _folder(name: str) -> str:
    try:
        return identify(name)[0].name
    except ConfigError:
        return Path(name).suffix


def _doc(path: str) -> str:
    return DATASETS[identify(path)[0].name].doc


def main(argv: Sequence[str] | None = None) -> None:
    """Print the chain of one file."""
    parser = argparse.ArgumentParser(prog="explain", description=__doc__)
    parser.add_argument("file", type=Path, help="a product")
    parser.add_argument("--root", type=Path, help="folder of the products; found from the file without it")
    parser.add_argument("--all", action="store_true", help="name every input")
    args = parser.parse_args(argv)
    with told("explain"):
        root = args.root or root_of(args.file)
        for line in explain(root, str(args.file.absolute().relative_to(root.absolute())), args.all):
            sys.stdout.write(line + "\n")


def root_of(file: Path) -> Path:
    """The folder that a product's path starts from.

    Raises
    ------
    ConfigError
        The file is no product.
    """
    dataset, data_id = identify(str(file.absolute()))
    return file.absolute().parents[len(Path(dataset.path(**data_id)).parts) - 1]
