"""Rules are added by area."""
