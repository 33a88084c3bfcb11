"""Differential chromatic refraction: the sky in parts of a band, and the template that any airmass sees."""
