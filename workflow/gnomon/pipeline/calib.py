"""Master calibration frames."""

STEPS = ()
