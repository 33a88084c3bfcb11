"""Detrended detector images of a visit: the planes, what the header said, and the first guess of the map."""

from pathlib import Path

from gnomon.containers.exposure import DetrendedImage, VisitFacts
from gnomon.containers.parts import Parts
from gnomon.io.fits_wcs import wcs_from_header, wcs_to_header
from gnomon.io.images import ImagesFile, ImagesWriter
from gnomon.io.records import from_row, to_row

_FACTS, _ZERO_POINT = "FCT", "ZEROPT"


class DetrendedWriter(ImagesWriter):
    """Writes `DetrendedImage` parts; DS9 opens any ``SCI_ddd`` with its sky coordinates."""

    def add(self, number: int, part: DetrendedImage) -> None:
        """Write one detector."""
        self.add_image(number, part.image, {**wcs_to_header(part.wcs), "BUNIT": "electron"})
        self.add_row(_FACTS, number, {**to_row(part.facts), _ZERO_POINT: part.zero_point})
        self.made(number)


def open_detrended(path: str | Path) -> Parts[DetrendedImage]:
    """Detrended images by detector, read one at a time.

    Raises
    ------
    UnprocessableData
        Not a whole file of detector images.
    """
    opened = ImagesFile(path)

    def read(number: int) -> DetrendedImage:
        row = opened.row(_FACTS, number)
        image = opened.image(number)
        wcs = wcs_from_header(opened.header(number), image.shape)
        return DetrendedImage(image, wcs, from_row(VisitFacts, row), float(row[_ZERO_POINT]))

    return Parts(opened.numbers(), read, opened.failures(), opened.empty_reason)
