"""Coadds as FITS: ``SCI``, ``VAR``, ``MSK``, ``NIM``, ``MFR`` on the pixels of the patch, PSFs and inputs by cell.

DS9 opens any of the first five with its sky coordinates. ``PSF`` is a cube with one image a cell; its cards
ORIGIN and SIDE tell where the cells lie, row by row. ``INPUTS`` has one row a cell and detector,
``SELECTION`` one row a detector on the patch with what it was judged by, its weight, and the reason why it was left
out, ``CELLS`` one row a cell with its masked fraction and the share of its pixels that have information. ``NOI``, where
it was made, is a realisation of the noise in whole numbers of 1/64 of the median standard deviation; ``PARTS`` are
images of parts of the band, with the refractivity of each, and the site whose air bends them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt
from astropy.io import fits

from gnomon.containers.cellpsf import CellPsf
from gnomon.containers.coadd import (
    Coadd,
    CoaddInputs,
    Selection,
    empty_coadd,
    no_parts,
    no_plane,
    no_selection,
)
from gnomon.containers.dataid import DataId
from gnomon.containers.image import F4, Image
from gnomon.containers.provenance import Provenance
from gnomon.errors import UnprocessableData
from gnomon.flags import MASK_PLANES
from gnomon.io import fits_blocks
from gnomon.io.atomic import replacing
from gnomon.io.fits_wcs import wcs_from_header, wcs_to_header
from gnomon.io.provenance import to_json

_SITE = ("SITELONG", "SITELAT")  # radians
_NOISE_STEPS = 64  # in a standard deviation
_CELLS = ("maskedFraction", "coverage")
_INPUTS = {"cell": "K", "visit": "K", "detector": "K", "weight": "D"}


def write_coadd(coadd: Coadd, path: str | Path, provenance: Provenance) -> None:
    """Write a coadd, or an empty one with its reason; equal coadds give equal bytes."""
    with replacing(path) as temporary, open(temporary, "wb") as opened:
        empty = bool(coadd.empty_reason)
        fits_blocks.append_primary(
            opened,
            {"GNSTEP": provenance.step, "GNEMPTY": empty, "FILTER": coadd.band, **_place(coadd.data_id)},
        )
        if coadd.wcs is not None:
            sky = {**wcs_to_header(coadd.wcs), "FILTER": coadd.band}
            planes = {f"MP_{f.name}"[:8]: f.bit for f in MASK_PLANES}
            fits_blocks.append_image(opened, "SCI", coadd.image.flux, {**sky, "BUNIT": "nJy"})
            fits_blocks.append_image(opened, "VAR", coadd.image.variance, {**sky, "BUNIT": "nJy2"})
            fits_blocks.append_image(opened, "MSK", coadd.image.mask, {**sky, **planes})
            fits_blocks.append_image(opened, "NIM", coadd.count, sky)
            fits_blocks.append_image(opened, "MFR", coadd.masked_fraction, sky)
            if coadd.noise.size:
                _append_noise(opened, coadd, sky)
            if coadd.parts.size:
                bending = {f"REFR{k}": r for k, r in enumerate(coadd.refractivity, 1)}
                bending |= dict(zip(_SITE, coadd.site, strict=True))
                fits_blocks.append_image(opened, "PARTS", coadd.parts, {**sky, "BUNIT": "nJy", **bending})
            places = {"ORIGIN": coadd.psf.origin, "SIDE": coadd.psf.side}
            fits_blocks.append_image(opened, "PSF", coadd.psf.images, places)
            fits_blocks.append_hdu(opened, _inputs_hdu(coadd.inputs))
            fits_blocks.append_table(opened, "SELECTION", _selection_columns(coadd.selection))
            shares = zip(_CELLS, (coadd.cell_masked, coadd.cell_covered), strict=True)
            fits_blocks.append_table(opened, "CELLS", {name: values.tolist() for name, values in shares})
        row = {"provenance": to_json(provenance), "empty_reason": coadd.empty_reason}
        fits_blocks.append_row(opened, "PROVENANCE", row)


def _append_noise(opened: IO[bytes], coadd: Coadd, sky: Mapping[str, str | float]) -> None:
    """The noise as whole numbers: rounding adds 2e-5 of the variance, and 500 standard deviations fit in."""
    known = coadd.image.variance[coadd.image.variance > 0]
    step = float(np.sqrt(np.median(known))) / _NOISE_STEPS if known.size else 1.0
    whole = np.clip(np.rint(coadd.noise / np.float32(step)), -32767, 32767).astype(np.int16)
    fits_blocks.append_image(opened, "NOI", whole, {**sky, "BUNIT": "nJy", "BSCALE": step})


def _read_noise(path: Path, places: dict[str, fits_blocks.Place]) -> F4:
    if "NOI" not in places:
        return no_plane()
    whole = fits_blocks.read_plane(path, places["NOI"])
    return np.asarray(whole * np.float32(places["NOI"].header["BSCALE"]), np.float32)


def _place(data_id: DataId) -> dict[str, str | int]:
    return {"TRACT": data_id.tract, "PATCH": data_id.patch, "KIND": data_id.kind}


def _selection_columns(selection: Selection) -> dict[str, Sequence[str | float]]:
    columns = {f.name: list(getattr(selection, f.name)) for f in fields(Selection)}
    blank = [reason or " " for reason in selection.reason]  # FITS drops the blank again
    return {**columns, "reason": blank}


def _inputs_hdu(inputs: CoaddInputs) -> fits.BinTableHDU:
    columns = [fits.Column(n, code, array=getattr(inputs, n)) for n, code in _INPUTS.items()]
    return fits.BinTableHDU.from_columns(columns, name="INPUTS")


def read_coadd(path: str | Path, planes: bool = True) -> Coadd:
    """Read a coadd; without its planes only the PSF, the map and the lists of what went in.

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
        lists = _read_lists(path, places)
        return _with_planes(lists, path, places) if planes else lists
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise UnprocessableData(f"{path.name} is no whole coadd: {error}") from None


