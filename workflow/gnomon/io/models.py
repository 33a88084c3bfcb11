"""Trained models as HDF5: named arrays, no pickles."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from gnomon.containers.provenance import Provenance
from gnomon.errors import UnprocessableData
from gnomon.io.atomic import replacing
from gnomon.io.provenance import to_json

Arrays = Mapping[str, npt.NDArray[Any]]


def write_model(arrays: Arrays, path: str | Path, provenance: Provenance, empty_reason: str = "") -> None:
    """Write a model; equal arrays give equal bytes. ``empty_reason`` tells why there is none."""
    with replacing(path) as temporary, h5py.File(temporary, "w", libver="v110") as file:
        file.attrs.update({"provenance": to_json(provenance), "empty_reason": empty_reason})
        for name in sorted(arrays):
            file.create_dataset(name, data=arrays[name], track_times=False)


def read_model(path: str | Path) -> dict[str, npt.NDArray[Any]]:
    """The arrays of a model; none if there was nothing to train on.

    Raises
    ------
    UnprocessableData
        Not an HDF5 file.
    """
    try:
        with h5py.File(path, "r") as file:
            return {name: np.asarray(file[name]) for name in file}
    except OSError as error:
        raise UnprocessableData(f"{Path(path).name} is not a model: {error}") from None


def why_empty(path: str | Path) -> str:
    """Why a model holds nothing; empty text where it holds something."""
    with h5py.File(path, "r") as file:
        return str(file.attrs["empty_reason"])
