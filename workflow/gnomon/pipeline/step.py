"""What a step declares."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gnomon.datamodel import DATASETS


@dataclass(frozen=True, slots=True)
class Many:
    """An input that gathers any number of files of one dataset type."""

    dataset: str
    stream: bool = False
    """Files are read one at a time, whenever the step asks for one, and not kept."""
    view: str = ""
    """Key of another reader of the same files than that of their type: one that leaves the pixels."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one job is expected to take; the plan adds these up. Measured on one core of the demo."""

    cpu_s: float = 2.0
    """Seconds of one core, whatever the size."""
    cpu_s_per_input: float = 0.0
    """Seconds per gathered file, or per detector of a visit."""
    mem_mb: float = 500.0
    """Peak memory, whatever the size."""
    mem_mb_per_input: float = 0.0
    """Peak memory per gathered file."""
    out_mb: float = 1.0
    """Bytes written, in 10^6, per gathered file or detector."""


@dataclass(frozen=True, slots=True)
class Step:
    """One kind of job: data only, no behaviour beyond questions about itself."""

    name: str
    config: type
    """Frozen pydantic dataclass of the step's options."""
    reads: Mapping[str, str | Many]
    """Argument name to dataset type, one file or `Many`."""
    writes: Mapping[str, str]
    """Result name to dataset type; the first one's path names the job."""
    version: int = 1
    """Raised when the numbers change for the same inputs and config."""
    axis: str = ""
    """``"detector"``: the function sees one detector at a time; otherwise the whole job."""
    mpi: bool = False
    """May run on several MPI ranks."""
    cost: Cost = field(default_factory=Cost)

    @property
    def dimensions(self) -> tuple[str, ...]:
        """The wildcards of the step's rule."""
        return DATASETS[next(iter(self.writes.values()))].dimensions


def dataset_of(want: str | Many) -> str:
    """Name of the dataset type that an input reads."""
    return want.dataset if isinstance(want, Many) else want


def makers(steps: Mapping[str, Step]) -> dict[str, list[str]]:
    """For each step the others that make what it reads, by name."""
    writers = {d: n for n, s in steps.items() for d in s.writes.values()}
    read = {n: map(dataset_of, s.reads.values()) for n, s in steps.items()}
    return {n: sorted({writers[d] for d in some if d in writers} - {n}) for n, some in read.items()}
