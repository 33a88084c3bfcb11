import galsim
import numpy as np
import pytest

from gnomon.algorithms.coadd import CellWarp, artifacts, coadd_cell, find_artifacts, stack_warps, warp_to_cell
from gnomon.containers.box import Box
from gnomon.containers.image import Image
from gnomon.containers.psf import PsfModel
from gnomon.containers.skymap import Cell
from gnomon.containers.wcs import Wcs, tangent_wcs

pytestmark = pytest.mark.science

ARCSEC = np.radians(1 / 3600)
CELL = Cell(0, Box(125, 125, 250, 250), Box(100, 100, 300, 300), True)
SKY = 1500.0
STAMP_SUM = (
    0.9945  # of a Kolmogorov star of 0.65 to 1.0 arcsec in 45 px, to which the model's sum of 1 refers
)


def tract():
    return tangent_wcs((1.0, -0.5), (250.0, 250.0), 0.2 * ARCSEC * np.array([[-1, 0], [0, 1]]))


def visit_wcs(rng):
    """A rotated, dithered, distorted detector of 600 px around the cell."""
    angle = rng.uniform(0, 2 * np.pi)
    c, s = np.cos(angle), np.sin(angle)
    a, b = np.zeros((3, 3)), np.zeros((3, 3))
    a[2, 0], b[0, 2] = rng.normal(0, 4e-8, 2)
    middle = tuple(300 + rng.uniform(-20, 20, 2))
    return Wcs((1.0, -0.5), middle, 0.2 * ARCSEC * np.array([[-c, s], [s, c]]), a, b)


def visit(rng, stars, noise):
    """Image, WCS and exact PSF of one visit; the effective PSF is the same over the detector."""
    wcs = visit_wcs(rng)
    air = galsim.Kolmogorov(fwhm=rng.uniform(0.65, 1.0)).shear(g1=rng.normal(0, 0.03), g2=rng.normal(0, 0.03))
    effective = galsim.Convolve(air, galsim.Pixel(0.2))
    image = galsim.ImageF(600, 600, xmin=0, ymin=0)
    for x, y, flux in zip(
        *wcs.sky_to_pixel(*tract().pixel_to_sky(stars[0], stars[1])), stars[2], strict=True
    ):
        i, j = round(x), round(y)
        stamp = galsim.ImageF(galsim.BoundsI(i - 34, i + 34, j - 34, j + 34))
        effective.drawImage(stamp, scale=0.2, center=galsim.PositionD(x, y), method="no_pixel")
        bounds = stamp.bounds & image.bounds
        image[bounds] += flux * stamp[bounds]
    variance = (image.array * noise + SKY).astype(np.float32)
    pixels = image.array + noise * rng.normal(size=variance.shape) * np.sqrt(variance)
    basis = effective.drawImage(nx=45, ny=45, scale=0.2, method="no_pixel").array[None]
    planes = Image(pixels.astype(np.float32), variance, np.zeros(variance.shape, np.uint32))
    return planes, wcs, PsfModel(basis, 0, (300.0, 300.0), (300.0, 300.0))


def coadd_of(rng, n, stars, noise):
    inputs = (visit(rng, stars, noise) for _ in range(n))
    warps = (warp_to_cell(*parts, tract(), CELL.outer, k, 0) for k, parts in enumerate(inputs))
    return coadd_cell(CELL, (w for w in warps if w is not None), n, 45)


def moments(pixels, around):
    """Adaptive moments of a star near (x, y) of the outer box."""
    i, j = (round(v) for v in around)
    stamp = galsim.Image(pixels[j - 20 : j + 21, i - 20 : i + 21].copy(), xmin=i - 20, ymin=j - 20)
    return stamp.FindAdaptiveMom()


def test_the_psf_is_that_of_the_stars_and_fluxes_are_kept():
    rng = np.random.default_rng(1)
    x, y = (v.ravel() + rng.uniform(-0.5, 0.5, v.size) for v in np.meshgrid(*[np.arange(140, 380, 75.0)] * 2))
    flux = np.full(len(x), 1e5)
    made = coadd_of(rng, 6, (x, y, flux), noise=0.0)
    assert len(made.visit) == 6
    psf = moments(made.psf, (22, 22))
    for a, b in zip(x - CELL.outer.x0, y - CELL.outer.y0, strict=True):
        star = moments(made.image.flux, (a, b))
        # 400 px of distortion 4e-8 and exact PSFs: the bars of issue 5
        assert abs((star.moments_sigma / psf.moments_sigma) ** 2 - 1) < 1e-3
        assert abs(star.observed_shape.e1 - psf.observed_shape.e1) < 5e-4
        assert abs(star.observed_shape.e2 - psf.observed_shape.e2) < 5e-4
        assert np.hypot(star.moments_centroid.x - a, star.moments_centroid.y - b) < 1e-3
        assert star.moments_amp / psf.moments_amp == pytest.approx(1e5 * STAMP_SUM, rel=2e-3)


def test_noise_is_as_the_variance_says_and_depth_grows_as_the_root_of_the_weights():
    rng = np.random.default_rng(2)
    nowhere = np.zeros((3, 0))
    made, one = coadd_of(rng, 9, nowhere, noise=1.0), coadd_of(rng, 1, nowhere, noise=1.0)
    # 90,000 pixels correlated over some 2: 0.7 %
    for coadd in (made, one):
        assert abs(coadd.image.flux.std() / np.sqrt(coadd.image.variance.mean()) - 1) < 0.015
    gain = 1.25 * np.log10(one.image.variance.mean() / made.image.variance.mean())
    assert gain == pytest.approx(1.25 * np.log10(9), abs=0.01)


