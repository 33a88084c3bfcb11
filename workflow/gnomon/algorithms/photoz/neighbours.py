"""The baseline every network must beat: mean redshift of the nearest training objects."""

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from gnomon.algorithms.joint.scatter import sigma_mad
from gnomon.algorithms.photoz.features import F4, F8, fit_scaling, network_inputs
from gnomon.algorithms.photoz.metrics import scaled_error


def nearest_neighbour_redshift(
    flux: F8, flux_err: F8, train_flux: F8, train_err: F8, train_redshift: F8, k: int = 10
) -> npt.NDArray[np.float64]:
    """Mean redshift of the ``k`` nearest training objects in magnitude-colour space.

    Parameters
    ----------
    flux, flux_err, train_flux, train_err : (n, n_bands) float64, nJy.
    train_redshift : (n_train,) float64.

    Returns
    -------
    (n,) float64.
    """
    asked, known = _places(flux, flux_err, train_flux, train_err)
    if not len(asked):
        return np.zeros(0)
    _, near = cKDTree(known).query(asked, k=min(k, len(known)))
    return np.asarray(train_redshift[near.reshape(len(asked), -1)].mean(axis=1), np.float64)


def neighbour_scatter(flux: F8, flux_err: F8, redshift: F8, k: int = 10) -> float:
    """Robust scatter of dz / (1 + z) of training objects about the mean of their ``k`` nearest others.

    How sharply fluxes of this depth tell a redshift, by leaving each object out in turn. Arguments as those of
    `nearest_neighbour_redshift`.
    """
    known, _ = _places(flux, flux_err, flux, flux_err)
    _, near = cKDTree(known).query(known, k=min(k + 1, len(known)))
    near = near.reshape(len(known), -1)
    others = near != np.arange(len(known))[:, None]
    guess = np.sum(redshift[near] * others, axis=1) / np.maximum(others.sum(axis=1), 1)
    return sigma_mad(scaled_error(guess, redshift))


def _places(flux: F8, flux_err: F8, train_flux: F8, train_err: F8) -> tuple[F4, F4]:
    """Magnitude and colours of both samples, standardised by those of the training."""
    scaling = fit_scaling(train_flux, train_err)
    n_colours = len(scaling.mean) - train_flux.shape[1]
    pairs = ((flux, flux_err), (train_flux, train_err))
    asked, known = (network_inputs(f, e, scaling)[:, :n_colours] for f, e in pairs)
    return asked, known
