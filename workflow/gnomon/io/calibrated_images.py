"""Calibrated detector images of a visit: the planes, and one-row tables of PSF, calibration, background."""

from functools import partial
from pathlib import Path
from typing import Any

from gnomon.containers.background import BackgroundModel
from gnomon.containers.calibrated import CalibratedImage, DetectorView, PhotoCalib, Smooth
from gnomon.containers.parts import Parts
from gnomon.containers.psf import PsfModel
from gnomon.io.fits_wcs import wcs_from_header, wcs_to_header
from gnomon.io.images import ImagesFile, ImagesWriter
from gnomon.io.records import from_row, to_row

_TABLES: dict[str, tuple[str, type[Any]]] = {
    "PSF": ("psf", PsfModel),
    "PHO": ("photo", PhotoCalib),
    "BKG": ("background", BackgroundModel),
    "APC": ("aperture_correction", Smooth),
}


class CalibratedWriter(ImagesWriter):
    """Writes `CalibratedImage` parts; DS9 opens any ``SCI_ddd`` with its sky coordinates."""

    def add(self, number: int, part: CalibratedImage) -> None:
        """Write one detector."""
        self.add_image(number, part.image, {**wcs_to_header(part.wcs), "BUNIT": "nJy"})
        for name, (field, _) in _TABLES.items():
            self.add_row(name, number, to_row(getattr(part, field)))
        self.made(number)


def open_calibrated(path: str | Path) -> Parts[CalibratedImage]:
    """Calibrated images by detector, read one at a time or section by section."""
    opened = ImagesFile(path)

    def table(number: int, name: str) -> Any:  # noqa: ANN401
        return from_row(_TABLES[name][1], opened.row(name, number))

    def read(number: int) -> CalibratedImage:
        parts = {field: table(number, name) for name, (field, _) in _TABLES.items()}
        image = opened.image(number)
        wcs = wcs_from_header(opened.header(number), image.shape)
        return CalibratedImage(image=image, wcs=wcs, **parts)

    def view(number: int) -> DetectorView:
        header = opened.header(number)
        shape = header["NAXIS2"], header["NAXIS1"]
        wcs, section = wcs_from_header(header, shape), partial(opened.section, number)
        return DetectorView(shape, wcs, table(number, "PSF"), table(number, "APC"), section)

    return Parts(opened.numbers(), read, opened.failures(), opened.empty_reason, view)
