"""Calibrations that share their stars: least squares with many stars and many exposures."""
