"""Objects of a patch: what is found in all bands together, and their table."""
