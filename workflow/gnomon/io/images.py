"""Images of a visit's detectors as one multi-extension FITS file.

Primary header, then for each detector ``SCI_ddd``, ``VAR_ddd``, ``MSK_ddd`` and one-row tables of whatever
belongs to it (``PSF_ddd``, ...); at the end ``DETECTORS`` (number, state, reason) and ``PROVENANCE``.
"""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from astropy.io import fits

from gnomon.containers.image import Image
from gnomon.containers.parts import Parts
from gnomon.containers.provenance import Provenance
from gnomon.errors import UnprocessableData
from gnomon.flags import MASK_PLANES
from gnomon.io import fits_blocks
from gnomon.io.atomic import replacing
from gnomon.io.provenance import from_json, to_json

MADE, FAILED = "made", "failed"


class ImagesWriter:
    """Writes detectors one after the other; the file appears when the context ends well."""

    def __init__(self, path: str | Path, provenance: Provenance, empty_reason: str = "") -> None:
        self._provenance = provenance
        self._reason = empty_reason
        self._target = replacing(path)
        self._states: dict[int, tuple[str, str]] = {}
        self._stack = ExitStack()

    def __enter__(self) -> "ImagesWriter":
        temporary = self._stack.enter_context(self._target)
        self._opened: IO[bytes] = self._stack.enter_context(open(temporary, "wb"))
        fits_blocks.append_primary(
            self._opened, {"GNSTEP": self._provenance.step, "GNEMPTY": bool(self._reason)}
        )
        return self

    def add(self, number: int, part: Any) -> None:  # noqa: ANN401
        """Write an `Image`."""
        self.add_image(number, part, {})
        self.made(number)

    def made(self, number: int) -> None:
        """Note that a detector is complete."""
        self._states[number] = (MADE, "")

    def add_image(self, number: int, image: Image, cards: Mapping[str, Any]) -> None:
        """Write the three planes of one detector with header cards."""
        planes = {f"MP_{f.name}"[:8]: f.bit for f in MASK_PLANES}
        fits_blocks.append_image(self._opened, f"SCI_{number:03d}", image.flux, cards)
        fits_blocks.append_image(self._opened, f"VAR_{number:03d}", image.variance, cards)
        fits_blocks.append_image(self._opened, f"MSK_{number:03d}", image.mask, {**cards, **planes})

    def add_row(self, name: str, number: int, row: Mapping[str, Any]) -> None:
        """Write a one-row table that belongs to a detector."""
        fits_blocks.append_row(self._opened, f"{name}_{number:03d}", row)

    def fail(self, number: int, reason: str) -> None:
        """Note that a detector could not be made."""
        self._states[number] = (FAILED, reason)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._finish()
        self._stack.__exit__(kind, error, trace)

    def _finish(self) -> None:
        numbers = sorted(self._states)
        states: dict[str, list[str] | list[int]] = {
            "detector": numbers,
            "state": [self._states[n][0] for n in numbers],
            "reason": [self._states[n][1] for n in numbers],
        }
        fits_blocks.append_table(self._opened, "DETECTORS", states)
        row = {"provenance": to_json(self._provenance), "empty_reason": self._reason}
        fits_blocks.append_row(self._opened, "PROVENANCE", row)
        self._opened.flush()


class ImagesFile:
    """A file of detector images: knows where each part lies, and reads a part when it is asked for."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        try:
            self._places = fits_blocks.places(self.path)
            self._states = self.table("DETECTORS")
            row = self.table("PROVENANCE")[0]
        except (OSError, KeyError, ValueError, TypeError) as error:
            raise UnprocessableData(
                f"{self.path.name} is no whole file of detector images: {error}"
            ) from None
        self.provenance = from_json(str(row["provenance"]))
        """What made the file."""
        self.empty_reason = str(row["empty_reason"])
        """Why the file has no detector; empty text where it has."""

    def numbers(self) -> tuple[int, ...]:
        """Detectors that were made."""
        return tuple(int(r["detector"]) for r in self._states if r["state"] == MADE)

    def failures(self) -> dict[int, str]:
        """Detectors that could not be made, with the reason."""
        return {int(r["detector"]): str(r["reason"]) for r in self._states if r["state"] != MADE}

    def image(self, number: int) -> Image:
        """The three planes of one detector."""
        flux, variance, mask = (
            fits_blocks.read_plane(self.path, self._places[f"{p}_{number:03d}"])
            for p in ("SCI", "VAR", "MSK")
        )
        return Image(flux, variance, mask)

    def section(self, number: int, rows: slice, columns: slice) -> Image:
        """Some rows and columns of one detector's planes; nothing else is read."""
        flux, variance, mask = (
            fits_blocks.read_section(self.path, self._places[f"{p}_{number:03d}"], rows, columns)
            for p in ("SCI", "VAR", "MSK")
        )
        return Image(flux, variance, mask)

    def header(self, number: int) -> fits.Header:
        """Header of a detector's first plane."""
        return self._places[f"SCI_{number:03d}"].header

    def row(self, name: str, number: int) -> dict[str, Any]:
        """A one-row table that belongs to a detector, by column."""
        table = self.table(f"{name}_{number:03d}")
        return {n: table[n][0] for n in table.dtype.names or ()}

    def table(self, name: str) -> Any:  # noqa: ANN401
        """A binary table by its name; without rows where there is no data."""
        return fits_blocks.read_table(self.path, self._places[name])


def open_images(path: str | Path) -> Parts[Image]:
    """Detector images of a visit, read one at a time."""
    opened = ImagesFile(path)
    return Parts(opened.numbers(), opened.image, opened.failures(), opened.empty_reason)
