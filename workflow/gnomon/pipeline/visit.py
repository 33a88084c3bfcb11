"""From raw exposures to calibrated images and sources, visit by visit."""

STEPS = ()
