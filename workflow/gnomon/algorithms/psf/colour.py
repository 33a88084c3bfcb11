"""The PSF of stars of one colour."""

from dataclasses import replace

import numpy as np

from gnomon.algorithms.psf.settle import derivatives
from gnomon.containers.psf import PsfModel


def psf_of_colour(model: PsfModel, colour: float) -> PsfModel:
    """The model for stars of a colour: its mean image sheared and scaled to first order by the colour's slopes.

    Parameters
    ----------
    model : whose slopes are per magnitude of some colour, from its reference
    colour : magnitudes of that colour; NaN, for a star that has none, is that of the reference

    Returns
    -------
    The model itself where it has no slopes. Of the result the reference is the colour asked for.
    """
    if model.chromatic is None or not np.isfinite(colour):
        return model
    *slopes, reference = model.chromatic
    change = -np.tensordot(slopes, derivatives(model.basis[0].astype(np.float64))[2:], axes=1)
    basis = model.basis.copy()
    basis[0] += ((colour - reference) * change).astype(np.float32)
    return replace(model, basis=basis, chromatic=model.chromatic._replace(reference=float(colour)))
