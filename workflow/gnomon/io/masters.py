"""Master calibrations as HDF5: one group a detector, one dataset a plane."""

from pathlib import Path
from types import TracebackType
from typing import Any

import h5py
import numpy as np

from gnomon.containers.image import DarkMaster, Image
from gnomon.containers.parts import Parts
from gnomon.containers.provenance import Provenance
from gnomon.errors import UnprocessableData
from gnomon.io.atomic import replacing
from gnomon.io.provenance import to_json

_PLANES = ("flux", "variance", "mask")


class MasterWriter:
    """Writes the master of each detector; the file appears when the context ends well."""

    def __init__(self, path: str | Path, provenance: Provenance, empty_reason: str = "") -> None:
        self._target = replacing(path)
        self._attributes = {"provenance": to_json(provenance), "empty_reason": empty_reason}

    def __enter__(self) -> "MasterWriter":
        self._file = h5py.File(self._target.__enter__(), "w", libver="v110")
        self._file.attrs.update(self._attributes)
        return self

    def add(self, number: int, image: Image) -> None:
        """Write one detector."""
        group = self._file.create_group(f"{number:03d}")
        for name in _PLANES:
            group.create_dataset(name, data=getattr(image, name), track_times=False)
        if isinstance(image, DarkMaster):
            group.attrs["seconds"] = image.seconds

    def fail(self, number: int, reason: str) -> None:
        """Note that a detector could not be made."""
        self._file.attrs[f"failed_{number:03d}"] = reason

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        self._target.__exit__(kind, error, trace)


def open_master(path: str | Path) -> Parts[Image]:
    """Master frames by detector, read one at a time.

    Raises
    ------
    UnprocessableData
        Not an HDF5 file.
    """
    try:
        with h5py.File(path, "r") as opened:
            numbers = tuple(sorted(int(n) for n in opened))
            failures = {int(n[7:]): str(v) for n, v in opened.attrs.items() if n.startswith("failed_")}
            reason = str(opened.attrs["empty_reason"])
    except (OSError, KeyError) as error:
        raise UnprocessableData(f"{Path(path).name} is not a master calibration: {error}") from None

    def read(number: int) -> Image:
        with h5py.File(path, "r") as opened:
            group = opened[f"{number:03d}"]
            planes: list[Any] = [np.asarray(group[p]) for p in _PLANES]
            seconds = group.attrs.get("seconds")
            image = Image(*planes)
            return (
                image
                if seconds is None
                else DarkMaster(image.flux, image.variance, image.mask, float(seconds))
            )

    return Parts(numbers, read, failures, reason)
