"""Dimensions, and what a dataset type is."""

import string
from dataclasses import dataclass

from gnomon.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Dimension:
    """One axis that names data, spelled as a token that wildcards match without ambiguity."""

    name: str
    pattern: str
    """Regular expression of a token."""
    doc: str
    width: int = 0
    """Zero-padding of whole numbers; 0 keeps the value as it is."""

    def token(self, value: int | str) -> str:
        """The spelling of a value in paths."""
        return f"{int(value):0{self.width}d}" if self.width else str(value)


@dataclass(frozen=True, slots=True)
class DatasetType:
    """A kind of file: what it is, which dimensions name it, where it lives."""

    name: str
    template: str
    """Path below the run's root, one field per dimension."""
    container: str
    """Key of the reader and writer in ``gnomon.io``."""
    doc: str
    axis: str = ""
    """Dimension whose parts lie inside the file, such as the detectors of a visit."""
    schema: str = ""
    """Schema of a catalogue."""
    external: bool = False
    """Not made by a step: the plan says which files."""
    planned: bool = False
    """Written by the planner, before any job."""

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Names of the dimensions in the path, in order, each once."""
        fields = [f for _, f, _, _ in string.Formatter().parse(self.template) if f]
        return tuple(dict.fromkeys(fields))

    def path(self, **data_id: int | str) -> str:
        """Path of one file below the root.

        Raises
        ------
        ConfigError
            A dimension of the path is missing from the data id.
        """
        missing = set(self.dimensions) - set(data_id)
        if missing:
            raise ConfigError(f"a path of {self.name} needs {sorted(missing)}")
        tokens = {k: DIMENSIONS[k].token(v) for k, v in data_id.items() if k in self.dimensions}
        return self.template.format(**tokens)


_DIMENSIONS = (
    Dimension("instrument", r"[a-z][a-z0-9]*", "Camera and telescope; a file in config/instruments."),
    Dimension("night", r"\d{8}", "Local noon to local noon, YYYYMMDD.", 8),
    Dimension("visit", r"\d{13}", "One exposure: the instrument's own number, or date and sequence.", 13),
    Dimension("detector", r"\d{3}", "One sensor of the camera.", 3),
    Dimension("band", r"[a-z][a-z0-9]*", "Passband of a filter."),
    Dimension("tract", r"\d{5}", "One tangent plane of the skymap.", 5),
    Dimension("patch", r"\d{3}", "One tile of a tract.", 3),
    Dimension("filter", r"[a-z][a-z0-9_]*", "Name of an alert filter."),
    Dimension("kind", r"[a-z][a-z_0-9]*", "Kind of coadd, such as deep or template."),
    Dimension("shard", r"\d{5}", "HEALPix pixel (nside 32, nested) of a reference catalogue.", 5),
)

DIMENSIONS = {d.name: d for d in _DIMENSIONS}
