"""Tables of light-curve features, one row an object."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import chdtrc

from gnomon.algorithms.variability.features import (
    LightCurves,
    features,
    largest_part_of_chi2,
    light_curves,
)
from gnomon.algorithms.variability.period import BandCurve, Period, find_period
from gnomon.algorithms.variability.rr_lyrae import fit_template
from gnomon.containers.catalog import Catalog
from gnomon.flags import SOURCE

F8 = npt.NDArray[np.float64]
I8 = npt.NDArray[np.int64]
B1 = npt.NDArray[np.bool_]


UNSOUND = sum(SOURCE[n] for n in ("saturated", "edge", "badCenter", "crCenter"))
"""Flags of measurements that say nothing."""


@dataclass(frozen=True, slots=True)
class VariabilityLimits:
    """What counts as variable, and where periods are looked for."""

    chance: float
    """A constant object is called variable with this probability (chi2 of all bands together)."""
    error_floor: float
    """Fraction of the flux added in quadrature to its error: calibration is no better than this."""
    shortest_period: float
    """Days."""
    longest_period: float
    """Days."""
    min_epochs: int
    """Fewer measurements in all bands together give no period."""


def band_features(
    index: I8, n_objects: int, bands: npt.NDArray[Any], mjd_tai: F8, flux: F8, flux_err: F8, band: str
) -> dict[str, npt.NDArray[np.generic]]:
    """Features of the measurements in one band; arguments as `light_curves`."""
    return features(_curves(index, n_objects, bands, mjd_tai, flux, flux_err, band))


def _curves(
    index: I8, n_objects: int, bands: npt.NDArray[Any], mjd_tai: F8, flux: F8, flux_err: F8, band: str
) -> LightCurves:
    mine = bands == band
    columns = (np.asarray(c, np.float64)[mine] for c in (mjd_tai, flux, flux_err))
    return light_curves(np.asarray(index)[mine], n_objects, *columns)


def row_index(keys: I8, sorted_ids: I8) -> I8:
    """Place of each key in ``sorted_ids`` (rising), -1 where it is not there."""
    if not len(sorted_ids):
        return np.full(len(keys), -1, np.int64)
    at = np.minimum(np.searchsorted(sorted_ids, keys), len(sorted_ids) - 1)
    return np.where(sorted_ids[at] == keys, at, -1).astype(np.int64)


def variability_table(
    object_id: I8, forced: Catalog, bands: Sequence[str], limits: VariabilityLimits
) -> Catalog:
    """Features per band, a variability test over all bands, periods of the variable objects.

    Parameters
    ----------
    object_id : (n,) rising identifiers of the objects that get a row.
    forced : forced photometry: objectId, band, midpointMjdTai, psfFlux, psfFluxErr (nJy), psfChi2 (reduced),
        flags; any order.
    """
    index = row_index(forced["objectId"].astype(np.int64), object_id)
    index = np.where((forced["flags"].astype(np.int64) & UNSOUND) == 0, index, -1)
    err = true_errors(forced, limits.error_floor)
    columns: dict[str, npt.NDArray[Any]] = {"objectId": object_id}
    curves = {
        b: _curves(index, len(object_id), forced["band"], forced["midpointMjdTai"], forced["psfFlux"], err, b)
        for b in bands
    }
    for band, curve in curves.items():
        columns |= {f"{band}_psfFlux{name}": value for name, value in features(curve).items()}
    chi2, free = _freedom(columns, bands)
    chance, without = _chance(chi2, free), _chance(chi2 - _largest(curves), free - 1)
    variable = (chance < limits.chance) & (without < limits.chance)
    columns |= {"variabilityChance": chance, "isVariable": variable}
    columns |= _periods(list(curves.values()), variable, limits)
    return Catalog(columns | _templates(curves, variable))


def true_errors(forced: Catalog, floor: float) -> F8:
    """Errors of forced fluxes with what calibration adds, and as much larger as the PSF fits badly.

    A neighbour's light in the stamp changes with the seeing, and is no error of photons: the fit's chi2 knows of it.
    """
    with np.errstate(invalid="ignore"):
        worse = np.sqrt(np.fmax(forced["psfChi2"].astype(np.float64), 1.0))
    return np.asarray(np.hypot(forced["psfFluxErr"] * worse, floor * np.abs(forced["psfFlux"])), np.float64)


def _freedom(columns: dict[str, npt.NDArray[Any]], bands: Sequence[str]) -> tuple[F8, F8]:
    """chi2 of constants of their own in all bands together, and its degrees of freedom."""
    chi2 = sum(np.nan_to_num(columns[f"{b}_psfFluxChi2"]) for b in bands)
    free = sum(np.maximum(columns[f"{b}_psfFluxNdata"] - 1, 0) for b in bands)
    return np.asarray(chi2, np.float64), np.asarray(free, np.float64)


def _largest(curves: Mapping[str, LightCurves]) -> F8:
    """What the measurement that counts most adds to chi2: an asteroid or a satellite passes once."""
    parts = [np.nan_to_num(largest_part_of_chi2(c)) for c in curves.values()]
    return np.asarray(np.max(parts, axis=0), np.float64)


def _chance(chi2: F8, free: F8) -> F8:
    """Probability that constant objects show this chi2; NaN without freedom."""
    return np.where(free > 0, chdtrc(np.maximum(free, 1), chi2), np.nan)


def _periods(curves: list[LightCurves], variable: B1, limits: VariabilityLimits) -> dict[str, F8]:
    """Period columns, NaN for objects that do not vary."""
    out = {name: np.full(len(variable), np.nan) for name in ("period", "periodPower", "periodFalseAlarm")}
    for k in np.flatnonzero(variable):
        mine = [_band_curve(c, int(k)) for c in curves]
        if sum(len(c.flux) for c in mine) < limits.min_epochs:
            continue
        p: Period = find_period(mine, limits.shortest_period, limits.longest_period)
        out["period"][k], out["periodPower"][k], out["periodFalseAlarm"][k] = p.period, p.power, p.false_alarm
    return out


def _templates(curves: Mapping[str, LightCurves], variable: B1) -> dict[str, F8]:
    """Columns of the RR Lyrae template, NaN for objects that do not vary."""
    names = ("Period", "Power", "Amplitude", "FalseAlarm")
    out = {f"rrLyrae{name}": np.full(len(variable), np.nan) for name in names}
    for k in np.flatnonzero(variable):
        fit = fit_template({b: _band_curve(c, int(k)) for b, c in curves.items()})
        values = (fit.period, fit.power, fit.amplitude, fit.false_alarm)
        for name, value in zip(names, values, strict=True):
            out[f"rrLyrae{name}"][k] = value
    return out


def _band_curve(curves: LightCurves, k: int) -> BandCurve:
    rows = slice(curves.offsets[k], curves.offsets[k + 1])
    return BandCurve(curves.mjd_tai[rows], curves.flux[rows], curves.flux_err[rows])
