"""Lint the workflow and dry-run every campaign config."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
EXPOSURES = {"viking": "viking", "decam": "decam_testcase4/images"}
ONE_ENVIRONMENT = "Specify a conda environment or container for each rule."


def snakemake(*words):
    command = [sys.executable, "-m", "snakemake", "--profile", "profiles/local", *words]
    done = subprocess.run(
        command, cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stdout}\n{done.stderr}")
    return done.stdout + done.stderr


def lint():
    """Every complaint of Snakemake's linter but one: one locked environment serves all rules (envs/)."""
    command = [sys.executable, "-m", "snakemake", "--lint"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    text = done.stdout + done.stderr
    complaints = [
        line for line in text.splitlines() if line.startswith("    * ") and ONE_ENVIRONMENT not in line
    ]
    if "Lints for" not in text and done.returncode:
        sys.exit(text)
    if complaints:
        sys.exit("\n".join(complaints))
    print("lint: ok")


def main():
    lint()
    for campaign in sorted((ROOT / "config/campaigns").glob("*.yaml")):
        dry_run(campaign)


def dry_run(campaign):
    """Every job of a campaign from nothing; campaigns of real exposures need them."""
    needs = "data:" in campaign.read_text()
    data = ROOT.parent / "shared/data/images" / EXPOSURES.get(campaign.stem, "")
    if needs and (campaign.stem not in EXPOSURES or not data.is_dir()):
        print(f"dry run of {campaign.name}: skipped, its exposures are not here")
        return
    with tempfile.TemporaryDirectory() as folder:
        words = ["-n", "--quiet", "rules", "--cores", "1", "--configfile", str(campaign)]
        snakemake(*words, "--config", f"root={folder}/root", *([f"data={data}"] if needs else []))
    print(f"dry run of {campaign.name}: ok")


if __name__ == "__main__":
    main()
