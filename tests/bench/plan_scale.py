"""Plan a wide survey and say what it took: ``python tests/bench/plan_scale.py 200 2000 20000 200000 --figure F``.

The survey: a camera of 189 detectors of 4036 pixels a side, visits spread evenly over declination -72 to
+5 degrees in six bands and 300 nights, the rings skymap of 18,938 tracts, and the main steps of the design.
Each size runs in a process of its own, so that its peak memory is its own.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from itertools import pairwise

import numpy as np

from gnomon.containers.catalog import Catalog
from gnomon.containers.provenance import Provenance
from gnomon.containers.skymap import PatchGrid, rings_skymap
from gnomon.datamodel import DATASETS, DatasetType
from gnomon.io.catalogs import write_catalog
from gnomon.pipeline.step import Cost, Many, Step
from gnomon.plan.census import census
from gnomon.plan.incidence import CameraFootprints, incidence
from gnomon.plan.parts import Parts
from gnomon.plan.quanta import quanta
from gnomon.plan.slices import cut

ARCSEC = np.pi / 180 / 3600
TEMPLATE = {
    "visit": "bench/{visit}/",
    "night": "bench/{night}/",
    "tract": "bench/{tract}/",
    "patch": "bench/{tract}/{patch}/",
    "patch_band": "bench/{tract}/{patch}/{band}/",
}
# name, grain, reads ("*" gathers), loops over detectors
STEPS = [
    ("isr", "visit", [], True),
    ("calibrate", "visit", ["isr"], True),
    ("isolated_stars", "tract", ["*calibrate"], False),
    ("fit_astrometry", "tract", ["isolated_stars"], False),
    ("finalize_visit", "visit", ["calibrate", "*fit_astrometry"], True),
    ("coadd", "patch_band", ["*finalize_visit"], False),
    ("template", "patch_band", ["*finalize_visit"], False),
    ("detect_objects", "patch", ["*coadd"], False),
    ("measure", "patch", ["detect_objects", "*coadd"], False),
    ("difference", "visit", ["finalize_visit", "*template"], True),
    ("forced_source", "visit", ["finalize_visit", "*measure"], True),
    ("associate", "patch", ["*difference"], False),
    ("link", "night", ["*difference"], False),
]


def declared():
    """The steps of the table above, and their products in the data model of this process."""
    for name, grain, _, _ in STEPS:
        DATASETS[name] = DatasetType(name, TEMPLATE[grain] + name, "Catalog", "Of the benchmark.")
    return {
        name: Step(
            name,
            object,
            reads={r.strip("*"): Many(r[1:]) if r[0] == "*" else r for r in reads},
            writes={name: name},
            axis="detector" if loops else "",
            cost=Cost(cpu_s=2, cpu_s_per_input=5),
        )
        for name, _, reads, loops in STEPS
    }


def focal_plane():
    """(189, 4) corners of the detectors in radians: 15 x 15 without the corner rafts."""
    column, row = (g.ravel() - 7 for g in np.indices((15, 15)))
    keep = ~((np.abs(column) > 4) & (np.abs(row) > 4))
    pitch, half = 4230 * 0.2 * ARCSEC, 2018 * 0.2 * ARCSEC
    x, y = column[keep, None] * pitch, row[keep, None] * pitch
    return x + np.array([-1, 1, 1, -1]) * half, y + np.array([-1, -1, 1, 1]) * half


def survey(n, rng):
    """Boresights evenly over the footprint, in order of night."""
    low, high = np.sin(np.radians([-72, 5]))
    night = np.sort(rng.integers(0, 300, n)).astype(np.int32)
    footprints = CameraFootprints(
        rng.uniform(0, 2 * np.pi, n),
        np.arcsin(rng.uniform(low, high, n)),
        rng.uniform(0, 6.2, n),
        *focal_plane(),
    )
    return footprints, night, rng.integers(0, 6, n).astype(np.int32)


def write(pairs, table):
    """The plan's large tables as files, to be thrown away."""
    columns = {name: getattr(pairs, name) for name in ("tract", "patch", "visit", "n_detectors")}
    with tempfile.TemporaryDirectory() as folder:
        for name, content in (("overlaps", Catalog(columns)), ("quanta", table)):
            write_catalog(content, f"{folder}/{name}.parquet", Provenance("plan", 1, "{}", {}), "")


