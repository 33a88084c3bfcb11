"""The parts of one product, such as the detectors of a visit, read one at a time."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Parts(Mapping[int, T], Generic[T]):
    """A mapping from part number to part that reads a part only when it is asked for."""

    numbers: tuple[int, ...]
    """The parts there are, rising."""
    read: Callable[[int], T]
    """Reads one part."""
    failures: Mapping[int, str] = field(default_factory=dict)
    """Parts that could not be made, with the reason."""
    empty_reason: str = ""
    """Why the whole product is empty; empty text where it is not."""
    view: Callable[[int], Any] | None = None
    """Opens a part whose pixels are read where they are needed; None where only whole parts can be read."""

    def __getitem__(self, number: int) -> T:
        if number not in self.numbers:
            raise KeyError(number)
        return self.read(number)

    def __iter__(self) -> Iterator[int]:
        return iter(self.numbers)

    def __len__(self) -> int:
        return len(self.numbers)


def no_parts(reason: str) -> Parts[T]:
    """A product without parts."""

    def nothing(number: int) -> T:
        raise KeyError(number)

    return Parts((), nothing, {}, reason)
