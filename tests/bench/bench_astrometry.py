"""The map of one detector from its detections, a wrong header and a reference catalogue."""

import resource
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import detector
import numpy as np
from harness import Contestant, Task, cpu_seconds

sys.path.insert(0, str(Path(__file__).parents[1]))

STARTS = (((2.0, 2.0), 0.05), ((-1.0, 2.5), -0.05), ((0.5, -2.0), 0.02))
"""Offset in arcsec and rotation in degrees of each field's header; its distortion (4 px at the corners) is lost too."""
STARS = 913
NOISE_PX = 0.008  # of a star of magnitude 20: 1.6 mas
_WIDTH_PX = 1.5  # of a PSF of 3.5 px FWHM: S/N is the width over the centroid's error
GRID = 40


def make_fields(folder: Path) -> None:
    """Each field's detections, catalogue and header, as arrays and as SCAMP's FITS_LDAC tables."""
    from algorithms.astrometry.sky import make_field, spoil

    for k, (offset, turn) in enumerate(STARTS):
        field = make_field(np.random.default_rng(k + 1), STARS, noise_px=NOISE_PX)
        start = spoil(field.wcs, offset, turn)
        names = ("x", "y", "error", "flux")
        seen = {n: getattr(field.detections, n) for n in names}
        known = {f"ref_{n}": getattr(field.reference, n) for n in ("ra", "dec", "error", "flux")}
        np.savez(folder / f"field{k}.npz", **seen, **known, **_wcs_arrays("start", start))
        np.savez(folder / f"truth{k}.npz", **_wcs_arrays("true", field.wcs))
        _write_detections(folder / f"field{k}.cat", field, start)
        _write_reference(folder / f"reference{k}.cat", field.reference)


def _wcs_arrays(name: str, wcs: Any) -> dict[str, Any]:
    return {f"{name}_{n}": np.asarray(getattr(wcs, n)) for n in ("crval", "crpix", "cd", "a", "b")}


def _read_wcs(arrays: Any, name: str) -> Any:
    from gnomon.containers.wcs import Wcs

    crval, crpix, cd, a, b = (arrays[f"{name}_{n}"] for n in ("crval", "crpix", "cd", "a", "b"))
    return Wcs(tuple(map(float, crval)), tuple(map(float, crpix)), cd, a, b)


def _write_ldac(path: Path, header: Any, columns: dict[str, np.ndarray]) -> None:
    """A FITS_LDAC file: the header of the image as one row of text, then the objects."""
    from astropy.io import fits

    cards = header.tostring(padding=False).encode()
    text = fits.Column("Field Header Card", f"{len(cards)}B", array=np.frombuffer(cards, np.uint8)[None])
    head = fits.BinTableHDU.from_columns([text], name="LDAC_IMHEAD")
    forms = {"i4": "1J", "i2": "1I", "f4": "1E", "f8": "1D"}  # a form without its count crashes SCAMP
    table = [fits.Column(n, forms[v.dtype.str[1:]], array=v) for n, v in columns.items()]
    objects = fits.BinTableHDU.from_columns(table, name="LDAC_OBJECTS")
    fits.HDUList([fits.PrimaryHDU(), head, objects]).writeto(path, overwrite=True)
    form = (
        f"'{len(cards)}{{}}".encode()
    )  # astropy would write text without the blanks at its end: a crash, too
    path.write_bytes(path.read_bytes().replace(form.replace(b"{}", b"B"), form.replace(b"{}", b"A"), 1))


def _write_detections(path: Path, field: Any, start: Any) -> None:
    from astropy.io import fits

    from gnomon.io.fits_wcs import wcs_to_header

    header = fits.Header({"SIMPLE": True, "BITPIX": 16, "NAXIS": 2, "NAXIS1": 4096, "NAXIS2": 4096})
    for key, value in dict(wcs_to_header(start)).items():
        header[key] = value
    for key, value in {"EQUINOX": 2000.0, "RADESYS": "ICRS", "MJD-OBS": 57388.0, "EXPTIME": 30.0}.items():
        header[key] = value
    d, n, single = field.detections, len(field.detections), np.float32
    flux = d.flux * 10 ** (0.4 * detector.ZERO_POINT)
    columns = {
        "NUMBER": np.arange(1, n + 1, dtype=np.int32), "XWIN_IMAGE": d.x + 1, "YWIN_IMAGE": d.y + 1,
        "ERRAWIN_IMAGE": single(d.error), "ERRBWIN_IMAGE": single(d.error), "ERRTHETAWIN_IMAGE": single(0.0 * d.x),
        "FLUX_AUTO": single(flux), "FLUXERR_AUTO": single(flux * d.error / _WIDTH_PX),
        "FLAGS": np.zeros(n, np.int16), "FLUX_RADIUS": single(0 * d.x + 2), "ELONGATION": single(0 * d.x + 1),
    }  # fmt: skip
    _write_ldac(path, header, columns)


