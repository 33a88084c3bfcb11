"""Where the pixels of an image are on the sky."""
