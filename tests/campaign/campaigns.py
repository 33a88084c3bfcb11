"""Whole runs of Snakemake on the toy survey, as a user would start them."""

import os
import re
import subprocess
import sys
from pathlib import Path

import yaml

from gnomon.io.provenance import sha256

ROOT = Path(__file__).parents[2]
IMAGES = ROOT.parent / "shared" / "data" / "images"
TOY = {
    "campaign": "toy",
    "instrument": "gnomonsim",
    "steps": {
        "simulate_sky": {"recipe": "toy", "seed": 7},
        "master_dark": {"min_count": 2},
        "master_flat": {"min_count": 2},
        "filter_alerts": {"filters": {"bright": {"where": "diaSource.snr > 10"}}},
    },
}


def campaign(folder, config=None):
    """The file of a campaign whose products go to ``folder/run``."""
    file = Path(folder, "campaign.yaml")
    file.write_text(yaml.safe_dump({**TOY, **(config or {}), "root": str(Path(folder, "run"))}))
    return file


def snakemake(folder, *words, config=None, cores=2, check=True):
    """Output of one call of snakemake on a campaign whose products go to ``folder/run``."""
    file = campaign(folder, config)
    command = [
        sys.executable, "-m", "snakemake", "--profile", "profiles/local", "--cores", str(cores),
        "--configfile", str(file), "--nolock", "--runtime-source-cache-path", str(Path(folder, "cache")), *words,
    ]  # fmt: skip
    done = subprocess.run(
        command, cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, check=False
    )
    if check and done.returncode:
        raise AssertionError(f"{done.stdout[-6000:]}\n{done.stderr[-6000:]}")
    return done.stdout + done.stderr


def dry_run(folder, **keywords):
    """Number of jobs by rule that a dry run announces."""
    text = snakemake(folder, "-n", "--quiet", "rules", "host", **keywords)
    table = re.findall(r"^(\w+) +(\d+)$", text, re.MULTILINE)
    return {rule: int(count) for rule, count in table if rule not in ("job", "total", "all")}


def products(folder):
    """Digest of every product by its path below the root; logs and benchmarks are none.

    Not its bytes: a toy campaign has 1.4 GB, and tests hold several.
    """
    root = Path(folder, "run")
    files = (p for p in sorted(root.rglob("*")) if p.is_file())
    return {
        str(p.relative_to(root)): sha256(p)
        for p in files
        if p.relative_to(root).parts[0] not in ("log", "benchmark")
    }


def gaia_shards(folder):
    """Write the reference shards of the Gaia stars that come with the DECam exposures into a folder."""
    chunks = sorted((IMAGES / "decam_testcase4" / "gaia").glob("*.fits"))
    command = [sys.executable, "scripts/build_refcat.py", "--flavour", "gaia_dr2", "--into", folder, *chunks]
    subprocess.run(list(map(str, command)), cwd=ROOT, check=True, capture_output=True)
