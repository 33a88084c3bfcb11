"""The PSF of one detector from its stars."""

import resource
import subprocess
from pathlib import Path

import detector
import numpy as np
from bench_cosmicray import make_struck
from harness import Contestant, Task, cpu_seconds

PLACES, SIDE = 300, 41
_NEAR_PX, _FAR_PX = 300.0, 1500.0  # 1 and 5 arcmin: the scales of TE1 and TE2 (LSST SRD)
COLUMNS = [
    "X_IMAGE", "Y_IMAGE", "FLUX_RADIUS", "SNR_WIN", "FLUX_APER(1)", "FLUXERR_APER(1)", "ELONGATION", "FLAGS",
    "VIGNET(41,41)",
]  # fmt: skip


def places() -> np.ndarray:
    """(2, n) x and y at which models are compared with the truth."""
    return np.random.default_rng(8).integers(50, detector.SIZE - 50, (2, PLACES)).astype(float)


def sources_of(scene: Path):
    """The image and its bright sources, measured with a round guess of the PSF."""
    from gnomon.algorithms.detect import deblend, find_footprints
    from gnomon.algorithms.measure import measure_sources
    from gnomon.algorithms.visit.characterise import gaussian_psf
    from gnomon.containers.image import Image

    flux = detector.read_fits(scene / "subtracted.fits")
    image = Image(flux, detector.read_fits(scene / "variance.fits"), np.zeros(flux.shape, np.uint32))
    guess = gaussian_psf(3.5, image.shape)
    return image, measure_sources(image, deblend(image, find_footprints(image, guess, threshold=20.0)), guess)


def _ours(scene: Path, out: Path) -> float:
    from gnomon.algorithms.psf import fit_psf
    from gnomon.algorithms.visit.characterise import select_rows

    image, sources = sources_of(scene)

    def work():
        rows = select_rows(sources, 50.0)[0]
        return fit_psf(image, sources["x"][rows], sources["y"][rows], size=SIDE)

    seconds, fit = cpu_seconds(work)
    np.savez(out / "stamps.npz", stamps=fit.model.stamps(*places()), stars=fit.used.sum())
    return seconds


def _psfex(scene: Path, out: Path) -> float:
    import galsim
    import galsim.des
    from astropy.io import fits

    options = {"CATALOG_TYPE": "FITS_LDAC", "DETECT_THRESH": 1.5, "PHOT_APERTURES": 17, "GAIN": 1.0}
    subprocess.run(
        detector.sextractor(scene / "subtracted.fits", out, COLUMNS, **options), check=True, cwd=out
    )
    settings = {
        "PSFVAR_DEGREES": 2, "PSF_SIZE": "41,41", "PSF_SAMPLING": 1.0, "SAMPLE_MINSN": 50, "NTHREADS": 1,
        "CHECKPLOT_TYPE": "NONE", "CHECKPLOT_DEV": "NULL", "CHECKIMAGE_TYPE": "NONE", "WRITE_XML": "N",
        "VERBOSE_TYPE": "QUIET",
    }  # fmt: skip
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    argv = ["psfex", "image.cat", *(str(v) for k, value in settings.items() for v in (f"-{k}", value))]
    subprocess.run(argv, check=True, cwd=out)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    model = galsim.des.DES_PSFEx(str(out / "image.psf"))
    draw = [model.getPSF(galsim.PositionD(x + 1, y + 1)) for x, y in places().T]
    stamps = [p.drawImage(nx=SIDE, ny=SIDE, scale=1, method="no_pixel").array for p in draw]
    with fits.open(out / "image.psf") as hdus:
        stars = hdus[1].header["ACCEPTED"]
    np.savez(out / "stamps.npz", stamps=np.array(stamps), stars=stars)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _shapes(stamps: np.ndarray) -> np.ndarray:
    """(3, n) trace of the adaptive moments and both ellipticities, by GalSim."""
    import galsim

    found = [galsim.hsm.FindAdaptiveMom(galsim.Image(s.astype(float))) for s in stamps]
    size = np.array([2 * f.moments_sigma**2 for f in found])
    return np.stack([size, *np.array([(f.observed_e1, f.observed_e2) for f in found]).T])


def _check(scene: Path, out: Path) -> dict[str, float]:
    x, y = places()
    true = [
        detector.psf_at(a, b).drawImage(nx=SIDE, ny=SIDE, scale=1).array for a, b in zip(x, y, strict=True)
    ]
    found = np.load(out / "stamps.npz")
    model, truth = _shapes(found["stamps"]), _shapes(np.array(true))
    size, e = model[0] / truth[0] - 1, model[1:] - truth[1:]
    apart = np.hypot(x[:, None] - x, y[:, None] - y)
    product = e[0][:, None] * e[0] + e[1][:, None] * e[1]
    return {
        "stars": float(found["stars"]),
        "mean dT/T": float(size.mean()),
        "rms dT/T": float(size.std()),
        "mean de1": float(e[0].mean()),
        "mean de2": float(e[1].mean()),
        "rms de1": float(e[0].std()),
        "rms de2": float(e[1].std()),
        "TE1": float(product[(apart > 0) & (apart < _NEAR_PX)].mean()),
        "TE2": float(product[apart > _FAR_PX].mean()),
    }


TASKS = (
    Task(
        "psf",
        "struck",
        make_struck,
        (
            Contestant("ours", detector.ours_version, call=_ours),
            Contestant("PSFEx", lambda: detector.program_version("psfex"), call=_psfex),
        ),
        _check,
        "4096 x 4096, Kolmogorov 3.5 px, varying by 3 % in size and 0.06 in ellipticity; 300 places, GalSim moments on "
        "41 px. The call selects stars and fits the model, from measured sources (ours) or SExtractor vignettes. "
        "TE1, TE2: mean product of the errors of ellipticity of pairs within 1 arcmin and beyond 5.",
    ),
)
