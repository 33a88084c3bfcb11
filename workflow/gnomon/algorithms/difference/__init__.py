"""Subtraction of a template from an image, and what is left."""
