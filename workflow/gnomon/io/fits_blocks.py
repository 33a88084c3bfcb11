"""The little of FITS that writing needs: headers and big-endian arrays in blocks of 2880 bytes."""

import io
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt
from astropy.io import fits

_BLOCK = 2880
_PIECE_BYTES = 1 << 18
"""Bytes turned to FITS order at a time: they stay in the cache, and no second plane is needed."""
_CODES = {"i8": "K", "f4": "E", "f8": "D"}
"""Letters of the types in binary tables: FITS 4.0, table 18."""
_SIGN = {4: 1 << 31, 2: 1 << 15}
"""Offset of unsigned integers by their size in bytes: the BZERO of FITS 4.0, section 4.4.2.5."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where one HDU lies in a file."""

    header: fits.Header
    """Its header."""
    start: int
    """First byte of its header."""
    data: int
    """First byte of its data."""
    end: int
    """Byte behind its last block."""


def places(path: Path) -> dict[str, Place]:
    """HDUs of a file by name.

    Raises
    ------
    OSError
        Not FITS, or shorter than its headers say.
    """
    size = path.stat().st_size
    found: dict[str, Place] = {}
    with open(path, "rb") as opened, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what astropy warns of, a file cut off, is an error here
        for hdu in fits.open(opened, memmap=False, lazy_load_hdus=False):
            info = hdu.fileinfo()
            end = info["datLoc"] + info["datSpan"]
            if end > size:
                raise OSError(f"it is cut off: {size} bytes of at least {end}")
            found[hdu.name] = Place(hdu.header, info["hdrLoc"], info["datLoc"], end)
    return found


def read_plane(path: Path, place: Place) -> npt.NDArray[Any]:
    """Pixels of an image HDU written by `append_image`, in native byte order."""
    shape, kind = _layout(place.header)
    raw = np.fromfile(path, kind.newbyteorder(">"), int(np.prod(shape)), offset=place.data)
    native = _native(raw[:0], place.header, kind).dtype
    for piece in _pieces(raw):
        piece.view(native)[:] = _native(piece, place.header, kind)
    return np.asarray(raw.view(native).reshape(shape))


def read_section(path: Path, place: Place, rows: slice, columns: slice) -> npt.NDArray[Any]:
    """Some rows and columns of an image HDU, as `read_plane`; nothing else is read."""
    shape, kind = _layout(place.header)
    whole = np.memmap(path, kind.newbyteorder(">"), "r", place.data, shape)
    return _native(np.asarray(whole[rows, columns]), place.header, kind)


