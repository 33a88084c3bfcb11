"""Which data a job works on."""

from dataclasses import dataclass


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

    def __str__(self) -> str:
        given = {n: getattr(self, n) for n in self.__slots__ if getattr(self, n) not in ("", -1)}
        return " ".join(f"{n}={v}" for n, v in given.items()) or "campaign"
