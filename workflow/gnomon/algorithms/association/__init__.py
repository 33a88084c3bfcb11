"""Which measurements belong to the same thing on the sky."""
