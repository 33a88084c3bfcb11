"""Parts that are read when they are asked for, and not kept."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar, overload

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True, slots=True)
class Stream(Sequence[T], Generic[T]):
    """A sequence of which only the part in use is in memory; going through it again reads again."""

    length: int
    """Number of parts."""
    at: Callable[[int], T]
    """Part by number."""

    def __len__(self) -> int:
        return self.length

    @overload
    def __getitem__(self, k: int) -> T: ...

    @overload
    def __getitem__(self, k: slice) -> "Stream[T]": ...

    def __getitem__(self, k: "int | slice") -> "T | Stream[T]":
        if isinstance(k, slice):
            chosen = range(self.length)[k]
            return Stream(len(chosen), lambda n: self.at(chosen[n]))
        return self.at(range(self.length)[k])


def each(parts: Sequence[T], change: Callable[[T], U]) -> Stream[U]:
    """Every part changed, when it is asked for."""
    return Stream(len(parts), lambda k: change(parts[k]))
