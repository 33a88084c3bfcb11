"""The baseline every network must beat: mean redshift of the nearest training objects."""

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from gnomon.algorithms.photoz.features import F8, fit_scaling, network_inputs


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
    scaling = fit_scaling(train_flux, train_err)
    n_colours = len(scaling.mean) - train_flux.shape[1]
    known = network_inputs(train_flux, train_err, scaling)[:, :n_colours]
    asked = network_inputs(flux, flux_err, scaling)[:, :n_colours]
    if not len(asked):
        return np.zeros(0)
    _, near = cKDTree(known).query(asked, k=min(k, len(known)))
    return np.asarray(train_redshift[near.reshape(len(asked), -1)].mean(axis=1), np.float64)
