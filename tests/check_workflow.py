"""Lint the workflow and dry-run every campaign config; real data are stood in for by an empty folder."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]


def snakemake(*words):
    command = [sys.executable, "-m", "snakemake", "--profile", "profiles/local", *words]
    done = subprocess.run(
        command, cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stdout}\n{done.stderr}")
    return done.stdout + done.stderr


def main():
    snakemake("--lint")
    for campaign in sorted((ROOT / "config/campaigns").glob("*.yaml")):
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder, "root")
            Path(folder, "data").mkdir()
            data = [f"data={folder}/data"] if "data:" in campaign.read_text() else []
            snakemake(
                "-n", "--quiet", "rules", "--cores", "1",
                "--configfile", str(campaign), "--config", f"root={root}", *data,
            )  # fmt: skip
            print(f"dry run of {campaign.name}: ok")


if __name__ == "__main__":
    main()
