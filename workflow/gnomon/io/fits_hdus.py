"""The image HDUs of a foreign FITS file: their cards now, their pixels when asked for."""

import bz2
import gzip
import lzma
import re
import warnings
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from astropy.io import fits
from astropy.io.fits.hdu.compressed._compression import CfitsioException

from gnomon.errors import UnprocessableData

_FAULTS = (
    *(OSError, EOFError, ValueError, TypeError, IndexError, KeyError),
    *(
        AttributeError,
        RuntimeError,
        AssertionError,
        re.error,
    ),  # cards whose values have other types, odd keywords
    *(zlib.error, lzma.LZMAError, fits.VerifyError, CfitsioException),
)
"""What astropy raises on a file that is not whole."""
_UNPACK: dict[bytes, Callable[..., Any]] = {b"\x1f\x8b": gzip.open, b"BZ": bz2.open, b"\xfd7": lzma.open}
"""How to open a file packed as a whole, by its first two bytes."""
_BLOCK = 2880  # bytes; a FITS file is a whole number of these
_PIXELS = re.compile(r"BSCALE|BZERO|BLANK")
"""Cards that say how the pixels of their own HDU are stored."""
_MAP = re.compile(
    r"(CTYPE|CRVAL|CRPIX|CDELT|CROTA|CUNIT)[12]|(CD|PC|PV|PS)[12]_\d+|(A|B|AP|BP)_(ORDER|\d_\d)|LON|LAT"
)
"""Cards of the map of the sky, which says one thing only where it is taken whole."""
_TYPES = {8: ">u1", 16: ">i2", 32: ">i4", 64: ">i8", -32: ">f4", -64: ">f8"}


@dataclass(frozen=True, slots=True)
class ImageHdu:
    """One two-dimensional image of a file."""

    path: Path
    index: int
    """Number of the HDU."""
    header: Mapping[str, Any]
    """Cards of the HDU over those of the primary header; comments and unreadable cards left out."""
    shape: tuple[int, int]
    """Rows and columns."""
    offset: int
    """First byte of the pixels; -1 where they are compressed."""

    def pixels(self) -> npt.NDArray[Any]:
        """(ny, nx) uint16, int32 or float32 in native order; NaN where an integer is BLANK.

        Raises
        ------
        UnprocessableData
            The pixels cannot be read.
        """
        try:
            if self.offset >= 0:
                return _plain_pixels(self)
            with _open(self.path) as hdus:
                return _native(np.asarray(hdus[self.index].data).reshape(self.shape))
        except _FAULTS as error:
            why = f"{type(error).__name__}: {_first_line(error)}"
            raise UnprocessableData(f"{self.path.name}: pixels of HDU {self.index}: {why}") from None


def image_hdus(path: Path) -> list[ImageHdu]:
    """All two-dimensional images of a file, in order, without reading pixels.

    Raises
    ------
    UnprocessableData
        The file is missing, empty, not FITS, cut short, or holds no two-dimensional image.
    """
    if not path.is_file():
        raise UnprocessableData("found no such file")
    if path.stat().st_size == 0:
        raise UnprocessableData("found an empty file, wanted FITS")
    packed = _first_bytes(path) in _UNPACK
    with _open(path) as hdus:
        _check_blocks(path)
        try:
            return _images(path, hdus, packed)
        except _FAULTS as error:
            raise UnprocessableData(f"not a whole FITS file: {_first_line(error)}") from None


def _check_blocks(path: Path) -> None:
    """Refuse a file that does not end where a FITS block ends; a packed one is unpacked for that."""
    opener = _UNPACK.get(_first_bytes(path))
    try:
        size = path.stat().st_size if opener is None else _unpacked_size(opener, path)
    except _FAULTS as error:
        raise UnprocessableData(f"cut short or not packed well: {_first_line(error)}") from None
    if size % _BLOCK and (size > _BLOCK or opener is not None):
        raise UnprocessableData(f"cut short: {size} bytes are no whole number of FITS blocks of {_BLOCK}")


def _unpacked_size(opener: Callable[..., Any], path: Path) -> int:
    with opener(path, "rb") as opened:
        return sum(len(chunk) for chunk in iter(lambda: opened.read(1 << 20), b""))


