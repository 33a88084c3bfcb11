"""A dry run of one slice: ``python tests/bench/slice_scale.py 500 5000 50000`` jobs; CPU seconds and peak memory.

The slice: visits of one night, two jobs each (isr, calibrate_visit), exposures there as empty files.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
RULES = ("isr", "calibrate_visit")
NOTHING = ("exposures", "bias", "dark", "flat", "nights", "patches", "tracts", "seasons")


def slice_of(root, jobs):
    """Files of a slice of so many jobs."""
    visits = [f"{2026101200000 + k:013d}" for k in range(jobs // len(RULES))]
    for path in [*(f"raw/{v}.fits" for v in visits), "refcat/simulated.h5", "plan/rejects.parquet"]:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()
    about = {"night": "20261012", "band": "r", "detectors": [0], "raws": [], "shards": [], "mjd": 61000.0}
    graph = {"visits": dict.fromkeys(visits, about), **{n: {} for n in NOTHING}}
    graph["targets"] = [f"preliminary/image/{v}.fits" for v in visits]
    (root / "plan" / "slices").mkdir(parents=True)
    (root / "plan" / "slices" / "s0-bench.json").write_text(json.dumps(graph))


def main():
    print(f"{'jobs':>8} {'CPU s':>8} {'peak MB':>8}")
    for jobs in map(int, sys.argv[1:] or ["5000"]):
        with tempfile.TemporaryDirectory() as folder:
            slice_of(Path(folder, "run"), jobs)
            given = {
                "campaign": "bench",
                "instrument": "gnomonsim",
                "root": f"{folder}/run",
                "slice": "s0-bench",
            }
            Path(folder, "c.json").write_text(json.dumps(given))
            words = ["-n", "--quiet", "--nolock", "--cores", "1", "--configfile", f"{folder}/c.json"]
            command = [sys.executable, "-m", "snakemake", *words, "--allowed-rules", "all", *RULES]
            child = os.fork()
            if not child:
                subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
                used = resource.getrusage(resource.RUSAGE_CHILDREN)
                print(
                    f"{jobs:8d} {used.ru_utime + used.ru_stime:8.2f} {used.ru_maxrss / 1024:8.0f}", flush=True
                )
                os._exit(0)
            os.waitpid(child, 0)


if __name__ == "__main__":
    main()