def _read_lists(path: Path, places: dict[str, fits_blocks.Place]) -> Coadd:
    """All but the planes."""
    header, at, own = places["SCI"].header, places["PSF"].header, places["PRIMARY"].header
    psf = CellPsf(fits_blocks.read_plane(path, places["PSF"]), int(at["ORIGIN"]), int(at["SIDE"]))
    band = str(header["FILTER"])
    rows = fits_blocks.read_table(path, places["CELLS"])
    masked, covered = (np.asarray(rows[n] if len(rows) else [], np.float64) for n in _CELLS)
    return replace(
        empty_coadd(""),
        cell_masked=masked,
        cell_covered=covered,
        wcs=wcs_from_header(header, (int(header["NAXIS2"]), int(header["NAXIS1"]))),
        psf=psf,
        band=band,
        inputs=_read_inputs(path, places["INPUTS"]),
        selection=_read_selection(path, places["SELECTION"]),
        data_id=DataId(tract=int(own["TRACT"]), patch=int(own["PATCH"]), band=band, kind=str(own["KIND"])),
    )


def _with_planes(lists: Coadd, path: Path, places: dict[str, fits_blocks.Place]) -> Coadd:
    flux, variance, mask, count, fraction = (
        fits_blocks.read_plane(path, places[n]) for n in ("SCI", "VAR", "MSK", "NIM", "MFR")
    )
    parts, refractivity, site = _read_parts(path, places)
    return replace(
        lists,
        image=Image(flux, variance, mask),
        count=count,
        masked_fraction=fraction,
        noise=_read_noise(path, places),
        parts=parts,
        refractivity=refractivity,
        site=site,
    )


def _read_parts(
    path: Path, places: dict[str, fits_blocks.Place]
) -> tuple[F4, tuple[float, ...], tuple[float, float]]:
    if "PARTS" not in places:
        return no_parts(), (), (np.nan, np.nan)
    parts, header = fits_blocks.read_plane(path, places["PARTS"]), places["PARTS"].header
    bending = tuple(float(header[f"REFR{k}"]) for k in range(1, len(parts) + 1))
    return parts, bending, (float(header[_SITE[0]]), float(header[_SITE[1]]))


def _read_selection(path: Path, place: fits_blocks.Place) -> Selection:
    rows = fits_blocks.read_table(path, place)
    if not len(rows):
        return no_selection()
    columns = {f.name: tuple(rows[f.name].tolist()) for f in fields(Selection)}
    return Selection(**{**columns, "reason": tuple(str(r).strip() for r in rows["reason"])})


def _read_inputs(path: Path, place: fits_blocks.Place) -> CoaddInputs:
    rows = fits_blocks.read_table(path, place)
    kinds = {"K": np.int64, "D": np.float64}

    def column(name: str) -> npt.NDArray[np.generic]:
        values = rows[name] if len(rows) else []
        return np.asarray(values, kinds[_INPUTS[name]])

    return CoaddInputs(*(column(n) for n in _INPUTS))  # type: ignore[arg-type]
