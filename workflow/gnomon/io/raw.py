"""Exposures as they came from a camera or from an earlier pipeline, detector by detector."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.detrend.foreign import mask_planes, pixel_variance
from gnomon.containers.exposure import CalibratedPixels, RawExposure, VisitFacts
from gnomon.containers.instrument import CalibratedLayout, Detector, Instrument, RawLayout, boresight_wcs
from gnomon.containers.parts import Parts
from gnomon.containers.raw import RawAmp, RawDetector, Section, parse_section
from gnomon.containers.wcs import Wcs
from gnomon.errors import UnprocessableData
from gnomon.io.fits_hdus import ImageHdu, image_hdus
from gnomon.io.fits_wcs import wcs_from_header
from gnomon.io.headers import Header, optional_number, translate

SEPARATOR = ";"
"""Between the files of one detector where they stand in one text."""
_NO_SECTION = Section(0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class DetectorFile:
    """One detector of an exposure in a file, its pixels not yet read."""

    facts: VisitFacts
    """What the header says of the exposure."""
    detector: Detector
    """Of the instrument."""
    hdus: tuple[ImageHdu, ...]
    """One an amplifier, or the one image of a calibrated detector."""
    shape: tuple[int, int]
    """Rows and columns of the assembled detector."""
    wcs: Wcs | None
    """First guess of the astrometry; None for calibration exposures."""


def open_raw(paths: Sequence[str], instrument: Instrument, visit: int | None = None) -> Parts[RawExposure]:
    """The detectors of one exposure, read one at a time.

    Parameters
    ----------
    paths
        All files of the exposure; weight and mask files are found by their names beside the image.
    instrument
        Its description.
    visit
        Number that the headers should have; None takes any.

    Raises
    ------
    UnprocessableData
        No files, a file that cannot be used, or another exposure than the one wanted.
    """
    if not paths:
        raise UnprocessableData("found no raw file of this exposure")
    found: dict[int, DetectorFile] = {}
    for path in paths:
        if is_companion(Path(path), instrument):
            continue
        for one in detector_files(Path(path), instrument):
            if visit is not None and one.facts.visit != visit:
                raise UnprocessableData(f"{Path(path).name} is visit {one.facts.visit}, wanted visit {visit}")
            found[one.detector.id] = one
    return Parts(tuple(sorted(found)), lambda number: read_detector(instrument, found[number]))


def detector_files(path: Path, instrument: Instrument) -> list[DetectorFile]:
    """The detectors in a file, checked as far as headers go.

    Raises
    ------
    UnprocessableData
        One sentence on what is wrong with the file, which it names.
    """
    try:
        hdus = image_hdus(path)
        facts = translate(instrument, hdus[0].header)
        groups = _by_detector(instrument, hdus)
        if instrument.pixels == "calibrated":
            _companions(path, instrument.calibrated)
        return [_detector_file(instrument, facts, d, group) for d, group in groups]
    except UnprocessableData as error:
        raise UnprocessableData(f"{path.name}: {error}") from None


def is_companion(path: Path, instrument: Instrument) -> bool:
    """Whether a file is the weight or the mask of an image."""
    layout = instrument.calibrated
    if instrument.pixels == "raw" or layout.image_mark in path.name:
        return False
    return any(mark and mark in path.name for mark in (layout.weight_mark, layout.mask_mark))


def files_of(path: Path, instrument: Instrument) -> list[Path]:
    """An image file, then its weight and its mask where the instrument has such.

    Raises
    ------
    UnprocessableData
        One of them is missing.
    """
    if instrument.pixels == "raw":
        return [path]
    return [path, *(p for p in _companions(path, instrument.calibrated) if p is not None)]


def read_detector(instrument: Instrument, source: DetectorFile) -> RawExposure:
    """Pixels of one detector.

    Raises
    ------
    UnprocessableData
        The pixels cannot be read, a section or a number is missing, or companion files have other sizes.
    """
    first = source.hdus[0]
    if instrument.pixels == "raw":
        amps = tuple(_amp(instrument.raw, hdu) for hdu in source.hdus)
        return RawExposure(source.facts, source.wcs, RawDetector(amps, first.header))
    pixels = _calibrated(instrument.calibrated, first)
    zero_point = _zero_point(instrument, first.header, source.facts)
    return RawExposure(source.facts, source.wcs, pixels, zero_point + 2.5 * math.log10(pixels.gain))


def _by_detector(
    instrument: Instrument, hdus: Sequence[ImageHdu]
) -> list[tuple[Detector, tuple[ImageHdu, ...]]]:
    groups: dict[int, list[ImageHdu]] = {}
    for hdu in hdus:
        key = _detector_key(instrument, hdu)
        detector = instrument.detector(key)
        if detector is None:
            raise UnprocessableData(f"found detector {key!r}, which {instrument.name} does not have")
        groups.setdefault(detector.id, []).append(hdu)
    return [(d, tuple(groups[d.id])) for d in instrument.detectors if d.id in groups]


def _detector_key(instrument: Instrument, hdu: ImageHdu) -> int | str:
    keys = instrument.headers.detector
    if not keys:
        return instrument.detectors[0].id
    for key in keys:
        if key in hdu.header:
            value = hdu.header[key]
            return value if isinstance(value, int) else str(value)
    raise UnprocessableData(f"HDU {hdu.index} has no {' or '.join(keys)}, wanted the number of its detector")


def _detector_file(
    instrument: Instrument, facts: VisitFacts, detector: Detector, hdus: tuple[ImageHdu, ...]
) -> DetectorFile:
    shape = _shape(instrument, hdus)
    whole = instrument.pixels == "raw"
    if (whole and shape != detector.shape) or shape[0] > detector.shape[0] or shape[1] > detector.shape[1]:
        raise UnprocessableData(
            f"detector {detector.id} is {shape[1]} x {shape[0]} pixels, wanted "
            f"{detector.shape[1]} x {detector.shape[0]}"
        )
    if whole:
        _check_cover(instrument.raw, detector, hdus)
    wcs = None
    if facts.obstype == "science":
        wcs = _first_wcs(instrument, facts, detector, hdus[0].header, shape)
    return DetectorFile(facts, detector, hdus, shape, wcs)


def _check_cover(layout: RawLayout, detector: Detector, hdus: Sequence[ImageHdu]) -> None:
    """See that no amplifier is missing; overlaps and gaps of equal size are found when they are assembled."""
    places = [_sections(layout, hdu)[2] for hdu in hdus]
    covered, wanted = sum(p.shape[0] * p.shape[1] for p in places), detector.shape[0] * detector.shape[1]
    if covered != wanted:
        raise UnprocessableData(
            f"the {len(hdus)} amplifiers of detector {detector.id} have {covered} pixels, wanted {wanted}"
        )


def _first_wcs(
    instrument: Instrument,
    facts: VisitFacts,
    detector: Detector,
    header: Mapping[str, Any],
    shape: tuple[int, int],
) -> Wcs:
    if instrument.wcs == "header":
        return wcs_from_header(header, shape)
    if not math.isfinite(facts.ra):
        raise UnprocessableData("the header says neither where the telescope pointed nor a sky map")
    return boresight_wcs(instrument, detector, (facts.ra, facts.dec), facts.rotation)


def _shape(instrument: Instrument, hdus: Sequence[ImageHdu]) -> tuple[int, int]:
    """Rows and columns of the assembled detector, from the headers."""
    if instrument.pixels == "calibrated":
        return hdus[0].shape
    places = [_sections(instrument.raw, hdu)[2] for hdu in hdus]
    return max(p.y1 for p in places), max(p.x1 for p in places)


def _sections(layout: RawLayout, hdu: ImageHdu) -> tuple[Section, Section, Section]:
    """Light, overscan and place in the detector of one amplifier."""
    light = _section(layout.datasec, hdu) if layout.datasec else Section(0, hdu.shape[1], 0, hdu.shape[0])
    bias = _section(layout.biassec, hdu) if layout.biassec else _NO_SECTION
    ny, nx = light.shape
    place = _section(layout.detsec, hdu) if layout.detsec else Section(0, nx, 0, ny)
    return light, bias, place


def _section(key: str, hdu: ImageHdu) -> Section:
    text = key if key.startswith("[") else hdu.header.get(key)
    if text is None:
        raise UnprocessableData(f"HDU {hdu.index} has no {key}")
    try:
        return parse_section(str(text))
    except ValueError as error:
        raise UnprocessableData(f"HDU {hdu.index}: {key}: {error}") from None


def _amp(layout: RawLayout, hdu: ImageHdu) -> RawAmp:
    names = {"GAIN": layout.gain, "RDNOISE": layout.read_noise, "SATURATE": layout.saturation}
    numbers = {n: _number(key, hdu) for n, key in names.items()}
    if not numbers["GAIN"] > 0:
        raise UnprocessableData(
            f"HDU {hdu.index}: found a gain of {numbers['GAIN']:g}, wanted e-/ADU above 0"
        )
    return RawAmp(hdu.pixels(), *_sections(layout, hdu), numbers)


def _number(key: str | float, hdu: ImageHdu) -> float:
    value = hdu.header.get(key) if isinstance(key, str) else key
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise UnprocessableData(f"HDU {hdu.index}: found {value!r} in {key}, wanted a number") from None


def _companions(path: Path, layout: CalibratedLayout) -> tuple[Path | None, Path | None]:
    """Weight and mask file of an image file.

    Raises
    ------
    UnprocessableData
        The name is not that of an image, or a companion is missing.
    """
    if not layout.image_mark:
        return None, None
    if layout.image_mark not in path.name:
        raise UnprocessableData(f"found no {layout.image_mark!r} in the name, wanted an image file")
    files: list[Path | None] = []
    for mark, what in ((layout.weight_mark, "weight"), (layout.mask_mark, "mask")):
        beside = path.with_name(path.name.replace(layout.image_mark, mark)) if mark else None
        if beside is not None and not beside.is_file():
            raise UnprocessableData(f"found no {what} file {beside.name} beside it")
        files.append(beside)
    return files[0], files[1]


def _calibrated(layout: CalibratedLayout, hdu: ImageHdu) -> CalibratedPixels:
    weight_path, mask_path = _companions(hdu.path, layout)
    flux = hdu.pixels().astype(np.float32, copy=False)
    gain = float(np.mean([_number(key, hdu) for key in layout.gain]))
    weight = _plane(weight_path, hdu).astype(np.float32) if weight_path else None
    sky = next((float(hdu.header[k]) for k in layout.inverse_variance if k in hdu.header), math.nan)
    codes = _plane(mask_path, hdu) if mask_path else np.zeros(flux.shape, np.int32)
    mask = mask_planes(codes.astype(np.int64), layout.mask_planes, layout.mask_kind)
    variance = pixel_variance(flux, weight, sky, gain)
    saturation = _number(layout.saturation, hdu) or math.inf
    return CalibratedPixels(flux, variance, mask, gain, saturation)


def _plane(path: Path, hdu: ImageHdu) -> npt.NDArray[Any]:
    """The same HDU of a companion file."""
    for other in image_hdus(path):
        if other.index == hdu.index:
            if other.shape != hdu.shape:
                raise UnprocessableData(f"{path.name} is {other.shape}, wanted {hdu.shape} like the image")
            return other.pixels()
    raise UnprocessableData(f"{path.name} has no image HDU {hdu.index}")


def _zero_point(instrument: Instrument, header: Header, facts: VisitFacts) -> float:
    """AB magnitude of one ADU in the exposure: the header's, else the instrument's nominal one, else NaN."""
    given = optional_number(instrument, header, "zero_point")
    nominal = instrument.calibrated.nominal_zero_point.get(facts.band, math.nan)
    return nominal + 2.5 * math.log10(facts.exptime) if math.isnan(given) and facts.exptime > 0 else given
