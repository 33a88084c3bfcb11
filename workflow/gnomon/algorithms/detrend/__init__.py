"""Raw pixels to calibrated electrons, and the master calibrations that this takes."""
