"""Files: one module a format. Every write is atomic and carries its provenance."""
