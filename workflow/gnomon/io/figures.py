"""Pictures as PNG; equal pixels give equal bytes."""

import struct
import zlib
from pathlib import Path

import numpy as np

from gnomon.containers.figure import Figure
from gnomon.containers.provenance import Provenance
from gnomon.errors import UnprocessableData
from gnomon.io.atomic import replacing
from gnomon.io.provenance import to_json

_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def write_figure(figure: Figure, path: str | Path, provenance: Provenance) -> None:
    """Write an 8-bit RGB PNG with its caption and provenance as text chunks."""
    height, width, _ = figure.rgb.shape
    rows = np.zeros((height, 1 + 3 * width), np.uint8)  # filter type 0 before every row
    rows[:, 1:] = figure.rgb.reshape(height, -1)
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        (b"iTXt", b"Description\0\0\0\0\0" + figure.caption.encode()),
        (b"iTXt", b"gnomon.provenance\0\0\0\0\0" + to_json(provenance).encode()),
        (b"IDAT", zlib.compress(rows.tobytes(), 6)),
        (b"IEND", b""),
    ]
    with replacing(path) as temporary:
        temporary.write_bytes(_SIGNATURE + b"".join(_chunk(k, d) for k, d in chunks))


def read_figure(path: str | Path) -> bytes:
    """The bytes of a PNG, to be embedded as they are.

    Raises
    ------
    UnprocessableData
        Not a PNG.
    """
    data = Path(path).read_bytes()
    if not data.startswith(_SIGNATURE):
        raise UnprocessableData(f"{Path(path).name} is not a PNG")
    return data


def empty_figure(reason: str) -> Figure:
    """A small grey picture."""
    return Figure(np.full((8, 8, 3), 200, np.uint8), f"empty: {reason}")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
