"""One raw detector of 4096 x 4096 to calibrated image and sources, reading and writing included."""

import gc
import json
import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import detector
import numpy as np
from harness import Contestant, Task

SIZE = 4096
BAND = "r"
NOTHING = "{}"


def make_raw(folder: Path) -> None:
    """A raw exposure of the simulated survey through one detector of 16 amplifiers, its masters, its catalogue."""
    from gnomon.containers.image import Image
    from gnomon.containers.provenance import Provenance
    from gnomon.io.masters import MasterWriter
    from gnomon.io.raw_fits import write_raw
    from gnomon.io.refcat import write_shard
    from gnomon.sim.camera import sensor
    from gnomon.sim.exposure import simulate_visit
    from gnomon.sim.recipe import toy_recipe
    from gnomon.sim.schedule import visits
    from gnomon.sim.sky import build_sky
    from gnomon.steps.simulate_sky import refcat_columns

    recipe = toy_recipe()
    recipe = replace(recipe, camera=replace(recipe.camera, size=SIZE, amplifiers=16))
    sky = build_sky(recipe)
    visit = next(v for v in visits(recipe) if v.obstype == "science" and v.band == BAND)
    raw, truth = simulate_visit(recipe, sky, visit)
    made_by = Provenance("bench", 1, NOTHING, {})
    write_raw(raw, folder / "raw.fits", made_by)
    part, nothing = sensor(recipe, 0, BAND), np.zeros((SIZE, SIZE), np.uint32)
    planes = {"flat": part.flat, "dark": part.dark, "bias": np.zeros((SIZE, SIZE))}
    for name, plane in planes.items():
        with MasterWriter(folder / f"{name}.h5", made_by) as writer:
            writer.add(
                0, Image(np.asarray(plane, np.float32), np.full((SIZE, SIZE), 1e-8, np.float32), nothing)
            )
    write_shard(refcat_columns(sky.reference, recipe.bands), folder / "refcat.h5", made_by)
    stars = truth.sources.take((truth.sources["kind"] == 0) & (truth.sources["snr"] > 10))
    np.savez(folder / "truth.npz", x=stars["x"], y=stars["y"], flux=stars["flux"], visit=visit.visit)
    text = (detector_root() / "config/instruments/gnomonsim.yaml").read_text()
    text = text.replace("shape: [1024, 1024]", f"shape: [{SIZE}, {SIZE}]")
    (folder / "gnomonsim.yaml").write_text(text.replace("[[0.0, 1.0e-4], [1.0e-4, 0.0]]", "[]"))


def detector_root() -> Path:
    """Root of the repository."""
    return Path(__file__).parents[2]


