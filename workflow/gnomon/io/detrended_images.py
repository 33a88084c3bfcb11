"""Detrended detector images of a visit: the planes, what the header said, and the first guess of the map."""

from pathlib import Path

from gnomon.containers.exposure import DetrendedImage, VisitFacts
from gnomon.containers.parts import Parts
from gnomon.io.fits_wcs import wcs_from_header, wcs_to_header
from gnomon.io.images import ImagesFile, ImagesWriter
from gnomon.io.records import from_row, to_row

_FACTS, _ZERO_POINT, _BY = "FCT", "ZEROPT", "DETRENDR"


class DetrendedWriter(ImagesWriter):
    """Writes `DetrendedImage` parts; DS9 opens any ``SCI_ddd`` with its sky coordinates."""

    def add(self, number: int, part: DetrendedImage) -> None:
        """Write one detector."""
        own = {_ZERO_POINT: part.zero_point, _BY: part.detrended_by}
        self.add_image(number, part.image, {**wcs_to_header(part.wcs), "BUNIT": "electron", _BY: own[_BY]})
        self.add_row(_FACTS, number, {**to_row(part.facts), **own})
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
        facts = from_row(VisitFacts, row)
        return DetrendedImage(image, wcs, facts, float(row[_ZERO_POINT]), str(row[_BY]))

    return Parts(opened.numbers(), read, opened.failures(), opened.empty_reason)
