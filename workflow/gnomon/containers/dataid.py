"""Which data a job works on."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class DataId:
    """Values of the dimensions of one job; a dimension that does not apply is empty or -1."""

    instrument: str = ""
    night: str = ""
    visit: int = -1
    detector: int = -1
    band: str = ""
    tract: int = -1
    patch: int = -1
    filter: str = ""
    kind: str = ""
    shard: int = -1

    @classmethod
    def of(cls, tokens: Mapping[str, str]) -> "DataId":
        """The job that wildcards name, as paths spell them: ``{"visit": "2026101200001"}``."""
        empty = cls()
        given: dict[str, Any] = {
            n: int(v) if isinstance(getattr(empty, n), int) else v for n, v in tokens.items()
        }
        return replace(empty, **given)

    def __str__(self) -> str:
        given = {n: getattr(self, n) for n in self.__slots__ if getattr(self, n) not in ("", -1)}
        return " ".join(f"{n}={v}" for n, v in given.items()) or "campaign"
