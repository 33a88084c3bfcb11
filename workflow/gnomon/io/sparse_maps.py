"""Maps as HealSparse FITS files: those of the package ``healsparse``, which the surveys of the Rubin era share.

``COV`` holds, for each pixel of a coarse HEALPix map, where its fine pixels lie in ``SPARSE``: adding the number of a
fine pixel to it gives the row. Rows come in blocks of the fine pixels of one coarse pixel; the first block is the one
of all coarse pixels without data, and holds no value. ``SPARSE`` is a table with one column a map, and says with
``PRIMARY`` which column tells the pixels that have a value (https://healsparse.readthedocs.io, "filespec").
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from gnomon.containers.healpix import n_pixels
from gnomon.containers.provenance import Provenance
from gnomon.containers.sparsemap import Numbers, SparseMap
from gnomon.errors import UnprocessableData
from gnomon.io import fits_blocks
from gnomon.io.atomic import replacing
from gnomon.io.provenance import to_json

_COARSE = 128  # nside of the coverage at most: a pixel of 27 arcmin
_UNSEEN = -1.6375e30  # HEALPix for no value

I8 = npt.NDArray[np.int64]


def write_sparse_map(made: SparseMap, path: str | Path, provenance: Provenance) -> None:
    """Write maps, or an empty file with its reason; equal maps give equal bytes."""
    coarse = min(_COARSE, made.nside)
    per_block = (made.nside // coarse) ** 2
    blocks, block = np.unique(made.pixel // per_block, return_inverse=True)
    start = np.zeros(n_pixels(coarse), np.int64)
    start[blocks] = (1 + np.arange(len(blocks))) * per_block
    row = (1 + block) * per_block + made.pixel % per_block
    n = (1 + len(blocks)) * per_block
    columns = {name: _spread(values, row, n) for name, values in made.values.items()}
    shared = {"PIXTYPE": "HEALSPARSE"}
    primary = {"PRIMARY": next(iter(made.values)), "SENTINEL": _UNSEEN}
    with replacing(path) as temporary, open(temporary, "wb") as opened:
        fits_blocks.append_primary(opened, {"GNSTEP": provenance.step, "GNEMPTY": bool(made.empty_reason)})
        first = start - np.arange(len(start)) * per_block
        fits_blocks.append_image(opened, "COV", first, {**shared, "NSIDE": coarse})
        fits_blocks.append_columns(opened, "SPARSE", columns, {**shared, "NSIDE": made.nside, **primary})
        told = {"provenance": to_json(provenance), "empty_reason": made.empty_reason}
        fits_blocks.append_row(opened, "PROVENANCE", told)


def _spread(values: Numbers, row: I8, n: int) -> Numbers:
    """Values on n rows, no value elsewhere and for NaN."""
    whole = np.full(n, _UNSEEN, values.dtype)
    whole[row] = np.where(np.isfinite(values), values, np.array(_UNSEEN, values.dtype))
    return whole


def read_sparse_map(path: str | Path) -> SparseMap:
    """Read maps written by `write_sparse_map`.

    Raises
    ------
    UnprocessableData
        Not whole HealSparse maps.
    """
    path = Path(path)
    try:
        places = fits_blocks.places(path)
        reason = str(fits_blocks.read_table(path, places["PROVENANCE"])[0]["empty_reason"])
        first, rows = (
            fits_blocks.read_plane(path, places["COV"]),
            fits_blocks.read_table(path, places["SPARSE"]),
        )
        header = places["SPARSE"].header
        nside, primary = int(header["NSIDE"]), str(header["PRIMARY"])
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise UnprocessableData(f"{path.name} is no whole HealSparse file: {error}") from None
    per_block = nside * nside * 12 // len(first)
    start = first + np.arange(len(first)) * per_block
    block = np.flatnonzero(start > 0)
    place = (start[block, None] + np.arange(per_block)).ravel()
    pixel = (block[:, None] * per_block + np.arange(per_block)).ravel()
    known = rows[primary][place] > _UNSEEN / 2
    values = {n: _native(rows[n][place[known]]) for n in rows.names}
    return SparseMap(nside, pixel[known], values, reason)


def _native(values: Numbers) -> Numbers:
    """In native byte order, NaN for no value."""
    own: Numbers = values.astype(values.dtype.newbyteorder("="))
    own[own < _UNSEEN / 2] = np.nan
    return own
