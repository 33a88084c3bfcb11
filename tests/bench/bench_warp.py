"""Resampling of one detector with its variance and its mask to a turned grid, against SWarp."""

from contextlib import ExitStack
from pathlib import Path

import numpy as np
from harness import Contestant, Task, cpu_seconds, fits_plane, swarp_command, swarp_version

SIZE = 4096
ANGLE = 0.3  # radians between the detector and the sky's grid
SCALE = 0.2 / 3600  # degrees per pixel
STEP = 64  # pixels between stars
FWHM = 3.5  # pixels
REACH = 24  # half side of the stamps that stars are judged on


def _profile():
    """A Kolmogorov star of FWHM 3.5 px, a little elliptical; unit is a pixel."""
    import galsim

    return galsim.Convolve(galsim.Kolmogorov(fwhm=FWHM).shear(g1=0.03, g2=0.02), galsim.Pixel(1))


def _header(angle: float):
    """TAN about the middle: SWarp heeds no SIP."""
    from astropy.io import fits

    c, s = SCALE * np.cos(angle), SCALE * np.sin(angle)
    header = fits.Header()
    header["CTYPE1"], header["CTYPE2"] = "RA---TAN", "DEC--TAN"
    header["CRVAL1"], header["CRVAL2"] = 50.0, -20.0
    header["CRPIX1"] = header["CRPIX2"] = SIZE / 2 + 1
    header["CD1_1"], header["CD1_2"], header["CD2_1"], header["CD2_2"] = -c, s, s, c
    return header


def _draw(image, profile, x: float, y: float, reach: int) -> None:
    import galsim

    i, j = round(x), round(y)
    stamp = galsim.ImageF(galsim.BoundsI(i - reach, i + reach, j - reach, j + reach))
    profile.drawImage(stamp, scale=1, center=galsim.PositionD(x, y), method="no_pixel")
    image[stamp.bounds] += stamp[stamp.bounds]


