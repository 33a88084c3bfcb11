"""Motion, ephemerides and orbits of the small bodies of the solar system."""
