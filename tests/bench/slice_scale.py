"""Dry runs of slices of visits: ``python tests/bench/slice_scale.py``; jobs, files read, CPU seconds, peak memory.

Two kinds, what they read there as empty files: visits of one night with two jobs each that read little (isr,
calibrate_visit), and visits that are differenced, each with a template and a catalogue of 560 patches, as many as a
camera of 9.6 square degrees sees. The limits of a slice are 5,000 jobs and 50,000 files.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from gnomon.datamodel import DATASETS

ROOT = Path(__file__).parents[2]
EARLY, LATE = ("isr", "calibrate_visit"), ("difference", "forced_source")
PATCHES = 560
NOTHING = ("exposures", "bias", "dark", "flat", "nights", "patches", "tracts", "seasons")
SIZES = ((EARLY, 500), (EARLY, 5000), (LATE, 8), (LATE, 80))


def paths(dataset, **data_id):
    return DATASETS[dataset].path(**data_id)


def early(visits):
    """The graph of visits to be calibrated, and the files that they read."""
    about = {"night": "20261012", "band": "r", "detectors": [0], "raws": [], "shards": [], "mjd": 61000.0}
    graph = {"visits": dict.fromkeys(visits, about), **{n: {} for n in NOTHING}}
    graph["targets"] = [f"preliminary/image/{v}.fits" for v in visits]
    return graph, [*(f"raw/{v}.fits" for v in visits), "refcat/simulated.h5"]


def late(visits):
    """The graph of visits to be differenced with what another season's visit saw, and the files that they read."""
    graph, _ = early(visits)
    other = "2025101200000"
    graph["visits"] = {**graph["visits"], other: {"night": "20251012", "band": "r", "mjd": 60000.0}}
    places = [(f"{k // 100:05d}", f"{k % 100:03d}") for k in range(PATCHES)]
    graph["patches"] = {"/".join(p): {"r": [other, *visits]} for p in places}
    graph["tracts"] = {t: [p for u, p in places if u == t] for t, _ in places}
    graph["seasons"] = {f"{t}/r": [60000.0, 61000.0] for t in graph["tracts"]}
    graph["targets"] = [paths(d, visit=v) for d in ("dia_candidate", "forced_source") for v in visits]
    own = [paths(d, visit=v) for d in ("calexp", "source", "visit_summary") for v in visits]
    seen = [{"tract": t, "patch": p} for t, p in places]
    coadds = [paths("coadd", band="r", kind="template_2", **i) for i in seen]
    return graph, own + coadds + [paths("object", **i) for i in seen]


def slice_of(root, rules, jobs):
    """Files of a slice of so many jobs; how many files they read."""
    visits = [f"{2026101200000 + k:013d}" for k in range(jobs // len(rules))]
    graph, files = (early if rules == EARLY else late)(visits)
    for path in [*files, "plan/rejects.parquet"]:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()
    (root / "plan" / "slices").mkdir(parents=True)
    (root / "plan" / "slices" / "s0-bench.json").write_text(json.dumps(graph))
    return len(visits) * (2 * PATCHES + 5 if rules == LATE else 4)


def main():
    print(f"{'rules':>30} {'jobs':>8} {'files read':>10} {'CPU s':>8} {'peak MB':>8}", flush=True)
    wanted = [(r, int(n)) for r in (EARLY, LATE) for n in sys.argv[1:]] or SIZES
    for rules, jobs in wanted:
        with tempfile.TemporaryDirectory() as folder:
            read = slice_of(Path(folder, "run"), rules, jobs)
            given = {
                "campaign": "bench",
                "instrument": "gnomonsim",
                "root": f"{folder}/run",
                "slice": "s0-bench",
            }
            Path(folder, "c.json").write_text(json.dumps(given))
            words = ["-n", "--quiet", "--nolock", "--cores", "1", "--configfile", f"{folder}/c.json"]
            command = [sys.executable, "-m", "snakemake", *words, "--allowed-rules", "all", *rules]
            child = os.fork()
            if not child:
                done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
                used = resource.getrusage(resource.RUSAGE_CHILDREN)
                spent, peak = used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
                print(f"{'+'.join(rules):>30} {jobs:8d} {read:10d} {spent:8.2f} {peak:8.0f}", flush=True)
                print(done.stderr[-2000:] if done.returncode else "", end="", flush=True)
                os._exit(0)
            os.waitpid(child, 0)


if __name__ == "__main__":
    main()