def _write_reference(path: Path, stars: Any) -> None:
    from astropy.io import fits

    header = fits.Header({"SIMPLE": True, "BITPIX": 8, "NAXIS": 0, "EQUINOX": 2000.0, "RADESYS": "ICRS"})
    n, error = len(stars), np.degrees(stars.error).astype(np.float32)
    columns = {
        "X_WORLD": np.degrees(stars.ra), "Y_WORLD": np.degrees(stars.dec), "ERRA_WORLD": error,
        "ERRB_WORLD": error, "ERRTHETA_WORLD": 0 * error, "MAG": (-2.5 * np.log10(stars.flux)).astype(np.float32),
        "MAGERR": 0 * error + np.float32(0.02), "OBSDATE": np.full(n, 2016.0),
    }  # fmt: skip
    _write_ldac(path, header, columns)


def _ours(scene: Path, out: Path) -> float:
    from gnomon.algorithms.astrometry.fit import solve_astrometry
    from gnomon.containers.stars import Detections, Reference

    seconds = []
    for k in range(len(STARTS)):
        given = np.load(scene / f"field{k}.npz")
        seen = Detections(*(given[n] for n in ("x", "y", "error", "flux")))
        known = Reference(*(given[f"ref_{n}"] for n in ("ra", "dec", "error", "flux")))
        given = seen, known, _read_wcs(given, "start"), (detector.SIZE, detector.SIZE)
        cost, (solution, _) = cpu_seconds(partial(solve_astrometry, *given))
        seconds.append(cost)
        np.savez(out / f"found{k}.npz", **_wcs_arrays("found", solution.wcs))
    return float(np.mean(seconds))


def _scamp(scene: Path, out: Path) -> float:
    settings = {
        "ASTREF_CATALOG": "FILE", "DISTORT_DEGREES": 3, "STABILITY_TYPE": "EXPOSURE", "POSITION_MAXERR": 0.2,
        "POSANGLE_MAXERR": 1.0, "PIXSCALE_MAXERR": 1.02, "SN_THRESHOLDS": "20,100", "CROSSID_RADIUS": 2,
        "NTHREADS": 1, "CHECKPLOT_TYPE": "NONE", "CHECKPLOT_DEV": "NULL", "WRITE_XML": "N",
        "SOLVE_PHOTOM": "N", "VERBOSE_TYPE": "QUIET", "SAVE_REFCATALOG": "N",
    }  # fmt: skip
    options = [str(v) for pair in settings.items() for v in (f"-{pair[0]}", pair[1])]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for k in range(len(STARTS)):
        (out / f"field{k}.cat").unlink(missing_ok=True)
        (out / f"field{k}.cat").symlink_to(scene / f"field{k}.cat")
        reference = ["-ASTREFCAT_NAME", str(scene / f"reference{k}.cat")]
        subprocess.run(["scamp", f"field{k}.cat", *reference, *options], check=True, cwd=out)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / len(STARTS)


def _found(out: Path, k: int, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sky positions of pixels, radians, by the map that a contestant wrote."""
    if (out / f"found{k}.npz").exists():
        ra, dec = _read_wcs(np.load(out / f"found{k}.npz"), "found").pixel_to_sky(x, y)
        return ra, dec
    from astropy.io import fits
    from astropy.wcs import WCS

    text = (out / f"field{k}.head").read_text(encoding="latin1")
    lines = [line for line in text.splitlines() if not line.startswith(("HISTORY", "COMMENT", "END"))]
    ra, dec = WCS(fits.Header.fromstring("\n".join(lines), sep="\n")).all_pix2world(x, y, 0)
    return np.radians(ra), np.radians(dec)


def _check(scene: Path, out: Path) -> dict[str, float]:
    from gnomon.containers.wcs import sky_to_plane

    mas, rms, worst = np.pi / 180 / 3.6e6, [], []
    x, y = (v.ravel() for v in np.meshgrid(*[np.linspace(0, detector.SIZE - 1, GRID)] * 2))
    for k in range(len(STARTS)):
        truth = _read_wcs(np.load(scene / f"truth{k}.npz"), "true")
        true = np.stack(sky_to_plane(*truth.pixel_to_sky(x, y), truth.crval))
        error = (np.stack(sky_to_plane(*_found(out, k, x, y), truth.crval)) - true) / mas
        rms.append(float(np.sqrt(np.mean(error**2))))
        worst.append(float(np.max(np.hypot(*error))))
    return {"rms mas": float(np.mean(rms)), "worst field rms mas": max(rms), "worst place mas": max(worst)}


TASKS = (
    Task(
        "astrometry",
        "fields",
        make_fields,
        (
            Contestant("ours", detector.ours_version, call=_ours),
            Contestant("SCAMP", lambda: detector.program_version("scamp"), call=_scamp),
        ),
        _check,
        "Three fields of 4096 x 4096, some 1000 detections, a fifth of them false, 3000 catalogue stars of 1.7 mas "
        "in and around each; headers 2 to 3 arcsec and 0.02 to 0.05 degrees off, without the distortion of 4 px. "
        "Cubic in both. The call is one field: matching and fit (ours), the whole of SCAMP. Errors of the map on a "
        "grid, per axis.",
    ),
)
