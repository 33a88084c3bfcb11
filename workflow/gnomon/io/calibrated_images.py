"""Calibrated detector images of a visit: the planes, and one-row tables of PSF, calibration, background."""

from pathlib import Path
from typing import Any

from gnomon.containers.background import BackgroundModel
from gnomon.containers.calibrated import CalibratedImage, PhotoCalib, Smooth
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
    """Calibrated images by detector, read one at a time."""
    opened = ImagesFile(path)

    def read(number: int) -> CalibratedImage:
        parts = {field: from_row(kind, opened.row(name, number)) for name, (field, kind) in _TABLES.items()}
        image = opened.image(number)
        wcs = wcs_from_header(opened.header(number), image.shape)
        return CalibratedImage(image=image, wcs=wcs, **parts)

    return Parts(opened.numbers(), read, opened.failures(), opened.empty_reason)
