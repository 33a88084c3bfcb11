"""Raw exposures of amplifier images: one multi-extension FITS file per visit."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from astropy.io import fits

from gnomon.containers.provenance import Provenance
from gnomon.containers.raw import HeaderValue, RawAmp, RawDetector, RawVisit, parse_section
from gnomon.errors import UnprocessableData
from gnomon.io.atomic import replacing
from gnomon.io.fits_blocks import append_row
from gnomon.io.provenance import to_json

_AMP_CARDS = ("GAIN", "RDNOISE", "SATURATE")
_OWN_CARDS = {"DETECTOR", "AMPLIF", "DATASEC", "BIASSEC", "DETSEC", *_AMP_CARDS}
_STRUCTURE = {"SIMPLE", "BITPIX", "NAXIS", "NAXIS1", "NAXIS2", "EXTEND", "XTENSION", "PCOUNT", "GCOUNT"}
_STRUCTURE |= {"BSCALE", "BZERO", "EXTNAME", "CHECKSUM", "DATASUM", "COMMENT", "HISTORY", ""}


def write_raw(raw: RawVisit, path: str | Path, provenance: Provenance) -> None:
    """Write an exposure: the same exposure gives the same bytes, and a file that exists is whole."""
    hdus = [fits.PrimaryHDU(header=_cards(raw.header))]
    for number, detector in sorted(raw.detectors.items()):
        hdus += [_amp_hdu(number, k, amp, detector.header) for k, amp in enumerate(detector.amps)]
    with replacing(path) as temporary, open(temporary, "wb") as opened:
        fits.HDUList(hdus).writeto(opened, output_verify="exception")
        append_row(opened, "PROVENANCE", {"provenance": to_json(provenance)})


def read_raw(path: Path) -> RawVisit:
    """Read what `write_raw` wrote.

    Raises
    ------
    UnprocessableData
        The file is no FITS file, is cut off, or lacks a card.
    """
    try:
        with fits.open(path, memmap=False) as hdus:
            header = _values(hdus[0].header)
            amps = [_read_amp(hdu) for hdu in hdus[1:] if hdu.name.startswith("DET")]
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise UnprocessableData(f"{path.name}: not a whole raw exposure ({error})") from error
    detectors: dict[int, RawDetector] = {}
    for number, amp, shared in amps:
        before = detectors[number].amps if number in detectors else ()
        detectors[number] = RawDetector((*before, amp), shared)
    return RawVisit(header, detectors)


def _amp_hdu(detector: int, number: int, amp: RawAmp, shared: Mapping[str, HeaderValue]) -> fits.ImageHDU:
    own: dict[str, HeaderValue] = {
        "DETECTOR": detector, "AMPLIF": number,
        "DATASEC": amp.datasec.to_fits(), "BIASSEC": amp.biassec.to_fits(), "DETSEC": amp.detsec.to_fits(),
    }  # fmt: skip
    header = _cards({**own, **amp.header, **shared})
    return fits.ImageHDU(amp.data, header=header, name=f"DET{detector:03d}_AMP{number:02d}")


def _read_amp(hdu: fits.ImageHDU) -> tuple[int, RawAmp, dict[str, HeaderValue]]:
    h = hdu.header
    data, bias, detector = (parse_section(h[k]) for k in ("DATASEC", "BIASSEC", "DETSEC"))
    amp = RawAmp(np.asarray(hdu.data, np.uint16), data, bias, detector, {k: h[k] for k in _AMP_CARDS})
    shared = {k: v for k, v in _values(h).items() if k not in _OWN_CARDS}
    return int(h["DETECTOR"]), amp, shared


def _cards(values: Mapping[str, HeaderValue]) -> fits.Header:
    header = fits.Header()
    for key, value in values.items():
        header[key] = value
    return header


def _values(header: fits.Header) -> dict[str, HeaderValue]:
    return {k: v for k, v in header.items() if k not in _STRUCTURE}
