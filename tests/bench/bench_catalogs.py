"""Catalogue algorithms: periods of light curves, photometric redshifts."""

from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
from harness import Contestant, Task, cpu_seconds

ROOT = Path(__file__).parents[2]
PHOTOZ = ROOT.parent / "shared" / "data" / "photoz"
N_CURVES, N_POINTS, SPAN, SHORTEST, LONGEST = 30, 100, 1000.0, 0.2, 100.0


def _installed(name: str) -> Callable[[], str | None]:
    def found() -> str | None:
        try:
            return version(name)
        except PackageNotFoundError:
            return None

    return found


def _make_curves(scene: Path) -> None:
    rng = np.random.default_rng(0)
    period = rng.uniform(0.3, 0.9, N_CURVES)
    t = np.sort(rng.uniform(0, SPAN, (N_CURVES, N_POINTS)), axis=1)
    phase = 2 * np.pi * t / period[:, None]
    flux = 300 + 60 * (np.sin(phase) + 0.4 * np.sin(2 * phase)) + 10 * rng.standard_normal(t.shape)
    np.savez(scene / "curves.npz", period=period, t=t, flux=flux)


def _ours_periods(scene: Path, out: Path) -> float:
    from gnomon.algorithms.variability.period import BandCurve, find_period

    with np.load(scene / "curves.npz") as a:
        curves = [BandCurve(t, f, np.full(N_POINTS, 10.0)) for t, f in zip(a["t"], a["flux"], strict=True)]
    seconds, found = cpu_seconds(lambda: [find_period([c], SHORTEST, LONGEST).period for c in curves])
    np.save(out / "period.npy", found)
    return seconds


def _astropy_periods(scene: Path, out: Path) -> float:
    from astropy.timeseries import LombScargle

    with np.load(scene / "curves.npz") as a:
        t, flux = a["t"], a["flux"]
    step = 1 / (5 * SPAN)
    n = int((1 / SHORTEST - 1 / LONGEST) / step) + 1
    frequency = 1 / LONGEST + step * np.arange(n)

    def one(k: int) -> float:
        power = LombScargle(t[k], flux[k], 10.0).power(frequency, assume_regular_frequency=True)
        return 1 / frequency[power.argmax()]

    seconds, found = cpu_seconds(lambda: [one(k) for k in range(N_CURVES)])
    np.save(out / "period.npy", found)
    return seconds


def _check_periods(scene: Path, out: Path) -> dict[str, float]:
    with np.load(scene / "curves.npz") as a:
        error = np.load(out / "period.npy") / a["period"] - 1
    return {"right within 1e-3": float(np.mean(np.abs(error) < 1e-3))}


def _sdss(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    from gnomon.algorithms.photoz.features import POGSON

    a = np.loadtxt(PHOTOZ / name)
    flux = 10 ** (-0.4 * (a[:, 1:6] - 31.4))
    return flux, flux * a[:, 10:15] / POGSON, a[:, 0]


def _ours_redshifts(scene: Path, out: Path) -> float:
    from gnomon.algorithms.photoz.predict import predict
    from gnomon.algorithms.photoz.training import TrainingPlan, train

    known, (flux, err, _) = _sdss("SDSS_MGS.train"), _sdss("SDSS_MGS.test")
    plan = TrainingPlan()
    seconds, found = cpu_seconds(lambda: predict(train(*known, plan, np.random.default_rng(1)), flux, err))
    np.save(out / "z.npy", found.estimates.median)
    return seconds


def _sklearn_redshifts(scene: Path, out: Path) -> float:
    from sklearn.ensemble import ExtraTreesRegressor

    def inputs(flux: np.ndarray) -> np.ndarray:
        m = -2.5 * np.log10(flux)
        return np.column_stack([m[:, 2], m[:, :-1] - m[:, 1:]])

    (flux, _, z), (asked, _, _) = _sdss("SDSS_MGS.train"), _sdss("SDSS_MGS.test")
    forest = ExtraTreesRegressor(300, min_samples_leaf=5, random_state=1)
    seconds, found = cpu_seconds(lambda: forest.fit(inputs(flux), z).predict(inputs(asked)))
    np.save(out / "z.npy", found)
    return seconds


def _check_redshifts(scene: Path, out: Path) -> dict[str, float]:
    from gnomon.algorithms.joint.scatter import sigma_mad
    from gnomon.algorithms.photoz.metrics import scaled_error

    d = scaled_error(np.load(out / "z.npy"), _sdss("SDSS_MGS.test")[2])
    return {"sigma_MAD": sigma_mad(d), "bias": float(np.median(d))}


TASKS = (
    Task(
        "periods",
        "periods",
        _make_curves,
        (
            Contestant("ours", _installed("numpy"), call=_ours_periods),
            Contestant("astropy LombScargle fast", _installed("astropy"), call=_astropy_periods),
        ),
        _check_periods,
        f"{N_CURVES} RR Lyrae, {N_POINTS} points in {SPAN:.0f} d, periods {SHORTEST} to {LONGEST} d, one band, "
        "five frequencies per peak.",
    ),
    Task(
        "redshifts",
        "redshifts",
        lambda scene: None,
        (
            Contestant("ours", lambda: "gnomon" if PHOTOZ.is_dir() else None, call=_ours_redshifts),
            Contestant(
                "extra trees",
                lambda: _installed("scikit-learn")() if PHOTOZ.is_dir() else None,
                call=_sklearn_redshifts,
            ),
        ),
        _check_redshifts,
        "SDSS main galaxies, training and prediction of 5,000 each. Published nearest neighbours: 0.0152. "
        "Ours gives p(z), the trees a number.",
    ),
)
