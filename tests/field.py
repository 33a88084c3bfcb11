"""A patch of stars on calibrated images of several visits, for tests of steps: no simulation, all known."""

from functools import cache

import numpy as np

from algorithms.scenes import draw, gaussian_stamp
from calib_scene import CAMERA
from gnomon.containers.background import BackgroundModel
from gnomon.containers.calibrated import CalibratedImage, PhotoCalib, Smooth
from gnomon.containers.catalog import Catalog
from gnomon.containers.dataid import DataId
from gnomon.containers.image import Image
from gnomon.containers.parts import Parts
from gnomon.containers.psf import PsfModel
from gnomon.containers.skymap import PatchGrid, discrete_skymap
from gnomon.containers.wcs import tangent_wcs

ARCSEC = np.pi / 180 / 3600
SCALE = 0.2 * ARCSEC
GRID = PatchGrid(SCALE, cell_inner=60, cell_border=20, cells_inner=3, cells_border=1)
MIDDLE = 1.0, -0.2
"""Right ascension and declination, radians."""
SIDE = 460  # pixels of a detector: covers the patch of 340 with room for the dithers
NOISE = 10.0  # nJy per pixel of one visit
CORRECTION = 1.05
"""Total over PSF flux of a star."""


@cache
def skymap():
    """One tract of one patch."""
    side = GRID.patch_inner * SCALE
    return discrete_skymap([(*MIDDLE, side, side)], GRID)


@cache
def stars():
    """Sky positions (radians) and fluxes (nJy) on a grid of the patch: 49 stars from 3e3 to 1e5 nJy."""
    rng = np.random.default_rng(3)
    y, x = np.mgrid[30:311:46, 30:311:46].reshape(2, -1) + rng.uniform(-1, 1, (2, 49))
    ra, dec = skymap().patch_wcs(0, 0).pixel_to_sky(x, y)
    return ra, dec, np.geomspace(3e3, 1e5, 49)[rng.permutation(49)]


def calibrated(visit, colour=1.0, noise=NOISE, spoil=False, sigma=None):
    """The stars as one visit sees them, dithered and turned by the number of the visit."""
    rng = np.random.default_rng(visit)
    sigma = sigma or 1.5 + 0.05 * (visit % 4)
    turn, shift = 0.02 * (visit % 5 - 2), rng.uniform(-20, 20, 2)
    cosine, sine = SCALE * np.cos(turn), SCALE * np.sin(turn)
    centre = (SIDE - 1) / 2 + shift[0], (SIDE - 1) / 2 + shift[1]
    wcs = tangent_wcs(MIDDLE, centre, [[-cosine, sine], [sine, cosine]])
    ra, dec, flux = stars()
    x, y = wcs.sky_to_pixel(ra, dec)
    inside = (x > 0) & (x < SIDE - 1) & (y > 0) & (y < SIDE - 1)
    # the model holds 1 / CORRECTION of the light: what is drawn as PSF is that part, the rest is spread out
    part = colour * flux[inside] / CORRECTION
    truth = draw((SIDE, SIDE), y[inside], x[inside], part, sigma)
    if spoil:
        truth[100:110, 50:400] += 1e3
    noisy = (truth + rng.normal(0, noise, truth.shape)).astype(np.float32)
    image = Image(noisy, np.full(truth.shape, noise**2, np.float32), np.zeros(truth.shape, np.uint32))
    stamp = gaussian_stamp(0, 0, sigma, 15)[None].astype(np.float32)
    psf = PsfModel(stamp, 0, (0.0, 0.0), (1.0, 1.0))
    level = np.zeros((2, 2), np.float32)
    nothing = BackgroundModel(level, level + np.float32(noise), (SIDE, SIDE))
    correction = Smooth(np.array([CORRECTION]), 0, (0.0, 0.0), (1.0, 1.0))
    return CalibratedImage(image, wcs, psf, PhotoCalib(1.0, 31.4, 0.0, 9), nothing, correction)


def parts(image, number=0):
    """The image as the only detector of its visit."""
    return Parts((number,), lambda _: image)


def summary(visit, image, band="r", detector=0):
    """The columns of a visit's summary that later steps read."""
    edge = SIDE - 0.5
    ra, dec = image.wcs.pixel_to_sky(np.array([-0.5, edge, edge, -0.5]), np.array([-0.5, -0.5, edge, edge]))
    corners = {f"{n}cra": [np.degrees(ra[i])] for i, n in enumerate(("ll", "lr", "ur", "ul"))}
    corners |= {f"{n}cdec": [np.degrees(dec[i])] for i, n in enumerate(("ll", "lr", "ur", "ul"))}
    facts = {"visit": [visit], "detector": [detector], "seeing": [0.7 + 0.01 * visit]}
    facts |= {"band": np.array([band], object), "midpointMjdTai": [61000.0 + visit], "exptime": [30.0]}
    facts |= {"zeroPoint": [31.4], "skyNoise": [NOISE], "skyBg": [500.0], "psfE1": [0.02], "psfE2": [-0.01]}
    facts |= {"transparency": [np.nan]}
    return Catalog({n: np.asarray(c) for n, c in {**facts, **corners}.items()})


def data_id(band="", kind=""):
    return DataId(tract=0, patch=0, band=band, kind=kind)


COLOURS = {"r": 1.0, "i": 1.5, "u": 0.0}
"""Fluxes in a band over those of `stars`."""


@cache
def coadded(band):
    """The deep coadd of six visits in one band."""
    from gnomon.pipeline.coadd import CoaddConfig
    from gnomon.steps.coadd import coadd

    visits = [10 * list(COLOURS).index(band) + k for k in range(1, 7)]
    images = [calibrated(v, COLOURS[band]) for v in visits]
    tables = [summary(v, i, band) for v, i in zip(visits, images, strict=True)]
    given = skymap(), tables, [parts(i) for i in images], CAMERA
    return coadd(*given, data_id=data_id(band, "deep"), config=CoaddConfig())