def _layout(header: fits.Header) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Shape and native dtype of an image."""
    shape = tuple(header[f"NAXIS{a}"] for a in range(header["NAXIS"], 0, -1))
    return shape, np.dtype(f"{'f' if header['BITPIX'] < 0 else 'i'}{abs(header['BITPIX']) // 8}")


def _native(raw: npt.NDArray[Any], header: fits.Header, kind: np.dtype[Any]) -> npt.NDArray[Any]:
    """A copy in native byte order, unsigned where the file says so."""
    values = raw.astype(kind)
    if "BZERO" not in header:
        return values
    unsigned = np.dtype(f"u{kind.itemsize}")
    return np.asarray(values.view(unsigned) ^ unsigned.type(_SIGN[kind.itemsize]))


def read_table(path: Path, place: Place) -> Any:  # noqa: ANN401
    """Rows of a binary table; an empty list where it has none."""
    with open(path, "rb") as opened:
        opened.seek(place.start)
        rows = fits.BinTableHDU.fromstring(opened.read(place.end - place.start)).data
    return [] if rows is None else rows


def append_primary(opened: IO[bytes], cards: Mapping[str, Any]) -> None:
    """Write a primary header without data."""
    _append_header(opened, fits.PrimaryHDU().header, cards)


def append_image(opened: IO[bytes], name: str, array: npt.NDArray[Any], cards: Mapping[str, Any]) -> None:
    """Write one image extension: float32, float64, int32 or uint32 (as BZERO 2^31)."""
    hdu = fits.ImageHDU(name=name)
    header = hdu.header
    kind = array.dtype
    header["BITPIX"] = -8 * kind.itemsize if kind.kind == "f" else 8 * kind.itemsize
    header["NAXIS"] = array.ndim
    for axis, length in enumerate(reversed(array.shape), 1):
        header.insert(f"NAXIS{axis - 1}" if axis > 1 else "NAXIS", (f"NAXIS{axis}", length), after=True)
    if kind.kind == "u":
        header["BSCALE"], header["BZERO"] = 1, _SIGN[kind.itemsize]
    _append_header(opened, header, cards)
    for piece in _pieces(np.ascontiguousarray(array).ravel()):
        signed = piece ^ kind.type(_SIGN[kind.itemsize]) if kind.kind == "u" else piece
        opened.write(signed.astype(kind.newbyteorder(">")).data)
    opened.write(bytes(-array.nbytes % _BLOCK))


def _pieces(values: npt.NDArray[Any]) -> Iterator[npt.NDArray[Any]]:
    """Views of a flat array, short enough for the cache."""
    step = _PIECE_BYTES // values.itemsize
    return (values[start : start + step] for start in range(0, values.size, step))


def append_row(opened: IO[bytes], name: str, row: Mapping[str, Any]) -> None:
    """Write a one-row binary table, one column a field."""
    append_columns(opened, name, {field: np.asarray(value)[np.newaxis] for field, value in row.items()})


def append_table(opened: IO[bytes], name: str, columns: Mapping[str, Sequence[str | float]]) -> None:
    """Write a binary table of texts, whole numbers and others (float64)."""
    append_columns(opened, name, {f: np.array(v, _kind(v)) for f, v in columns.items()})


def _kind(values: Sequence[str | float]) -> str:
    """Type of a column."""
    if all(isinstance(v, int) for v in values):
        return "i8"
    return "U" if any(isinstance(v, str) for v in values) else "f8"


def append_columns(
    opened: IO[bytes],
    name: str,
    columns: Mapping[str, npt.NDArray[Any]],
    more: Mapping[str, Any] | None = None,
) -> None:
    """Write a binary table, with more cards in its header; first axes are rows.

    astropy would load its tables for this, half a second.
    """
    arrays = {field: _stored(values) for field, values in columns.items()}
    n = len(next(iter(arrays.values())))
    rows = np.empty(n, [(f, a.dtype.newbyteorder(">"), a.shape[1:]) for f, a in arrays.items()])
    cards: dict[str, Any] = {
        "XTENSION": "BINTABLE",
        "BITPIX": 8,
        "NAXIS": 2,
        "NAXIS1": rows.itemsize,
        "NAXIS2": n,
    }
    cards |= {"PCOUNT": 0, "GCOUNT": 1, "TFIELDS": len(arrays)}
    for k, (field, array) in enumerate(arrays.items(), 1):
        rows[field] = array
        shape = array.shape[1:]
        text = array.dtype.kind == "S"
        count, code = (array.itemsize, "A") if text else (int(np.prod(shape)), _CODES[array.dtype.str[1:]])
        cards |= {f"TTYPE{k}": field, f"TFORM{k}": f"{count}{code}"}
        if len(shape) > 1:
            cards[f"TDIM{k}"] = str(tuple(reversed(shape))).replace(" ", "")
    _append_header(opened, fits.Header(), {**cards, **(more or {}), "EXTNAME": name})
    opened.write(rows.tobytes())
    opened.write(bytes(-rows.nbytes % _BLOCK))


def _stored(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Texts as bytes, whole numbers as int64, others as they are."""
    if values.dtype.kind == "U":
        return np.char.encode(values, "utf-8") if values.size else np.empty(values.shape, "S1")
    return values.astype("i8") if values.dtype.kind in "iub" else values


def append_hdu(opened: IO[bytes], hdu: Any) -> None:  # noqa: ANN401
    """Write a finished astropy extension."""
    whole = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(whole)
    opened.write(whole.getbuffer()[_BLOCK:])


def _append_header(opened: IO[bytes], header: fits.Header, cards: Mapping[str, Any]) -> None:
    for key, value in cards.items():
        header[key] = value
    opened.write(header.tostring().encode("ascii"))