class Laps:
    """CPU seconds between calls, by name."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = 0.0

    def lap(self, name: str) -> None:
        """Time since the last call, or since the process began."""
        now = time.process_time()
        self.seconds[name] = now - self._last
        self._last = now


def _ours(scene: Path, out: Path) -> float:
    """What isr, calibrate_visit and finalize_visit do, in one worker that takes one detector after the other."""
    from gnomon.memory import keep_freed_memory

    keep_freed_memory()
    laps = Laps()
    held = _held(scene, laps)
    seconds = min(
        _one_detector(scene, out, held, laps) for _ in range(int(os.environ.get("BENCH_CALLS", "1")))
    )
    (out / "laps.json").write_text(json.dumps(laps.seconds))
    (out / "calexp.fits").unlink()
    return seconds


def _held(scene: Path, laps: "Laps") -> dict[str, Any]:
    """What a worker loads once: packages, instrument, masters, reference stars."""
    gc.disable()  # as start.perform does
    from gnomon.containers.image import Image
    from gnomon.datamodel import DATASETS
    from gnomon.io import calibrated_images, catalogs, formats, masters, raw, refcat  # noqa: F401
    from gnomon.steps import calibrate_visit, finalize_visit, isr  # noqa: F401

    gc.freeze()
    gc.enable()
    laps.lap("imports")
    held: dict[str, Any] = {"instrument": formats.read(DATASETS["instrument"], scene / "gnomonsim.yaml")}
    nothing = np.zeros((SIZE, SIZE), np.uint32)
    for name in ("bias", "dark", "flat"):
        master = formats.read(DATASETS["master_flat"], scene / f"{name}.h5")[0]
        held[name] = [Image(master.flux, master.variance, nothing)]
    held["refcat"] = formats.read(DATASETS["simulated_refcat"], scene / "refcat.h5")
    laps.lap("masters")
    return held


def _one_detector(scene: Path, out: Path, held: dict[str, Any], laps: "Laps") -> float:
    """From the raw file to image and sources on disk; CPU seconds."""
    from gnomon.containers.dataid import DataId
    from gnomon.containers.provenance import Provenance
    from gnomon.datamodel import DATASETS
    from gnomon.io import formats
    from gnomon.pipeline.joint import FinalizeVisitConfig
    from gnomon.pipeline.visit import CalibrateVisitConfig, IsrConfig
    from gnomon.steps.calibrate_visit import calibrate_visit
    from gnomon.steps.finalize_visit import finalize_visit
    from gnomon.steps.isr import isr

    start = time.process_time()
    visit = int(np.load(scene / "truth.npz")["visit"])
    data_id = DataId(visit=visit, detector=0)
    exposure = formats.open_raw([str(scene / "raw.fits")], held["instrument"], DataId(visit=visit))[0]
    laps.lap("read")
    frames = {n: held[n] for n in ("bias", "dark", "flat")}
    config = IsrConfig(masters=("bias", "dark", "flat"))
    detrended = isr(held["instrument"], exposure, **frames, defects=[], data_id=data_id, config=config)
    laps.lap("isr")
    del exposure
    first = calibrate_visit(detrended, [held["refcat"]], data_id=data_id, config=CalibrateVisitConfig())
    del detrended
    laps.lap("calibrate")
    zero_point = _joint_zero_point(visit, first.summary["zeroPoint"][0] + 0.01)
    stars = first.source.with_columns(isolatedStarId=first.source["sourceId"])
    tables = first.source, first.summary, [], [zero_point], [stars], held["instrument"]
    final = finalize_visit(first.image, *tables, data_id=data_id, config=FinalizeVisitConfig())
    del first
    laps.lap("finalize")
    made_by = Provenance("bench", 1, NOTHING, {})
    with formats.parts_writer(DATASETS["calexp"], str(out / "calexp.fits"), made_by) as writer:
        writer.add(0, final.image)
    formats.write(DATASETS["source"], final.source, str(out / "source.parquet"), made_by)
    laps.lap("write")
    stars = 0 if "preliminary PSF" in str(final.summary["note"][0]) else int(final.source["isPsfStar"].sum())
    np.savez(out / "found.npz", x=final.source["x"], y=final.source["y"], stars=stars)
    return time.process_time() - start


def _joint_zero_point(visit: int, value: float) -> Any:
    """A table of joint zero points with the same one all over the detector."""
    from gnomon.containers.catalog import Catalog
    from gnomon.schemas import schema

    given = {"visit": visit, "nStar": 99, "nx": SIZE, "ny": SIZE, "zeroPoint00": value}
    names = schema("photometry_fit")
    return Catalog({c.name: np.array([given.get(c.name, "r" if c.dtype == "str" else 0)]) for c in names})


def _check(scene: Path, out: Path) -> dict[str, float]:
    """Stars of S/N above 10 found, and where the time went."""
    from scipy.spatial import KDTree

    truth, found = np.load(scene / "truth.npz"), np.load(out / "found.npz")
    inside = (np.abs(truth["x"] - SIZE / 2) < SIZE / 2 - 8) & (np.abs(truth["y"] - SIZE / 2) < SIZE / 2 - 8)
    tree = KDTree(np.stack([found["x"], found["y"]], -1))
    distance, _ = tree.query(np.stack([truth["x"], truth["y"]], -1)[inside])
    laps = json.loads((out / "laps.json").read_text())
    return {
        "stars found": float(np.mean(distance < 2.5)),
        "stars of the final PSF": int(found["stars"]),
        **laps,
    }


TASKS = (
    Task(
        "visit",
        "raw_visit",
        make_raw,
        (Contestant("ours", detector.ours_version, call=_ours),),
        _check,
        "4096 x 4096, 16 amplifiers, 4400 sources: from the raw file to calibrated image (three planes, 201 MB) and "
        "source table. The call leaves out imports and masters, which a long-lived worker holds; the cheapest of "
        "three detectors; laps are those of a worker's first and only one.",
    ),
)
