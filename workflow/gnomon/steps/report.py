"""One HTML page about the whole campaign."""
