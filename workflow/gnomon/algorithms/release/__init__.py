"""Tables as they are published."""
