"""Redshift probability distributions from broad-band fluxes."""
