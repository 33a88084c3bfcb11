"""Our numbers beside SExtractor's published rows for a real image (shipped with sep)."""

import warnings
from pathlib import Path

import numpy as np
import pytest

from algorithms.scenes import gaussian_psf
from gnomon.algorithms.background import background_map, fit_background, rms_map
from gnomon.algorithms.detect import deblend, find_footprints
from gnomon.algorithms.measure import measure_forced, measure_sources
from gnomon.containers.image import Image

DATA = Path(__file__).parents[4] / "shared" / "data" / "images" / "sep"
if not DATA.exists():
    DATA = Path(__file__).parents[5] / "shared" / "data" / "images" / "sep"
pytestmark = pytest.mark.skipif(not DATA.exists(), reason="shared/data/images/sep is not beside the project")
PSF = gaussian_psf(sigma=0.9)  # undersampled: FWHM of the stars about 2 px


@pytest.fixture(scope="module")
def frame():
    fits = pytest.importorskip("astropy.io.fits")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the telescope's header is not quite FITS
        flux, sky, rms = (
            fits.getdata(DATA / f"{n}.fits").astype(np.float32) for n in ("image", "back", "rms")
        )
    rows = np.loadtxt(DATA / "image.cat")
    names = {
        "x": 1,
        "y": 2,
        "xwin": 3,
        "ywin": 4,
        "aper": 12,
        "aper_err": 13,
        "auto": 15,
        "auto_err": 16,
        "hlr": 18,
    }
    table = {n: rows[:, k] - (n in ("x", "y", "xwin", "ywin")) for n, k in names.items()}
    return flux, sky, rms, table


def _image(flux, variance):
    return Image(np.ascontiguousarray(flux), np.ascontiguousarray(variance), np.zeros(flux.shape, np.uint32))


def test_background_and_noise_maps_agree(frame):
    flux, sky, rms, _ = frame
    model = fit_background(_image(flux, np.ones_like(flux)), box_px=64)
    difference = background_map(model) - sky
    # cells of 64^2 pixels: 65.4 / 64 each, the mode 2.1 times noisier; the two differ in bins and in median
    assert abs(difference.mean()) < 0.04 * rms.mean()
    assert difference.std() < 0.06 * rms.mean()
    assert np.mean(rms_map(model) / rms) == pytest.approx(
        1 / 0.985, abs=0.01
    )  # theirs keeps the bias of clipping


def test_aperture_sums_agree(frame):
    flux, sky, rms, theirs = frame
    ours = measure_forced(_image(flux - sky, rms**2), theirs["x"], theirs["y"], PSF, apertures_px=(5.0,))
    whole = (ours["flags"] & 64) == 0
    assert whole.sum() > 45
    off = np.abs(ours["ap05Flux"] - theirs["aper"]) / theirs["aper_err"]
    assert off[whole].max() < 0.06  # they divide pixels in 5 x 5, and print positions to 1e-4 px


def test_positions_fluxes_and_radii_agree(frame):
    flux, sky, rms, theirs = frame
    image = _image(flux - sky, rms**2)
    ours = measure_sources(image, deblend(image, find_footprints(image, PSF, threshold=4.0)), PSF)
    d = np.hypot(ours["x"][:, None] - theirs["xwin"], ours["y"][:, None] - theirs["ywin"])
    row, near = d.argmin(axis=0), d.min(axis=0)
    assert (near < 1).sum() >= 60
    with np.errstate(divide="ignore", invalid="ignore"):
        bright = (near < 1) & (theirs["auto"] > 20 * theirs["auto_err"]) & (theirs["auto_err"] > 0)
    assert np.median(near[bright]) < 0.02
    assert np.median(ours["kronFlux"][row][bright] / theirs["auto"][bright]) == pytest.approx(1, abs=0.03)
    assert np.median(ours["halfLightRad"][row][bright] / theirs["hlr"][bright]) == pytest.approx(1, abs=0.03)