def _images(path: Path, hdus: fits.HDUList, packed: bool) -> list[ImageHdu]:
    primary = _cards(hdus[0].header)
    found: list[ImageHdu] = []
    for index, hdu in enumerate(hdus):
        if not hdu.is_image or not _is_flat(hdu.header):
            continue
        shape = int(hdu.header["NAXIS2"]), int(hdu.header["NAXIS1"])
        offset = -1 if packed else _offset(path, hdu)
        found.append(ImageHdu(path, index, _inherited(primary, _cards(hdu.header)), shape, offset))
    if not found:
        raise UnprocessableData("found no two-dimensional image")
    return found


def _is_flat(header: fits.Header) -> bool:
    """Whether an HDU has two axes with pixels; further ones may be there, of length 1."""
    axes = [int(header[f"NAXIS{k}"]) for k in range(1, int(header.get("NAXIS", 0)) + 1)]
    return len(axes) >= 2 and 0 not in axes and all(n == 1 for n in axes[2:])


def _inherited(primary: Mapping[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """Cards of an HDU over those of the primary header that may speak for it too."""
    foreign = _MAP if "CTYPE1" in own else _PIXELS
    left = {k: v for k, v in primary.items() if not (_PIXELS.fullmatch(k) or foreign.fullmatch(k))}
    return {**left, **own}


def _offset(path: Path, hdu: Any) -> int:  # noqa: ANN401
    """Where the pixels begin, after a check that they are all there; -1 where they are compressed."""
    if isinstance(hdu, fits.CompImageHDU):
        return -1
    start = int(hdu.fileinfo()["datLoc"])
    size = int(hdu.header["NAXIS1"]) * int(hdu.header["NAXIS2"]) * abs(int(hdu.header["BITPIX"])) // 8
    there = path.stat().st_size - start
    if there < size:
        raise UnprocessableData(f"cut short: HDU {hdu.name or 0} has {max(there, 0)} of its {size} bytes")
    return start


def _plain_pixels(hdu: ImageHdu) -> npt.NDArray[Any]:
    """Pixels straight from the file: astropy takes five passes over unsigned integers."""
    ny, nx = hdu.shape
    kind = _TYPES[int(hdu.header["BITPIX"])]
    stored = np.fromfile(hdu.path, kind, ny * nx, offset=hdu.offset).reshape(ny, nx)
    zero, scale = float(hdu.header.get("BZERO", 0)), float(hdu.header.get("BSCALE", 1))
    if kind[1] != "f" and "BLANK" in hdu.header and (blank := stored == hdu.header["BLANK"]).any():
        return np.where(blank, np.nan, stored * scale + zero).astype(np.float32)
    if kind == ">i2" and (zero, scale) == (32768.0, 1.0):
        return stored.astype(np.int16).view(np.uint16) ^ np.uint16(32768)
    if (zero, scale) != (0.0, 1.0):
        scaled = stored.astype(np.float64) * scale + zero
        return _native(np.rint(scaled).astype(np.int64) if scale == 1.0 and kind[1] != "f" else scaled)
    return _native(stored)


def _native(pixels: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The nearest of the three types that raw pixels come in."""
    if pixels.dtype == np.uint16:
        return pixels.astype(np.uint16, copy=False)
    if pixels.dtype.kind in "iub" and (pixels.size == 0 or int(pixels.max()) < 2**31):
        return pixels.astype(np.int32, copy=False)
    return pixels.astype(np.float32, copy=False)


def _cards(header: fits.Header) -> dict[str, Any]:
    cards: dict[str, Any] = {}
    for key in header:
        try:
            value = header[key]
        except fits.VerifyError:
            continue
        if key not in ("", "COMMENT", "HISTORY") and not isinstance(value, fits.card.Undefined):
            cards[key] = value
    return cards


@contextmanager
def _open(path: Path) -> Iterator[fits.HDUList]:
    """The file, with astropy's remarks on odd headers kept quiet: what matters is refused in words."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            hdus = fits.open(path, memmap=False, lazy_load_hdus=True)
        except _FAULTS as error:
            raise UnprocessableData(f"not a FITS file: {_first_line(error)}") from None
        with hdus:
            yield hdus


def _first_bytes(path: Path) -> bytes:
    with path.open("rb") as opened:
        return opened.read(2)


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
