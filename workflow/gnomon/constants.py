"""Numbers that are the same everywhere."""

AU_KM = 149_597_870.700
"""Astronomical unit (IAU 2012, resolution B2)."""

MAD_TO_SIGMA = 1.4826
"""Standard deviation of a Gaussian over its median absolute deviation: 1 / 0.6745."""
