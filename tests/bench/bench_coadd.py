"""A coadd of five visits, each a detector turned and dithered, against SWarp."""

from pathlib import Path

import numpy as np
from bench_warp import SCALE, SIZE, _header
from harness import Contestant, Task, cpu_seconds, fits_plane, swarp_command, swarp_version

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


def _view(scene: Path, visit: int):
    """A detector whose sections are read from the files of a visit."""
    from gnomon.containers.calibrated import DetectorView, Smooth
    from gnomon.containers.image import Image
    from gnomon.containers.psf import PsfModel
    from gnomon.containers.wcs import tangent_wcs

    stamp = np.exp(-0.5 * ((np.mgrid[:31, :31] - 15) ** 2).sum(0) / SIGMA**2)[None] / (2 * np.pi * SIGMA**2)
    psf = PsfModel(stamp.astype(np.float32), 0, (0.0, 0.0), (1.0, 1.0))
    one, scale = Smooth(np.ones(1), 0, (0.0, 0.0), (1.0, 1.0)), np.radians(SCALE)
    c, s = scale * np.cos(_angle(visit)), scale * np.sin(_angle(visit))
    wcs = tangent_wcs(_MIDDLE, (SIZE / 2, SIZE / 2), [[-c, s], [s, c]])
    flux, variance = (
        fits_plane(scene / f"{n}{visit}.fits", ">f4", (SIZE, SIZE)) for n in ("image", "variance")
    )

    def section(rows: slice, columns: slice) -> Image:
        """Pixels in native byte order."""
        planes = flux[rows, columns].astype("f4"), variance[rows, columns].astype("f4")
        return Image(*planes, np.zeros(planes[0].shape, np.uint32))

    return DetectorView((SIZE, SIZE), wcs, psf, one, section)


_MIDDLE = np.radians(50.0), np.radians(-20.0)


def _write(cells, shape: tuple[int, int], across: int, out: Path) -> float:
    """Flux and variance, row of cells by row of cells as they are made."""
    from gnomon.containers.coadd import Rows

    waiting: dict[int, tuple[Rows, list[int]]] = {}
    with (out / "flux.raw").open("wb") as flux, (out / "variance.raw").open("wb") as variance:
        for made in cells:
            kept = made.cell.kept(shape)
            if kept.y0 not in waiting:
                waiting[kept.y0] = Rows(shape, kept.y0, kept.ny), []
            rows, come = waiting[kept.y0]
            rows.put(made)
            come.append(made.cell.index)
            if len(come) == across:
                assert kept.y0 == min(waiting)
                rows.image.flux.tofile(flux)
                rows.image.variance.tofile(variance)
                del waiting[kept.y0]
    return 0.0


def _ours(*, artifacts: bool):
    """Cells of the patch; reads five images and variances, writes both planes."""

    def run(scene: Path, out: Path) -> float:
        from gnomon.algorithms.coadd.artifacts import ArtifactSettings
        from gnomon.algorithms.coadd.patch import CoaddInput, PatchOptions, coadd_patch
        from gnomon.containers.skymap import PatchGrid
        from gnomon.containers.wcs import tangent_wcs
        from gnomon.memory import keep_freed_memory

        keep_freed_memory()  # as the command line does
        scale = np.radians(SCALE)
        grid = PatchGrid(scale, cells_inner=25)
        side = grid.patch_outer
        bounds = (-2000.0, -2000.0, side + 2000.0, side + 2000.0)
        views = [_view(scene, visit) for visit in range(VISITS)]
        inputs = [CoaddInput(k, 0, 0.7, bounds, lambda v=view: v) for k, view in enumerate(views)]
        wcs = tangent_wcs(_MIDDLE, (side / 2, side / 2), [[-scale, 0], [0, scale]])
        settings = ArtifactSettings() if artifacts else ArtifactSettings(few_most=0.0)
        options = PatchOptions(31, settings, 600)
        cells, across = grid.cells(), grid.cells_inner + 2 * grid.cells_border

        def patch() -> float:
            return _write(coadd_patch(cells, side, wcs, inputs, options), (side, side), across, out)

        return cpu_seconds(patch)[0]

    return run


def _swarp(scene: Path, out: Path) -> list[str]:
    names = [(f"image{v}.fits", f"variance{v}.fits") for v in range(VISITS)]
    return swarp_command(scene, out, names, COMBINE_TYPE="WEIGHTED", DELETE_TMPFILES="Y")


def _check(scene: Path, out: Path) -> dict[str, float]:
    """Scatter of the stars' fluxes in a 12 px disc, and noise of empty sky, where all five visits are."""
    stars = np.load(scene / "stars.npz")
    if (out / "flux.raw").exists():
        pixels = np.fromfile(out / "flux.raw", "f4")
        pixels = pixels.reshape(-1, round(np.sqrt(pixels.size)))
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
            Contestant("ours with artifacts", lambda: "tree", call=_ours(artifacts=True)),
            Contestant("ours without", lambda: "tree", call=_ours(artifacts=False)),
            Contestant("SWarp Lanczos-3 weighted", swarp_version, command=_swarp),
        ),
        _check,
        "Five images of 4096 x 4096 turned by 0 to 1.2 radians, with weights. Ours makes variance, mask, PSFs by "
        "cell and looks for artifacts; SWarp makes a weighted mean and a weight.",
    ),
)