def one(n):
    """Plan ``n`` visits; print size, CPU seconds of each part and peak memory."""
    footprints, night, band = survey(n, np.random.default_rng(1))
    steps, clock = declared(), [time.process_time()]
    pairs = incidence(footprints, rings_skymap(120, 60 * ARCSEC, PatchGrid(0.2 * ARCSEC)))
    clock.append(time.process_time())
    nights = tuple(f"{20260000 + k}" for k in range(300))
    detectors = np.full(n, len(footprints.x), np.int32)
    none = np.empty(0, np.int64), np.empty(0, np.int32)
    units = census(
        np.arange(n), night, band, detectors, nights, tuple("ugrizy"), *none, pairs, night + 0.0, 60.0
    )
    clock.append(time.process_time())
    slices = cut(steps, units)
    table = quanta(steps, units, slices)
    clock.append(time.process_time())
    parts = Parts(slices, steps, units)
    order = parts.edges()
    clock.append(time.process_time())
    write(pairs, table)
    clock.append(time.process_time())
    assert table["jobs"][table["step"] == "isr"].sum() == n
    assert all(before < after for before, after in order)
    assert table["quanta"][table["step"] == "isr"].sum() == n * 189
    assert table["quanta"][table["step"] == "coadd"].sum() == len(pairs)
    largest = np.bincount(np.unique(table["slice"].astype(str), return_inverse=True)[1], table["jobs"]).max()
    spent = "".join(f"{b - a:9.1f}" for a, b in pairwise(clock))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    sizes = [n, n * 189, len(units.tracts), len(units.patch), len(pairs), table["jobs"].sum()]
    sizes += [table["quanta"].sum(), len(slices.names), int(largest), len(order)]
    print("".join(f"{size:11d}" for size in sizes), spent, f"{peak:6.2f}")


HEAD = ["visits", "detectors", "tracts", "patches", "pairs", "jobs", "quanta", "slices", "largest", "edges"]
SNAKEMAKE = {1e3: 1.5, 5e3: 4.6, 1e4: 6.9, 3e4: 18.8, 1e5: 64.7, 3e5: 171.7}
"""CPU seconds of ``snakemake -n`` against jobs, each with up to four inputs; 14 kB a job: 4.2 GB for the last one."""


def draw(rows, path):
    """CPU seconds and memory against the jobs of the plan, with what Snakemake needs for a graph of so many."""
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(8, 3.2), layout="constrained")
    left, right = drawn.subplots(1, 2)
    jobs, quanta = [[float(r[k]) for r in rows] for k in (5, 6)]
    seconds, memory = [sum(map(float, r[10:15])) for r in rows], [float(r[15]) for r in rows]
    theirs = np.array([*SNAKEMAKE])
    left.loglog(quanta, seconds, "o-", color="#4477aa", label="plan of quanta")
    left.loglog(jobs, seconds, "o--", color="#4477aa", mfc="white", label="the same, in jobs")
    left.loglog(theirs, [*SNAKEMAKE.values()], "s-", color="#cc3311", label="Snakemake, a graph of jobs")
    left.axvline(5000, color="#888888", lw=0.8, ls=":")
    left.set(xlabel="quanta or jobs (dotted: a slice)", ylabel="CPU seconds")
    left.legend(fontsize=7)
    right.loglog(quanta, memory, "o-", color="#4477aa")
    right.loglog(jobs, memory, "o--", color="#4477aa", mfc="white")
    right.loglog(theirs, 0.075 + 1.4e-5 * theirs, "s-", color="#cc3311")
    right.set(xlabel="quanta or jobs", ylabel="peak memory, GB")
    drawn.savefig(path, dpi=90, metadata={"Software": None})


def main():
    """Each size in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("visits", type=int, nargs="*", default=[2000, 20000, 200000])
    parser.add_argument("--figure", help="PNG to write")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        one(args.visits[0])
        return
    print(
        "".join(f"{n:>11s}" for n in HEAD),
        "  CPU s of overlap, census, quanta, order, files;  GB",
        flush=True,
    )
    rows = []
    for size in args.visits:
        command = [sys.executable, __file__, str(size), "--one"]
        line = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        print(line, end="", flush=True)
        rows.append(line.split())
    if args.figure:
        draw(rows, args.figure)


if __name__ == "__main__":
    main()
