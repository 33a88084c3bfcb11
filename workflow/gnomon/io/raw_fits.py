"""Raw exposures of amplifier images: one multi-extension FITS file per visit."""

from collections.abc import Mapping
from pathlib import Path

from astropy.io import fits

from gnomon.containers.provenance import Provenance
from gnomon.containers.raw import HeaderValue, RawAmp, RawVisit
from gnomon.io.atomic import replacing
from gnomon.io.fits_blocks import append_row
from gnomon.io.provenance import to_json


def write_raw(raw: RawVisit, path: str | Path, provenance: Provenance) -> None:
    """Write an exposure: the same exposure gives the same bytes, and a file that exists is whole."""
    hdus = [fits.PrimaryHDU(header=_cards(raw.header))]
    for number, detector in sorted(raw.detectors.items()):
        hdus += [_amp_hdu(number, k, amp, detector.header) for k, amp in enumerate(detector.amps)]
    with replacing(path) as temporary, open(temporary, "wb") as opened:
        fits.HDUList(hdus).writeto(opened, output_verify="exception")
        append_row(opened, "PROVENANCE", {"provenance": to_json(provenance)})


def _amp_hdu(detector: int, number: int, amp: RawAmp, shared: Mapping[str, HeaderValue]) -> fits.ImageHDU:
    own: dict[str, HeaderValue] = {
        "DETECTOR": detector, "AMPLIF": number,
        "DATASEC": amp.datasec.to_fits(), "BIASSEC": amp.biassec.to_fits(), "DETSEC": amp.detsec.to_fits(),
    }  # fmt: skip
    header = _cards({**own, **amp.header, **shared})
    return fits.ImageHDU(amp.data, header=header, name=f"DET{detector:03d}_AMP{number:02d}")


def _cards(values: Mapping[str, HeaderValue]) -> fits.Header:
    header = fits.Header()
    for key, value in values.items():
        header[key] = value
    return header