def make_scene(folder: Path) -> None:
    """Noiseless stars on a grid with random sub-pixel places; a white-noise plane beside it; one weight."""
    import galsim
    from astropy.io import fits

    rng = np.random.default_rng(20261122)
    image = galsim.ImageF(SIZE, SIZE, xmin=0, ymin=0)
    x, y = (
        v.ravel() + rng.uniform(-0.5, 0.5, v.size)
        for v in np.meshgrid(*[np.arange(STEP, SIZE - STEP // 2, STEP)] * 2)
    )
    profile = _profile() * 1e5
    for a, b in zip(x, y, strict=True):
        _draw(image, profile, a, b, 30)
    ones, header = np.ones((SIZE, SIZE), np.float32), _header(ANGLE)
    fits.writeto(folder / "image.fits", image.array, header, overwrite=True)
    fits.writeto(folder / "variance.fits", ones, header, overwrite=True)
    mask = np.zeros((SIZE, SIZE), np.int32)
    mask.ravel()[rng.integers(0, SIZE * SIZE, 3000)] = 1
    fits.writeto(folder / "mask.fits", mask, header, overwrite=True)
    np.savez(folder / "stars.npz", x=x, y=y)
    target = _header(0.0)
    target["NAXIS"], target["NAXIS1"], target["NAXIS2"] = 2, SIZE, SIZE
    (folder / "target.head").write_text(target.tostring(sep="\n", padding=False, endcard=True) + "\n")


def _wcs(angle: float):
    from gnomon.containers.wcs import tangent_wcs

    c, s = np.radians(SCALE) * np.cos(angle), np.radians(SCALE) * np.sin(angle)
    middle = SIZE / 2, SIZE / 2
    return tangent_wcs((np.radians(50.0), np.radians(-20.0)), middle, [[-c, s], [s, c]])


def _ours(interpolant: str):
    """The warp of three planes, block by block in bands of rows: what is read, made and written at a time is small."""

    def run(scene: Path, out: Path) -> float:
        from gnomon.algorithms.warp import coordinate_nodes
        from gnomon.algorithms.warp.resample import warp_section
        from gnomon.containers.image import Image
        from gnomon.memory import keep_freed_memory

        keep_freed_memory()  # as the command line does
        flux, variance, mask = (fits_plane(scene / f"{n}.fits", t, (SIZE, SIZE)) for n, t in _PLANES.items())

        def section(rows: slice, columns: slice) -> Image:
            """Pixels in native byte order."""
            at = rows, columns
            return Image(flux[at].astype("f4"), variance[at].astype("f4"), mask[at].astype("u4"))

        def blocks() -> float:
            nodes = coordinate_nodes(_wcs(ANGLE), _wcs(0.0), (SIZE, SIZE))
            bands = [np.empty((BLOCK, SIZE), kind) for kind in _PLANES.values()]
            with ExitStack() as files:
                opened = [files.enter_context((out / f"{n}.raw").open("wb")) for n in _PLANES]
                for y in range(0, SIZE, BLOCK):
                    for x in range(0, SIZE, BLOCK):
                        part = nodes.part(y, x, (BLOCK, BLOCK))
                        made = warp_section(section, (SIZE, SIZE), part, interpolant)
                        for band, plane in zip(bands, (made.flux, made.variance, made.mask), strict=True):
                            band[:, x : x + BLOCK] = plane
                    for file, band in zip(opened, bands, strict=True):
                        band.tofile(file)
            return 0.0

        return cpu_seconds(blocks)[0]

    return run


BLOCK = 1024  # pixels along a side of what is warped at a time
_PLANES = {"image": ">f4", "variance": ">f4", "mask": ">u4"}


def _swarp(scene: Path, out: Path) -> list[str]:
    return swarp_command(
        scene, out, [("image.fits", "variance.fits")], COMBINE="N", RESAMPLE_SUFFIX=".resamp.fits"
    )


def _warped(out: Path) -> tuple[np.ndarray, float, float]:
    """Pixels, and where pixel (0, 0) lies on the target."""
    if (out / "image.raw").exists():
        return np.fromfile(out / "image.raw", ">f4").reshape(SIZE, SIZE), 0.0, 0.0
    from astropy.io import fits

    with fits.open(out / "image.resamp.fits") as opened:
        header = opened[0].header
        return (
            opened[0].data,
            SIZE / 2 + 1 - header["CRPIX1"],
            SIZE / 2 + 1 - header["CRPIX2"],
        )


def _check(scene: Path, out: Path) -> dict[str, float]:
    """Flux, place, size and shape of every fifth star against the exactly turned profile."""
    import galsim

    stars, pixels_at = np.load(scene / "stars.npz"), _warped(out)
    pixels, x0, y0 = pixels_at
    c, s = np.cos(ANGLE), np.sin(ANGLE)
    # pixel (u, v) from the middle has xi = -c u + s v, eta = s u + c v; the target -u, v
    u, v = stars["x"] - SIZE / 2, stars["y"] - SIZE / 2
    x, y = c * u - s * v + SIZE / 2 - x0, s * u + c * v + SIZE / 2 - y0
    turned = galsim.Transform(_profile(), jac=[[c, -s], [s, c]]) * 1e5
    errors = []
    for a, b in list(zip(x, y, strict=True))[::5]:
        i, j = round(a), round(b)
        if min(i, j) < 40 or i > pixels.shape[1] - 40 or j > pixels.shape[0] - 40:
            continue
        if max(abs(a + x0 - SIZE / 2), abs(b + y0 - SIZE / 2)) > SIZE / 2 - 40:
            continue
        truth = galsim.ImageF(galsim.BoundsI(i - REACH, i + REACH, j - REACH, j + REACH))
        turned.drawImage(truth, scale=1, center=galsim.PositionD(a, b), method="no_pixel")
        cut = pixels[j - REACH : j + REACH + 1, i - REACH : i + REACH + 1].astype(np.float32)
        got = galsim.Image(cut.copy(), xmin=i - REACH, ymin=j - REACH)
        t, g = truth.FindAdaptiveMom(), got.FindAdaptiveMom()
        place, rows = (
            g.moments_centroid - t.moments_centroid,
            np.mgrid[-REACH : REACH + 1, -REACH : REACH + 1],
        )
        disc = np.hypot(rows[0], rows[1]) < 12
        errors.append(
            [
                got.array[disc].sum() / truth.array[disc].sum() - 1,
                np.hypot(place.x, place.y),
                g.moments_sigma / t.moments_sigma - 1,
                g.observed_shape.e1 - t.observed_shape.e1,
                g.observed_shape.e2 - t.observed_shape.e2,
            ]
        )
    table = np.array(errors)
    rms = np.sqrt((table**2).mean(0))
    return {
        "stars": len(table),
        "flux rms": rms[0],
        "centroid px rms": rms[1],
        "dsigma/sigma": table[:, 2].mean(),
        "e1 rms": rms[3],
        "e2 rms": rms[4],
    }


TASKS = (
    Task(
        "warp",
        "warp",
        make_scene,
        (
            Contestant("ours quintic", lambda: "tree", call=_ours("quintic")),
            Contestant("ours Lanczos-3", lambda: "tree", call=_ours("lanczos3")),
            Contestant("SWarp Lanczos-3", swarp_version, command=_swarp),
        ),
        _check,
        "4096 x 4096 turned by 0.3 radians to 4096 x 4096. Processes of ours read and write image, variance and mask; "
        "SWarp reads and writes image and weight.",
    ),
)
