"""Proper motions and parallaxes from positions at many epochs."""
