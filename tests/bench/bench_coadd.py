"""A coadd of five visits, each a detector turned and dithered, against SWarp."""

import shutil
from pathlib import Path

import numpy as np
from bench_warp import SCALE, SIZE, _header, _read, swarp_version
from harness import Contestant, Task, cpu_seconds

VISITS = 5
SKY, FLUX, SIGMA, STEP = (
    900.0,
    1e5,
    1.8,
    128,
)  # variance of a pixel; stars of one flux and width, pixels apart


def _angle(visit: int) -> float:
    return 0.3 * visit


def make_scene(folder: Path) -> None:
    """Noise and stars on a grid of the sky, the variance, no mask."""
    from astropy.io import fits

    grid = np.arange(-SIZE / 2 + 200, SIZE / 2 - 200, STEP)
    x, y = (v.ravel() for v in np.meshgrid(grid, grid))
    np.savez(folder / "stars.npz", x=x, y=y)
    k = np.arange(-9, 10)
    for visit in range(VISITS):
        image = np.random.default_rng(visit).normal(0, np.sqrt(SKY), (SIZE, SIZE)).astype(np.float32)
        c, s = np.cos(_angle(visit)), np.sin(_angle(visit))
        for u, v in zip(c * x + s * y + SIZE / 2, -s * x + c * y + SIZE / 2, strict=True):
            i, j = round(u), round(v)
            if 10 < i < SIZE - 11 and 10 < j < SIZE - 11:
                gx, gy = (np.exp(-0.5 * ((k + n - a) / SIGMA) ** 2) for n, a in ((i, u), (j, v)))
                image[j - 9 : j + 10, i - 9 : i + 10] += FLUX / (2 * np.pi * SIGMA**2) * gy[:, None] * gx
        header = _header(_angle(visit))
        fits.writeto(folder / f"image{visit}.fits", image, header, overwrite=True)
        fits.writeto(folder / f"variance{visit}.fits", np.full_like(image, SKY), header, overwrite=True)
    target = _header(0.0)
    target["NAXIS"], target["NAXIS1"], target["NAXIS2"] = 2, SIZE, SIZE
    (folder / "target.head").write_text(target.tostring(sep="\n", padding=False, endcard=True) + "\n")


def _ours(scene: Path, out: Path) -> float:
    """Cells of the patch with artifacts looked for; reads five images and variances, writes both planes."""
    from gnomon.algorithms.coadd.artifacts import ArtifactSettings
    from gnomon.algorithms.coadd.patch import CoaddInput, PatchOptions, coadd_patch
    from gnomon.containers.calibrated import DetectorView, Smooth
    from gnomon.containers.coadd import PatchCoadd
    from gnomon.containers.image import Image
    from gnomon.containers.psf import PsfModel
    from gnomon.containers.skymap import PatchGrid
    from gnomon.containers.wcs import tangent_wcs

    scale, sky = np.radians(SCALE), (np.radians(50.0), np.radians(-20.0))
    stamp = np.exp(-0.5 * ((np.mgrid[:31, :31] - 15) ** 2).sum(0) / SIGMA**2)[None] / (2 * np.pi * SIGMA**2)
    psf = PsfModel(stamp.astype(np.float32), 0, (0.0, 0.0), (1.0, 1.0))
    one, none = Smooth(np.ones(1), 0, (0.0, 0.0), (1.0, 1.0)), np.zeros((SIZE, SIZE), np.uint32)
    inputs, grid = [], PatchGrid(scale, cells_inner=25)
    side = grid.patch_outer
    for visit in range(VISITS):
        c, s = scale * np.cos(_angle(visit)), scale * np.sin(_angle(visit))
        wcs = tangent_wcs(sky, (SIZE / 2, SIZE / 2), [[-c, s], [s, c]])
        planes = (_read(scene / f"{n}{visit}.fits", ">f4") for n in ("image", "variance"))
        view = DetectorView((SIZE, SIZE), wcs, psf, one, Image(*planes, none).section)
        bounds = (-2000.0, -2000.0, side + 2000.0, side + 2000.0)
        inputs.append(CoaddInput(visit, 0, 0.7, bounds, lambda v=view: v))
    wcs = tangent_wcs(sky, (side / 2, side / 2), [[-scale, 0], [0, scale]])
    options = PatchOptions(31, ArtifactSettings(), 500)
    seconds, cells = cpu_seconds(lambda: tuple(coadd_patch(grid.cells(), side, wcs, inputs, options)))
    image = PatchCoadd(cells, wcs, (side, side)).stitched()
    np.savez(out / "coadd.npz", flux=image.flux, variance=image.variance)
    return seconds


def _swarp(scene: Path, out: Path) -> list[str]:
    program = shutil.which("SWarp") or shutil.which("swarp") or "SWarp"
    (out / "coadd.head").write_text((scene / "target.head").read_text())
    options = {
        "IMAGEOUT_NAME": out / "coadd.fits",
        "WEIGHTOUT_NAME": out / "coadd.weight.fits",
        "WEIGHT_TYPE": "MAP_VARIANCE",
        "WEIGHT_IMAGE": ",".join(str(scene / f"variance{v}.fits") for v in range(VISITS)),
        "RESCALE_WEIGHTS": "N",
        "RESAMPLING_TYPE": "LANCZOS3",
        "SUBTRACT_BACK": "N",
        "COMBINE_TYPE": "WEIGHTED",
        "RESAMPLE_DIR": out,
        "DELETE_TMPFILES": "Y",
        "FSCALASTRO_TYPE": "FIXED",
        "NTHREADS": 1,
        "MEM_MAX": 1024,
        "COMBINE_BUFSIZE": 1024,
        "WRITE_XML": "N",
        "VERBOSE_TYPE": "QUIET",
    }
    images = [str(scene / f"image{v}.fits") for v in range(VISITS)]
    return [program, *images, *(w for k, v in options.items() for w in (f"-{k}", str(v)))]


def _check(scene: Path, out: Path) -> dict[str, float]:
    """Scatter of the stars' fluxes in a 12 px disc, and noise of empty sky, where all five visits are."""
    stars = np.load(scene / "stars.npz")
    if (out / "coadd.npz").exists():
        pixels = np.load(out / "coadd.npz")["flux"]
    else:
        from astropy.io import fits

        pixels = fits.getdata(out / "coadd.fits")
    middle, reach = pixels.shape[0] / 2, np.mgrid[-14:15, -14:15]
    fluxes, sky = [], []
    for x, y in zip(stars["x"], stars["y"], strict=True):
        if np.hypot(x, y) < SIZE / 2 - 150:
            i, j = round(x + middle), round(y + middle)
            disc = np.hypot(reach[1] + i - x - middle, reach[0] + j - y - middle) < 10
            fluxes.append(pixels[j - 14 : j + 15, i - 14 : i + 15][disc].sum() / FLUX)
            sky.append(pixels[j + 30 : j + 60, i + 30 : i + 60].std())
    return {"stars": len(fluxes), "flux": float(np.mean(fluxes)), "sky noise": float(np.mean(sky))}


TASKS = (
    Task(
        "coadd",
        "coadd",
        make_scene,
        (
            Contestant("ours with artifacts", lambda: "tree", call=_ours),
            Contestant("SWarp Lanczos-3 weighted", swarp_version, command=_swarp),
        ),
        _check,
        "Five images of 4096 x 4096 turned by 0 to 1.2 radians, with weights. Ours makes variance, mask, PSFs by "
        "cell and looks for artifacts; SWarp makes a weighted mean and a weight.",
    ),
)
