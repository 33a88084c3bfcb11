"""``mpiexec -n N python tests/bench/coadd_scaling.py``: a deep coadd on several ranks, and a model of more.

Every rank makes its share of 64 cells as in `coadd_cost`; the first prints what each spent. Then the pieces of a whole
patch are dealt out to 1 to 64 ranks as `gnomon.parallel` deals them, their cost told from their pixels: what is
warped, and what is read and prefiltered around it (half as dear). The efficiency is the cost of all pieces of the first
row over that of the dearest rank times the number of ranks.
"""

import argparse
import resource
import time
from functools import reduce

from coadd_cost import MIDDLE, SCALE, Epoch, epochs

from gnomon.algorithms.coadd.artifacts import ArtifactSettings
from gnomon.algorithms.coadd.patch import PatchOptions, Run, coadd_patch, runs_of
from gnomon.containers.box import Box
from gnomon.containers.skymap import PatchGrid
from gnomon.containers.wcs import tangent_wcs
from gnomon.memory import keep_freed_memory
from gnomon.parallel import WorkDone, ranks

GRID = PatchGrid(SCALE, cells_inner=25)
CONTEXT_PX, READ_PX = 12, 24  # around what is kept: warped, and read
MEMORY_MB = (600, 350)


def measured(n: int, memory: float) -> tuple[float, float]:
    """CPU seconds of this rank's share without drawing, and its peak memory in MiB."""
    from mpi4py import MPI

    side, inputs = GRID.patch_outer, epochs(n, GRID.patch_outer)
    wcs = tangent_wcs(MIDDLE, (side / 2, side / 2), [[-SCALE, 0], [0, SCALE]])
    few = sorted({c.inner.y0 for c in GRID.cells()})[:8]
    chosen = [c for c in GRID.cells() if c.inner.y0 in few and c.inner.x0 in few]
    start = time.process_time()
    options = PatchOptions(31, ArtifactSettings(), memory, noise=1)
    try:
        for _ in coadd_patch(chosen, side, wcs, inputs, options, ranks(MPI.COMM_WORLD.size).over):
            pass
    except WorkDone:
        pass
    spent = time.process_time() - start - Epoch.spent
    return spent, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def cost(run: Run) -> float:
    """Pixels warped, and half of those read."""
    box = reduce(Box.around, (c.inner for c in run.block[run.first : run.first + run.count])).grown(
        CONTEXT_PX
    )
    return box.nx * box.ny + 0.5 * box.grown(READ_PX).nx * box.grown(READ_PX).ny


def model(n: int) -> str:
    """Efficiency for numbers of ranks, one row for each memory."""
    side = GRID.patch_outer
    inputs = epochs(n, 300)
    whole = [i.__class__(i.visit, 0, 0.7, (-9.0, -9.0, side + 9.0, side + 9.0), i.view) for i in inputs]
    lines = ["memory_mb pieces " + " ".join(f"{p:>5}" for p in (1, 2, 4, 8, 16, 32, 64))]
    least = 0.0
    for memory in MEMORY_MB:
        runs = runs_of(GRID.cells(), side, whole, PatchOptions(31, ArtifactSettings(), memory))
        costs = [cost(r) for r in runs]
        least = least or sum(costs)
        shares = [max(sum(costs[k::p]) for k in range(p)) * p for p in (1, 2, 4, 8, 16, 32, 64)]
        lines.append(f"{memory:9} {len(runs):6} " + " ".join(f"{least / s:5.2f}" for s in shares))
    return "\n".join(lines)


def main() -> None:
    """Command line."""
    from mpi4py import MPI

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--memory", type=float, default=600)
    options = parser.parse_args()
    keep_freed_memory()
    found = MPI.COMM_WORLD.gather(measured(options.epochs, options.memory), root=0)
    if found is None:
        return
    for rank, (seconds, mib) in enumerate(found):
        print(f"rank {rank} of {len(found)}: {seconds:.2f} CPU s, peak {mib:.0f} MiB")
    print(f"dearest rank {max(s for s, _ in found):.2f} CPU s, all {sum(s for s, _ in found):.2f}")
    print("model, patch of 729 cells, 100 epochs:")
    print(model(100))


if __name__ == "__main__":
    main()