def artifact_epochs(rng, n, side=300):
    """Kolmogorov stars under seeing of 0.6 to 1.1 arcsec, trails in 10 %, hits and moving stars."""
    x, y = rng.uniform(15, side - 15, (2, 20))
    flux = 10 ** rng.uniform(2.7, 5.5, 20)
    warps, clean, spoils = [], [], []
    for k in range(n):
        fwhm = rng.uniform(0.6, 1.1)
        psf = galsim.Kolmogorov(fwhm=fwhm).shear(g1=rng.normal(0, 0.03), g2=rng.normal(0, 0.03))
        image = galsim.ImageF(side, side, xmin=0, ymin=0)
        moving = galsim.ImageF(side, side, xmin=0, ymin=0)
        mover = (*rng.uniform(15, side - 15, 2), 10 ** rng.uniform(3.3, 4.5))
        for a, b, f, plane in [
            *((a, b, f, image) for a, b, f in zip(x, y, flux, strict=True)),
            (*mover, moving),
        ]:
            i, j = round(a), round(b)
            stamp = galsim.ImageF(galsim.BoundsI(i - 25, i + 25, j - 25, j + 25))
            (psf * f).drawImage(stamp, scale=0.2, center=galsim.PositionD(a, b))
            bounds = stamp.bounds & plane.bounds
            plane[bounds] += stamp[bounds]
        spoil = moving.array if rng.random() < 0.3 else np.zeros((side, side))
        if rng.random() < 0.1 or k == 0:
            angle, v, u = rng.uniform(0, np.pi), *np.mgrid[:side, :side]
            off = (u - side / 2) * np.cos(angle) + (v - side / 2) * np.sin(angle) - rng.uniform(-80, 80)
            spoil = spoil + rng.uniform(100, 2000) * np.exp(-0.5 * (off / (fwhm / 0.2 / 2.355)) ** 2)
        variance = (image.array + SKY * rng.uniform(0.6, 2.0)).astype(np.float32)
        pixels = image.array + rng.normal(size=variance.shape) * np.sqrt(variance)
        planes = Image((pixels + spoil).astype(np.float32), variance, np.zeros(variance.shape, np.uint32))
        stamp = psf.drawImage(nx=35, ny=35, scale=0.2).array
        warps.append(CellWarp(k, 0, planes, stamp, 1 / float(np.median(variance))))
        clean.append(pixels)
        spoils.append(spoil)
    return warps, np.array(clean), np.array(spoils), (x, y, flux)


def scores(stack, rejected, clean, spoil, stars):
    """How well a rejection does, by the names of issue 5's bars; of artifacts what stands out of the noise of 39."""
    seen = spoil > 10
    weight = stack.weight[:, None, None] * np.ones_like(stack.flux)

    def mean(planes, keep):
        return (planes * weight * keep).sum(0) / (weight * keep).sum(0)

    whole, got, ideal = mean(clean, 1), mean(stack.flux, ~rejected), mean(clean, spoil <= 1)
    v, u = np.mgrid[: whole.shape[0], : whole.shape[1]]
    cores = [np.hypot(u - a, v - b) < 5 for a, b, f in zip(*stars, strict=True) if f > 1e4]
    bias = np.array([got[c].sum() / whole[c].sum() - 1 for c in cores])
    sky = whole < 20
    return {
        "masked": spoil[rejected & seen].sum() / spoil[seen].sum(),
        "false": rejected[spoil < 1].mean(),
        "bias": abs(np.median(bias)),
        "worst": np.abs(bias).max(),
        "residual": np.std((got - whole)[sky]) / np.std((ideal - whole)[sky]),
    }


@pytest.mark.parametrize("n, least", [(12, 0.99), (20, 0.998), (100, 0.998)])
def test_artifacts_go_and_star_cores_stay(n, least, monkeypatch):
    warps, clean, spoil, stars = artifact_epochs(np.random.default_rng(n), n)
    stack = stack_warps(warps, n)
    truth = clean, spoil, stars
    ours = scores(stack, find_artifacts(stack).astype(bool), *truth)
    summed = scores(stack, np.zeros(spoil.shape, bool), *truth)
    monkeypatch.setattr(artifacts, "static_sky", lambda smooth, groups: smooth.mean(0))
    control = scores(stack, find_artifacts(stack).astype(bool), *truth)
    for name, row in (("gnomon", ours), ("told from the plain mean", control), ("plain mean", summed)):
        print(f"| {n} | {name} | {' | '.join(f'{v:.2g}' if v < 0.5 else f'{v:.4f}' for v in row.values())} |")
    # the bars of issue 5
    assert ours["masked"] > least
    assert ours["false"] < 5e-3
    assert ours["bias"] < 5e-4
    assert ours["worst"] < 1e-2
    assert ours["residual"] < 1.5
    assert summed["residual"] > 2
    # a twelfth of each artifact stands in the mean, more than the noise of few epochs allows to tell
    assert n > 12 or control["masked"] < 0.5


def test_a_plain_mean_keeps_what_the_rejection_removes():
    warps, clean, spoil, _ = artifact_epochs(np.random.default_rng(12), 12)
    sigma = np.sqrt(SKY / 12)
    error = [
        np.std((coadd_cell(CELL, warps, 12, 35, reject=r).image.flux - clean.mean(0)) / sigma)
        for r in (True, False)
    ]
    # what the rejection leaves is the noise of the one epoch that each trail costs
    assert error[0] < 0.6 * error[1]
    assert spoil.any()
