"""Detrending of one raw detector: sixteen amplifiers, bias, dark and flat, with its variance."""

import time
from importlib import metadata
from pathlib import Path

import detector
import numpy as np
from harness import Contestant, Task

SIZE, AMPS = 4096, 8
GAIN, NOISE, SECONDS, SKY = 1.5, 6.0, 30.0, 1500.0


def make_raw(folder: Path) -> None:
    """Two rows of eight amplifiers of 512 x 2048 with 32 overscan columns; masters without noise."""
    rng = np.random.default_rng(1)
    bias, dark = rng.normal(0, 1, (SIZE, SIZE)), np.full((SIZE, SIZE), 0.05)
    flat = rng.normal(1, 0.01, (SIZE, SIZE))
    y, x = np.indices((SIZE, SIZE))
    truth = SKY + 0.02 * x + 0.01 * y
    light = rng.poisson(truth * flat + dark * SECONDS) / GAIN + bias
    amps = np.zeros((2 * AMPS, 2048, 544))
    for k in range(2 * AMPS):
        amps[k, :, :512] = _of_amp(light, k)
    amps += 1000 + rng.normal(0, NOISE / GAIN, amps.shape)
    np.save(folder / "amps.npy", np.rint(amps).astype(np.uint16))
    for name, plane in (("bias", bias), ("dark", dark), ("flat", flat), ("truth", truth)):
        np.save(folder / f"{name}.npy", plane.astype(np.float32))


def _of_amp(detector: np.ndarray, k: int) -> np.ndarray:
    """Amplifier k's pixels of the detector in read order: the upper row is read downwards."""
    row, column = divmod(k, AMPS)
    part = detector[row * 2048 : (row + 1) * 2048, column * 512 : (column + 1) * 512]
    return part[::-1] if row else part


def _ours(scene: Path, out: Path) -> float:
    from gnomon.algorithms.detrend.correct import Masters, detrend
    from gnomon.containers.image import Image
    from gnomon.containers.instrument import RawLayout
    from gnomon.containers.raw import RawAmp, RawDetector, Section

    cards = {"GAIN": GAIN, "RDNOISE": NOISE, "SATURATE": 55000.0}
    amps = []
    for k, data in enumerate(np.load(scene / "amps.npy")):
        row, column = divmod(k, AMPS)
        place = Section(column * 512, (column + 1) * 512, row * 2048, (row + 1) * 2048, False, bool(row))
        amps.append(RawAmp(data, Section(0, 512, 0, 2048), Section(512, 544, 0, 2048), place, cards))
    raw = RawDetector(tuple(amps), {})
    nothing = np.zeros((SIZE, SIZE), np.float32), np.zeros((SIZE, SIZE), np.uint32)
    masters = Masters(*(Image(np.load(scene / f"{n}.npy"), *nothing) for n in ("bias", "dark", "flat")))
    start = time.process_time()
    image = detrend(raw, masters, SECONDS, RawLayout())
    seconds = time.process_time() - start
    np.save(out / "flux.npy", image.flux)
    np.save(out / "variance.npy", image.variance)
    return seconds


def _ccdproc(scene: Path, out: Path) -> float:
    import astropy.units as u
    import ccdproc
    from astropy.nddata import CCDData

    amps = [CCDData(a.astype(np.float32), unit="adu") for a in np.load(scene / "amps.npy")]
    bias, dark, flat = (np.load(scene / f"{n}.npy") for n in ("bias", "dark", "flat"))
    start = time.process_time()
    flux, sigma = np.empty((SIZE, SIZE), np.float32), np.empty((SIZE, SIZE), np.float32)
    for k, amp in enumerate(amps):
        level = amp[:, 512:]
        light = ccdproc.trim_image(
            ccdproc.subtract_overscan(amp, overscan=level, median=True, overscan_axis=1)[:, :512]
        )
        light = ccdproc.subtract_bias(light, CCDData(np.ascontiguousarray(_of_amp(bias, k)), unit="adu"))
        light = ccdproc.create_deviation(light, gain=GAIN * u.electron / u.adu, readnoise=NOISE * u.electron)
        light = ccdproc.gain_correct(light, GAIN * u.electron / u.adu)
        current = CCDData(np.ascontiguousarray(_of_amp(dark, k)) * SECONDS, unit="electron")
        light = ccdproc.subtract_dark(
            light, current, dark_exposure=SECONDS * u.s, data_exposure=SECONDS * u.s, scale=False
        )
        light = ccdproc.flat_correct(
            light, CCDData(np.ascontiguousarray(_of_amp(flat, k)), unit="electron"), norm_value=1
        )
        _of_amp(flux, k)[:] = light.data
        _of_amp(sigma, k)[:] = light.uncertainty.array
    seconds = time.process_time() - start
    np.save(out / "flux.npy", flux)
    np.save(out / "variance.npy", sigma**2)
    return seconds


def _check(scene: Path, out: Path) -> dict[str, float]:
    error = np.load(out / "flux.npy") - np.load(scene / "truth.npy")
    pull = error / np.sqrt(np.load(out / "variance.npy"))
    return {"mean error e": float(error.mean()), "rms pull": float(pull.std())}


def _ccdproc_version() -> str | None:
    try:
        return metadata.version("ccdproc")
    except metadata.PackageNotFoundError:
        return None


TASKS = (
    Task(
        "isr",
        "raw_detector",
        make_raw,
        (
            Contestant("ours", detector.ours_version, call=_ours),
            Contestant("ccdproc", _ccdproc_version, call=_ccdproc),
        ),
        _check,
        "4096 x 4096, 16 amplifiers: overscan by row, bias, gain, dark, flat, variance; ours also linearity and masks. "
        "The call leaves out reading and writing.",
    ),
)
