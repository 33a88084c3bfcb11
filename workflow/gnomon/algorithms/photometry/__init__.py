"""How bright a count is: zero points, calibration and depth."""
