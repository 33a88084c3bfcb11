"""Cosmic rays on one detector."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import detector
import numpy as np
from harness import Contestant, Task, cpu_seconds

EVENTS = 550
FWHM_PX = 3.5
_CORE_MAG = 22.0  # stars brighter than this must keep their middle 3 x 3 pixels


def make_struck(folder: Path) -> None:
    """The simulated detector with straight tracks of cosmic rays, diffused by a third of a pixel."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "science"))
    from star_fields import cosmic_rays

    detector.make_detector(folder)
    charge = cosmic_rays(np.random.default_rng(5), (detector.SIZE, detector.SIZE), EVENTS)
    flux, variance = (detector.read_fits(folder / f"{n}.fits") for n in ("image", "variance"))
    rng = np.random.default_rng(6)
    np.save(folder / "sigma.npy", np.sqrt(variance))
    np.save(folder / "charge.npy", charge)
    np.save(folder / "struck.npy", (flux + rng.poisson(charge)).astype(np.float32))
    np.save(folder / "struck_variance.npy", (variance + charge).astype(np.float32))


def _ours(scene: Path, out: Path) -> float:
    from gnomon.algorithms.cosmicray import classify_cosmic_rays

    return _found(classify_cosmic_rays, scene, out)


def _by_sharpness(scene: Path, out: Path) -> float:
    from gnomon.algorithms.cosmicray import find_cosmic_rays

    return _found(find_cosmic_rays, scene, out)


def _found(find: Callable[[Any, float], Any], scene: Path, out: Path) -> float:
    from gnomon.containers.image import Image

    flux, variance = np.load(scene / "struck.npy"), np.load(scene / "struck_variance.npy")
    image = Image(flux, variance, np.zeros(flux.shape, np.uint32))
    seconds, found = cpu_seconds(lambda: find(image, FWHM_PX))
    np.save(out / "found.npy", found)
    return seconds


def _astroscrappy(scene: Path, out: Path) -> float:
    import time

    from astroscrappy import detect_cosmics

    flux = np.load(scene / "struck.npy")
    start = time.process_time()  # once: half a minute a call
    found, _ = detect_cosmics(flux, gain=1.0, readnoise=detector.READ_NOISE, satlevel=1e9)
    seconds = time.process_time() - start
    np.save(out / "found.npy", found)
    return seconds


def _check(scene: Path, out: Path) -> dict[str, float]:
    from scipy.ndimage import label

    found, charge = np.load(out / "found.npy"), np.load(scene / "charge.npy")
    bright = charge > 5 * np.load(scene / "sigma.npy")
    events, n = label(bright, np.ones((3, 3)))
    hit = np.unique(events[found & bright])
    false = found & (charge == 0)
    truth = np.load(scene / "truth.npz")
    stars = truth["star"] & (truth["mag"] < _CORE_MAG)
    x, y = (np.rint(truth[k][stars]).astype(int) for k in ("x", "y"))
    inside = (x > 0) & (y > 0) & (x < detector.SIZE - 1) & (y < detector.SIZE - 1)
    core = np.zeros(found.shape, bool)
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            core[y[inside] + dy, x[inside] + dx] = True
    return {
        "pixels": float(found[bright].mean()),
        "events": float(len(hit) / n),
        "of events": float(n),
        "false pixels": float(false.sum()),
        "of them in star cores": float((false & core).sum()),
    }


TASKS = (
    Task(
        "cosmicray",
        "struck",
        make_struck,
        (
            Contestant("ours", detector.ours_version, call=_ours),
            Contestant("by sharpness", detector.ours_version, call=_by_sharpness),
            Contestant("astroscrappy", detector.astroscrappy_version, call=_astroscrappy),
        ),
        _check,
        "4096 x 4096, 5160 stars, 5200 galaxies, 550 straight tracks of 400 to 10,000 e per pixel, seeing 3.5 px. "
        "Shares of what stands 5 sigma above the noise; false are pixels without any charge. astroscrappy with "
        "its defaults.",
    ),
)
