"""How likely a detection on a difference image is something on the sky."""
