"""Cosmic rays: found by their sharpness, and defects filled from their neighbours."""

from gnomon.algorithms.cosmicray.classify import classify_cosmic_rays
from gnomon.algorithms.cosmicray.find import find_cosmic_rays
from gnomon.algorithms.cosmicray.infill import interpolate

__all__ = ["classify_cosmic_rays", "find_cosmic_rays", "interpolate"]
