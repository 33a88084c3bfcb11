"""What every config dataclass of a step shares."""

from pydantic import ConfigDict

OPTIONS = ConfigDict(extra="forbid", use_attribute_docstrings=True)
"""Refuse unknown options; take the docstring under a field as its description."""
