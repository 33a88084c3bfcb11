"""Errors a caller may want to tell apart. Everything else is a bug and should crash."""


class GnomonError(Exception):
    """Base of every error raised on purpose."""


class ConfigError(GnomonError, ValueError):
    """The user asked for something that cannot be."""


class UnprocessableData(GnomonError):
    """These data cannot give this product; the run goes on without them."""
