"""The coadd as a program: alone, and on several ranks of MPI."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import field
from gnomon.containers.provenance import Provenance
from gnomon.containers.tiling import Tiling
from gnomon.io.calibrated_images import CalibratedWriter
from gnomon.io.catalogs import write_catalog
from gnomon.io.skymaps import write_tiling

ROOT = Path(__file__).parents[2]
MADE_BY = Provenance("test", 1, "{}", {})
VISITS = range(1, 5)


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    """Arguments of the program for one patch of 25 cells."""
    folder = tmp_path_factory.mktemp("coadd")
    grid, side = field.GRID, 3600 * 57.29577951308232
    width = grid.patch_inner * grid.pixel_scale * 57.29577951308232
    places = ((57.29577951308232 * field.MIDDLE[0], 57.29577951308232 * field.MIDDLE[1], width, width),)
    sizes = grid.cell_inner, grid.cell_border, grid.cells_inner, grid.cells_border
    write_tiling(
        Tiling("discrete", 0, 0, 0.0, places, grid.pixel_scale * side, *sizes), folder / "skymap.json"
    )
    for visit in VISITS:
        image = field.calibrated(visit, spoil=visit == 2)
        write_catalog(field.summary(visit, image), folder / f"{visit}.parquet", MADE_BY, "")
        with CalibratedWriter(folder / f"{visit}.fits", MADE_BY) as writer:
            writer.add(0, image)
    return folder


COADD = [sys.executable, str(ROOT / "scripts" / "coadd.py")]
COADD += ["--tract", "0", "--patch", "0", "--band", "r", "--kind", "deep", "--skymap", "skymap.json"]
COADD += ["--instrument", str(ROOT / "config" / "instruments" / "gnomonsim.yaml")]


def run(folder, out, ranks=1):
    launch = [shutil.which("mpiexec"), "-n", str(ranks)] if ranks > 1 else []
    files = ["--summaries", *(f"{v}.parquet" for v in VISITS)]
    files += ["--images", *(f"{v}.fits" for v in VISITS), "--out-coadd", out, "--ranks", str(ranks)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "workflow"), "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [*launch, *COADD, "--root", ".", "--config", '{"memory_mb": 10}', *files],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def alone(inputs):
    done = run(inputs, "alone.fits")
    assert done.returncode == 0, done.stderr
    return (inputs / "alone.fits").read_bytes()


@pytest.mark.parametrize("ranks", [2, 3, 4])
def test_any_number_of_ranks_writes_the_same_bytes(inputs, alone, ranks):
    pytest.importorskip("mpi4py")
    if shutil.which("mpiexec") is None:
        pytest.skip("no mpiexec: pip install 'mpich<5'")
    done = run(inputs, f"ranks{ranks}.fits", ranks)
    assert done.returncode == 0, done.stderr
    assert (inputs / f"ranks{ranks}.fits").read_bytes() == alone, done.stderr


def test_programs_that_are_no_ranks_of_one_job_are_refused(inputs):
    pytest.importorskip("mpi4py")
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "workflow")}
    words = [*COADD, "--out-coadd", "no.fits", "--ranks", "2"]
    done = subprocess.run(words, cwd=inputs, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "wanted 2" in done.stderr
    assert not (inputs / "no.fits").exists()
