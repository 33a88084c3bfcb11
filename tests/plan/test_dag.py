"""The plan counts the jobs that Snakemake finds."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gnomon.plan.command import main

ROOT = Path(__file__).parents[2]


@pytest.mark.campaign
def test_the_plan_counts_the_jobs_of_the_dry_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    config = {
        "campaign": "toy",
        "instrument": "gnomonsim",
        "root": str(tmp_path / "run"),
        "steps": {"simulate_sky": {"recipe": "toy", "seed": 7}},
    }
    path = tmp_path / "toy.yaml"
    path.write_text(json.dumps(config))
    main(["--configfile", str(path)])
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[1:-2]]
    words = ["snakemake", "-n", "--cores", "1", "--quiet", "rules", "host", "--configfile", str(path)]
    done = subprocess.run(
        [sys.executable, "-m", *words], capture_output=True, text=True, check=True, cwd=ROOT
    )
    jobs = dict(re.findall(r"^(\w+) +(\d+)$", done.stdout + done.stderr, re.MULTILINE))
    assert {r[0]: r[1] for r in rows} == {
        n: k for n, k in jobs.items() if n not in ("all", "total", "manifest")
    }
