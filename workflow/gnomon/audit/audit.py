"""Make products of a release again, elsewhere, and compare their bytes."""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gnomon.audit.difference import first_difference
from gnomon.audit.explain import root_of
from gnomon.audit.manifest import MANIFEST, NO_PRODUCTS, files_of, is_product
from gnomon.audit.said import told
from gnomon.errors import ConfigError
from gnomon.smk import campaign_file, campaign_options

LOCAL = ("--profile", "profiles/local", "--cores", "1")
"""How products are made again where nothing else is said."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One product, made again."""

    path: str
    difference: str
    """Where it differs first; empty where it has the same bytes."""


def main(argv: Sequence[str] | None = None) -> None:
    """Make again, compare, say; exit 1 when a product differs."""
    parser = argparse.ArgumentParser(
        prog="audit",
        description=__doc__,
        epilog="Words after -- go to snakemake, instead of " + " ".join(LOCAL),
    )
    parser.add_argument("--configfile", type=Path, required=True, help="campaign, YAML")
    parser.add_argument("--config", nargs="*", default=[], metavar="KEY=VALUE", help="over the file's")
    parser.add_argument(
        "--into", type=Path, required=True, help="folder to work in; on the disk of the release"
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--sample", type=int, default=10, metavar="N", help="products drawn at random (10)")
    what.add_argument("--files", nargs="+", type=Path, help="these products")
    what.add_argument("--all", action="store_true", help="the whole release, from nothing")
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    words, run = _divided(list(sys.argv[1:] if argv is None else argv))
    with told("audit"):
        args = parser.parse_args(words)
        root = Path(_options(args)["root"])
        paths = _asked(root, args)
        verdicts = audit(root, args.into, [] if args.all else paths, _call(args, run or list(LOCAL)))
        _say(verdicts)


def audit(root: Path, into: Path, paths: Sequence[str], call: Sequence[str]) -> list[Verdict]:
    """Products of a release made again in another folder.

    Parameters
    ----------
    root
        Folder of the release.
    into
        Where to work; it must be new.
    paths
        Products to make again, each from the others as they are in the release; none: all, from nothing.
    call
        The call of snakemake, to which the targets are added.
    """
    if into.exists():
        raise ConfigError(f"{into} is there already; an audit starts in a new folder")
    if not paths:
        _run(call)
        made = [p for p, _ in files_of(root).products if not p.startswith("plan/")]
        return [Verdict(p, _compared(root / p, into / p)) for p in made]
    verdicts = []
    for path in paths:
        _link(root, into, path)
        _run([*call, "--", str(into / path)])
        verdicts.append(Verdict(path, _compared(root / path, into / path)))
    return verdicts


def _run(call: Sequence[str]) -> None:
    done = subprocess.run(call, env=dict(os.environ), stdout=sys.stderr, check=False)
    if done.returncode:
        raise ConfigError("snakemake could not make the products again; its reason stands above")


def _compared(first: Path, second: Path) -> str:
    return first_difference(first, second) if second.is_file() else "it was not made again"


def _link(root: Path, into: Path, without: str) -> None:
    """The release once more without one product, its files shared where the disk allows it.

    Nothing harms the release: products are never written in place.
    """
    for path in (p for p in root.rglob("*") if p.is_file()):
        name = path.relative_to(root)
        if str(name) == MANIFEST or name.parts[0] in NO_PRODUCTS:
            continue
        copy = into / name
        if copy.exists() and (str(name) == without or not copy.samefile(path)):
            copy.unlink()
        if str(name) != without and not copy.exists():
            copy.parent.mkdir(parents=True, exist_ok=True)
            _share(path, copy)


def _share(path: Path, copy: Path) -> None:
    try:
        os.link(path, copy)
    except OSError:
        shutil.copy2(path, copy)


def _asked(root: Path, args: argparse.Namespace) -> list[str]:
    """Paths below the root of the products to make again."""
    if args.files:
        return [str(p.absolute().relative_to(root_of(p))) for p in args.files]
    every = [n for n, _ in files_of(root).products if not n.startswith("plan/")]
    main_files = [n for n in every if is_product(n)]
    if not main_files:
        raise ConfigError(f"there is no release in {root}")
    rng = np.random.default_rng(args.seed)
    return sorted(rng.choice(main_files, min(args.sample, len(main_files)), replace=False).tolist())


def _divided(words: list[str]) -> tuple[list[str], list[str]]:
    """Our words, and those for snakemake."""
    at = words.index("--") if "--" in words else len(words)
    return words[:at], words[at + 1 :]


def _options(args: argparse.Namespace) -> dict[str, str]:
    return {"root": campaign_options(campaign_file(args.configfile, args.config)).root}


def _call(args: argparse.Namespace, words: list[str]) -> list[str]:
    """The call of snakemake without its targets."""
    config = [*(c for c in args.config if not c.startswith("root=")), f"root={args.into}"]
    call = [sys.executable, "-m", "snakemake", *words, "--nolock", "--rerun-triggers", "mtime"]
    return [*call, "--configfile", str(args.configfile), "--config", *config]


def _say(verdicts: Sequence[Verdict]) -> None:
    wrong = [v for v in verdicts if v.difference]
    for verdict in wrong:
        sys.stdout.write(f"{verdict.path}: {verdict.difference}\n")
    sys.stdout.write(
        f"{len(verdicts)} products made again, {len(verdicts) - len(wrong)} with the same bytes\n"
    )
    if wrong:
        raise SystemExit(1)
