"""The point-spread function: its stars, its model, its moments."""

from gnomon.algorithms.psf.degree import best_degree, shape_polynomial
from gnomon.algorithms.psf.fit import PsfFit, fit_psf
from gnomon.algorithms.psf.moments import Moments, adaptive_moments
from gnomon.algorithms.psf.select import StarSelection, select_stars

__all__ = [
    "Moments",
    "PsfFit",
    "StarSelection",
    "adaptive_moments",
    "best_degree",
    "fit_psf",
    "select_stars",
    "shape_polynomial",
]
