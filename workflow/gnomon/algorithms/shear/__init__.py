"""Weak lensing, experimental: shapes with their response to shear, and mass maps."""
