"""Redshifts and light curves of a tract beside what was simulated."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import KDTree

from gnomon.algorithms.joint.scatter import sigma_mad
from gnomon.algorithms.photoz.metrics import OUTLIER, ks_uniform, scaled_error
from gnomon.algorithms.photoz.neighbours import nearest_neighbour_redshift
from gnomon.containers.catalog import Catalog

F8 = npt.NDArray[np.float64]
B1 = npt.NDArray[np.bool_]
I8 = npt.NDArray[np.int64]
Rows = Mapping[tuple[str, str], tuple[float, int]]

MATCH_ARCSEC = 0.5
PERIOD_TOLERANCE = 2e-3
"""Of the period: a cycle more or less in a year, which two seasons of a few nights cannot always tell apart."""


@dataclass(frozen=True, slots=True)
class Photometry:
    """Fluxes of n objects in the bands of a redshift model."""

    flux: F8
    """(n, n_bands) nJy."""
    err: F8
    """(n, n_bands) nJy."""


def nearest(ra: F8, dec: F8, true_ra: F8, true_dec: F8) -> I8:
    """(n,) row of the nearest true place within half an arcsecond, -1 for none; degrees."""
    if not len(true_ra) or not len(ra):
        return np.full(len(ra), -1, np.int64)
    tree = KDTree(_plane(true_ra, true_dec, true_ra[0], true_dec[0]))
    apart, row = tree.query(_plane(ra, dec, true_ra[0], true_dec[0]), distance_upper_bound=MATCH_ARCSEC)
    return np.where(np.isfinite(apart), row, -1).astype(np.int64)


def check_redshifts(
    estimate: F8, photometry: Photometry, redshift: F8, judged: B1, spectrum: F8, flagged: B1, pit: F8
) -> Rows:
    """The network beside the nearest neighbours, both trained with the same spectra.

    Parameters
    ----------
    estimate : (n,) redshift of the network, NaN for none.
    photometry : of the same n objects.
    redshift : (n,) true.
    judged : (n,) objects that count: galaxies without a spectrum.
    spectrum : (n,) spectroscopic redshift of the training objects, NaN for others.
    flagged : (n,) extrapolated.
    pit : (n,) probability that the network gives to less than the true redshift.
    """
    train = np.isfinite(spectrum)
    use = judged & np.isfinite(estimate) & ~train
    if not use.any() or not train.any():
        return {}
    neighbour = nearest_neighbour_redshift(
        photometry.flux[use],
        photometry.err[use],
        photometry.flux[train],
        photometry.err[train],
        spectrum[train],
    )
    ours, theirs = (scaled_error(z, redshift[use]) for z in (estimate[use], neighbour))
    n = int(use.sum())
    values = {
        "photo-z scatter": sigma_mad(ours),
        "photo-z scatter over that of nearest neighbours": sigma_mad(ours) / sigma_mad(theirs),
        "photo-z outliers": float(np.mean(np.abs(ours) > OUTLIER)),
        "photo-z outliers of nearest neighbours": float(np.mean(np.abs(theirs) > OUTLIER)),
        "photo-z bias": float(np.median(ours)),
        "photo-z extrapolated": float(flagged[use].mean()),
        "photo-z PIT": ks_uniform(pit[use & np.isfinite(pit)]),
    }
    return {(name, ""): (value, n) for name, value in values.items()}


def check_light_curves(variability: Catalog, is_rr_lyrae: B1, is_constant: B1, period: F8) -> Rows:
    """How many RR Lyrae are called variable and get their period, and how many constant stars are called variable.

    Parameters
    ----------
    variability : n rows.
    is_rr_lyrae, is_constant : (n,) stars of either kind.
    period : (n,) true, days.
    """
    called, found = variability["isVariable"].astype(np.bool_), variability["rrLyraePeriod"]
    with np.errstate(invalid="ignore"):
        right = np.abs(found / period - 1) < PERIOD_TOLERANCE
    return {
        ("RR Lyrae called variable", ""): _part(called[is_rr_lyrae]),
        ("RR Lyrae with their period", ""): _part(right[is_rr_lyrae]),
        ("constant stars called variable", ""): _part(called[is_constant]),
    }


def _plane(ra: F8, dec: F8, ra0: float, dec0: float) -> F8:
    """(n, 2) arcsec about a place; right ascension may wrap."""
    east = ((ra - ra0 + 180) % 360 - 180) * np.cos(np.radians(dec0))
    return np.stack([east, dec - dec0], -1) * 3600


def _part(values: B1) -> tuple[float, int]:
    return (float(values.mean()) if len(values) else np.nan), len(values)
