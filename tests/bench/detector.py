"""A simulated 4096 x 4096 detector with truth, and the programs that see it."""

import re
import shutil
import subprocess
from importlib import metadata
from pathlib import Path

import numpy as np

SIZE = 4096
STARS, GALAXIES = 5160, 5200
ZERO_POINT = 31.6  # electrons: a point source of magnitude 24 is about 5 sigma
READ_NOISE = 6.0
BOX = 128


def make_detector(folder: Path) -> None:
    """Sky of 1480 e with structure of 1.5 %, Kolmogorov PSF of FWHM 3.5 px that varies, stars and galaxies."""
    import galsim

    rng = np.random.default_rng(20261122)
    n, image = SIZE, galsim.ImageF(SIZE, SIZE, scale=1)
    mag = 15.5 + np.log10(1 + rng.random(STARS) * (10 ** (0.2 * 10) - 1)) / 0.2
    sx, sy, sf = rng.uniform(0, n - 1, STARS), rng.uniform(0, n - 1, STARS), 10 ** (-0.4 * (mag - ZERO_POINT))
    gmag = 18 + np.log10(1 + rng.random(GALAXIES) * (10 ** (0.35 * 7.2) - 1)) / 0.35
    gx, gy, gf = (
        rng.uniform(0, n - 1, GALAXIES),
        rng.uniform(0, n - 1, GALAXIES),
        10 ** (-0.4 * (gmag - ZERO_POINT)),
    )
    for x, y, f in zip(sx, sy, sf, strict=True):
        _add(image, psf_at(x, y).withFlux(f), x, y, 301 if f > 1e6 else 101 if f > 3e4 else 41)
    size = 10 ** rng.normal(0.35, 0.25, GALAXIES)
    for x, y, f, h in zip(gx, gy, gf, size, strict=True):
        e = np.clip(rng.normal(0, 0.25, 2), -0.5, 0.5)
        kind = galsim.DeVaucouleurs if rng.random() < 0.2 else galsim.Exponential
        profile = kind(half_light_radius=h, flux=f).shear(g1=e[0], g2=e[1])
        _add(image, galsim.Convolve(profile, psf_at(x, y)), x, y, int(min(151, max(41, 12 * h))) | 1)
    yy, xx = np.mgrid[:n, :n] / n
    sky = 1480 * (1 + 0.01 * xx - 0.01 * yy + 0.008 * np.sin(3 * xx) * np.cos(2 * yy))
    expected = image.array + sky
    flux = rng.poisson(expected) + rng.normal(0, READ_NOISE, expected.shape)
    _write_fits(folder / "image.fits", flux)
    _write_fits(folder / "subtracted.fits", flux - sky)
    _write_fits(folder / "variance.fits", expected + READ_NOISE**2)
    np.save(folder / "sky.npy", sky.astype(np.float32))
    x, y, f = np.concatenate([sx, gx]), np.concatenate([sy, gy]), np.concatenate([sf, gf])
    star = np.arange(STARS + GALAXIES) < STARS
    radius = np.concatenate([np.zeros(STARS), size])
    np.savez(
        folder / "truth.npz", x=x, y=y, flux=f, star=star, mag=np.concatenate([mag, gmag]), radius=radius
    )
    basis, centre, scale = psf_basis()
    np.savez(folder / "psf.npz", basis=basis, centre=centre, scale=scale)


def psf_at(x: float, y: float):
    """The PSF at a pixel: FWHM 3.5 px +- 3 %, ellipticity up to 0.06."""
    import galsim

    u, v = 2 * x / SIZE - 1, 2 * y / SIZE - 1
    profile = galsim.Kolmogorov(fwhm=3.5 * (1 + 0.02 * u - 0.01 * u * v))
    return profile.shear(g1=0.03 * u + 0.01 * v * v, g2=-0.02 * v + 0.02 * u * v)


def psf_basis():
    """Coefficient images of degree 2 through the exact PSF on a 7 x 7 grid: (6, 41, 41)."""
    from gnomon.containers.psf import polynomial_terms

    nodes = np.linspace(0, SIZE - 1, 7)
    x, y = (v.ravel() for v in np.meshgrid(nodes, nodes))
    stamps = np.array(
        [psf_at(a, b).drawImage(nx=41, ny=41, scale=1).array for a, b in zip(x, y, strict=True)]
    )
    stamps /= stamps.sum(axis=(1, 2), keepdims=True)
    half = SIZE / 2
    terms = polynomial_terms(((x - half) / half, (y - half) / half), 2)
    basis = np.linalg.lstsq(terms, stamps.reshape(len(x), -1), rcond=None)[0].reshape(-1, 41, 41)
    return basis.astype(np.float32), (half, half), (half, half)


def _add(image, profile, x, y, size):
    ix, iy = round(x), round(y)
    stamp = profile.drawImage(nx=size, ny=size, scale=1, offset=(x - ix, y - iy))
    stamp.setCenter(ix + 1, iy + 1)
    common = stamp.bounds & image.bounds
    if common.isDefined():
        image[common] += stamp[common]


def _write_fits(path: Path, pixels: np.ndarray) -> None:
    from astropy.io import fits

    fits.writeto(path, pixels.astype(np.float32), overwrite=True)


def read_fits(path: Path) -> np.ndarray:
    """Pixels of a float32 primary HDU as native float32: what a reader must do at least, without start-up cost."""
    data = np.memmap(path, np.uint8, "r")
    length = 2880 * (1 + bytes(data[: 20 * 2880]).index(b"END" + b" " * 77) // 2880)
    return data[length : length + 4 * SIZE * SIZE].view(">f4").reshape(SIZE, SIZE).astype(np.float32)


def ours_version() -> str:
    """Version of this package."""
    return metadata.version("gnomon") if _has("gnomon") else "tree"


def sep_version() -> str | None:
    """Version of sep."""
    return metadata.version("sep") if _has("sep") else None


def astroscrappy_version() -> str | None:
    """Version of astroscrappy."""
    return metadata.version("astroscrappy") if _has("astroscrappy") else None


def sextractor_version() -> str | None:
    """Version of SExtractor."""
    return program_version("source-extractor") or program_version("sex")


def program_version(name: str) -> str | None:
    """Version of a program of the AstrOmatic family; None where it is not installed."""
    program = shutil.which(name)
    if program is None:
        return None
    text = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    return (re.findall(r"\d+\.\d+\.\d+", text) or ["?"])[0]


def sextractor(image: Path, out: Path, columns: list[str], **options: object) -> list[str]:
    """Command line of SExtractor with its stock files; the catalogue is ``out/image.cat``."""
    program = shutil.which("source-extractor") or "sex"
    stock = Path("/usr/share/source-extractor")
    (out / "columns.param").write_text("\n".join(columns) + "\n")
    settings = {
        "CATALOG_NAME": out / "image.cat",
        "CATALOG_TYPE": "ASCII_HEAD",
        "PARAMETERS_NAME": out / "columns.param",
        "FILTER_NAME": stock / "gauss_3.0_7x7.conv",
        "STARNNW_NAME": stock / "default.nnw",
        "BACK_SIZE": BOX,
        "BACK_FILTERSIZE": 3,
        "VERBOSE_TYPE": "QUIET",
        "MEMORY_PIXSTACK": 3000000,
        "MEMORY_BUFSIZE": 4096,
        "NTHREADS": 1,
    } | options
    return [program, str(image), *(str(v) for pair in settings.items() for v in (f"-{pair[0]}", pair[1]))]


def _has(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True
