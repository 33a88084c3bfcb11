"""Coadds as FITS: ``SCI``, ``VAR``, ``MSK``, ``NIM`` on the pixels of the patch, PSFs and inputs by cell.

DS9 opens any of the first four with its sky coordinates. ``PSF`` is a cube with one image a cell; its cards
ORIGIN and SIDE tell where the cells lie, row by row. ``INPUTS`` has one row a cell and detector.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt
from astropy.io import fits

from gnomon.containers.cellpsf import CellPsf
from gnomon.containers.coadd import Coadd, CoaddInputs, empty_coadd
from gnomon.containers.image import Image
from gnomon.containers.provenance import Provenance
from gnomon.errors import UnprocessableData
from gnomon.flags import MASK_PLANES
from gnomon.io import fits_blocks
from gnomon.io.atomic import replacing
from gnomon.io.fits_wcs import wcs_from_header, wcs_to_header
from gnomon.io.provenance import to_json

_INPUTS = {"cell": "K", "visit": "K", "detector": "K", "weight": "D"}


def write_coadd(coadd: Coadd, path: str | Path, provenance: Provenance) -> None:
    """Write a coadd, or an empty one with its reason; equal coadds give equal bytes."""
    with replacing(path) as temporary, open(temporary, "wb") as opened:
        empty = bool(coadd.empty_reason)
        fits_blocks.append_primary(
            opened, {"GNSTEP": provenance.step, "GNEMPTY": empty, "FILTER": coadd.band}
        )
        if coadd.wcs is not None:
            sky = {**wcs_to_header(coadd.wcs), "FILTER": coadd.band}
            planes = {f"MP_{f.name}"[:8]: f.bit for f in MASK_PLANES}
            fits_blocks.append_image(opened, "SCI", coadd.image.flux, {**sky, "BUNIT": "nJy"})
            fits_blocks.append_image(opened, "VAR", coadd.image.variance, {**sky, "BUNIT": "nJy2"})
            fits_blocks.append_image(opened, "MSK", coadd.image.mask, {**sky, **planes})
            fits_blocks.append_image(opened, "NIM", coadd.count, sky)
            places = {"ORIGIN": coadd.psf.origin, "SIDE": coadd.psf.side}
            fits_blocks.append_image(opened, "PSF", coadd.psf.images, places)
            fits_blocks.append_hdu(opened, _inputs_hdu(coadd.inputs))
        row = {"provenance": to_json(provenance), "empty_reason": coadd.empty_reason}
        fits_blocks.append_row(opened, "PROVENANCE", row)


def _inputs_hdu(inputs: CoaddInputs) -> fits.BinTableHDU:
    columns = [fits.Column(n, code, array=getattr(inputs, n)) for n, code in _INPUTS.items()]
    return fits.BinTableHDU.from_columns(columns, name="INPUTS")


def read_coadd(path: str | Path) -> Coadd:
    """Read a coadd.

    Raises
    ------
    UnprocessableData
        Not a whole coadd.
    """
    path = Path(path)
    try:
        places = fits_blocks.places(path)
        reason = str(fits_blocks.read_table(path, places["PROVENANCE"])[0]["empty_reason"])
        if reason:
            return empty_coadd(reason)
        return _read(path, places)
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise UnprocessableData(f"{path.name} is no whole coadd: {error}") from None


def _read(path: Path, places: dict[str, fits_blocks.Place]) -> Coadd:
    flux, variance, mask, count = (
        fits_blocks.read_plane(path, places[n]) for n in ("SCI", "VAR", "MSK", "NIM")
    )
    header, at = places["SCI"].header, places["PSF"].header
    psf = CellPsf(fits_blocks.read_plane(path, places["PSF"]), int(at["ORIGIN"]), int(at["SIDE"]))
    wcs = wcs_from_header(header, flux.shape)
    inputs = _read_inputs(path, places["INPUTS"])
    return Coadd(Image(flux, variance, mask), count, wcs, psf, str(header["FILTER"]), inputs)


def _read_inputs(path: Path, place: fits_blocks.Place) -> CoaddInputs:
    rows = fits_blocks.read_table(path, place)
    kinds = {"K": np.int64, "D": np.float64}

    def column(name: str) -> npt.NDArray[np.generic]:
        values = rows[name] if len(rows) else []
        return np.asarray(values, kinds[_INPUTS[name]])

    return CoaddInputs(*(column(n) for n in _INPUTS))  # type: ignore[arg-type]
