import galsim
import numpy as np
import pytest

from gnomon.algorithms.measure.cmodel import fit_galaxies, model_fluxes
from gnomon.containers.cellpsf import CellPsf
from gnomon.containers.footprints import Sources
from gnomon.containers.image import Image

N, SIDE = 64, 100
BEAM = galsim.Moffat(beta=3.5, fwhm=3.8).shear(g1=0.03)
WIDER = galsim.Moffat(beta=3.5, fwhm=5.0)


def psf(beam):
    return CellPsf(beam.drawImage(nx=45, ny=45, scale=1).array[None].astype("f4"), 0, 10**6)


def galaxies(index, radius, beam=BEAM, seed=0):
    """A grid of Sersic galaxies of unit flux on tiles, their places, and the norm of each tile."""
    rng = np.random.default_rng(seed)
    tiles, places = [], []
    for k in range(N):
        dx, dy, g1, g2 = *rng.uniform(-0.5, 0.5, 2), *(0.15 * rng.standard_normal(2))
        model = galsim.Sersic(index, half_light_radius=radius).shear(g1=g1, g2=g2)
        middle = 0.5 * (SIDE - 1)
        tiles.append(
            galsim.Convolve(model, beam)
            .drawImage(nx=SIDE, ny=SIDE, scale=1, offset=(dx - 0.5, dy - 0.5))
            .array.astype(np.float64)
        )
        places.append((k % 8 * SIDE + middle + dx - 0.5, k // 8 * SIDE + middle + dy - 0.5))
    tiles = np.array(tiles)
    return tiles, np.array(places), np.sqrt(np.sum(tiles**2, axis=(1, 2)))


def image(tiles, flux, seed):
    """The galaxies with noise of unit variance."""
    scene = (
        (tiles * flux[:, None, None]).reshape(8, 8, SIDE, SIDE).transpose(0, 2, 1, 3).reshape(8 * SIDE, -1)
    )
    noise = np.random.default_rng(seed).standard_normal(scene.shape)
    return Image((scene + noise).astype("f4"), np.ones(scene.shape, "f4"), np.zeros(scene.shape, "u4"))


def lonely(n, shape):
    """Sources that share no light."""
    i4 = [np.zeros(n, "i4") for _ in range(3)]
    f4 = [np.zeros(n, "f4") for _ in range(2)]
    labels, box, first = np.zeros(shape, "i4"), np.zeros((n, 4), "i4"), np.zeros(n + 1, "i8")
    return Sources(i4[0], i4[1], i4[2], *f4, np.zeros(n, "i4"), labels, box, first, np.zeros(0, "f4"))


def fitted(index, radius, snr, seed=0):
    tiles, places, norm = galaxies(index, radius, seed=seed)
    flux = snr / norm
    picture = image(tiles, flux, seed + 1)
    sources = lonely(N, picture.shape)
    x, y = places.T.copy()
    models = fit_galaxies(picture, sources, psf(BEAM), x, y, np.full(N, radius), ignore=0)
    return models, picture, sources, flux


@pytest.mark.parametrize(("index", "radius"), [(1.0, 1.5), (1.0, 3.0), (2.0, 2.0)])
def test_fluxes_of_sersic_galaxies_are_right_at_snr_40(index, radius):
    models, picture, sources, flux = fitted(index, radius, 40.0)
    found, err, _ = model_fluxes(picture, sources, psf(BEAM), models, ignore=0)
    assert models.ok.mean() > 0.95
    ratio = (found / flux)[models.ok]
    # scatter of 2 / 40 over 64 galaxies: the median is known to 0.8 %
    assert np.median(ratio) == pytest.approx(1, abs=0.02 + 0.008)
    assert np.median(err / flux) == pytest.approx(1 / 40, rel=0.15)


def test_bulges_lose_a_few_per_cent():
    models, picture, sources, flux = fitted(4.0, 2.0, 100.0)
    found, _, chi2 = model_fluxes(picture, sources, psf(BEAM), models, ignore=0)
    assert np.nanmedian(found / flux) == pytest.approx(1, abs=0.06)
    assert np.median(models.parameters[:, 3]) > 0.8
    assert np.nanmedian(chi2) == pytest.approx(1, abs=0.05)


def test_colours_do_not_depend_on_the_seeing():
    models, picture, sources, flux = fitted(1.0, 2.5, 80.0)
    first, *_ = model_fluxes(picture, sources, psf(BEAM), models, ignore=0)
    tiles, _, _ = galaxies(1.0, 2.5, WIDER)
    other = image(tiles, flux, 9)
    second, *_ = model_fluxes(other, sources, psf(WIDER), models, ignore=0)
    # both bands have noise of 1 / 80 and less: 64 galaxies know the median to 0.3 %
    assert np.nanmedian(second / first) == pytest.approx(1, abs=0.01)


def test_masked_pixels_do_not_count():
    models, picture, sources, flux = fitted(1.0, 2.5, 80.0)
    broken = Image(picture.flux.copy(), picture.variance.copy(), picture.mask)
    rows, columns = (np.rint(v).astype(int) + 3 for v in (models.y, models.x))
    broken.flux[rows, columns], broken.variance[rows, columns] = np.nan, 0.0
    broken.flux[rows + 1, columns] = 1e9
    broken.mask[rows + 1, columns] = 1
    found, *_ = model_fluxes(broken, sources, psf(BEAM), models, ignore=1)
    assert np.nanmedian(found / flux) == pytest.approx(1, abs=0.02)


def test_no_pixel_is_no_flux_and_nobody_is_nothing():
    models, picture, sources, _ = fitted(1.0, 2.5, 80.0)
    dark = Image(picture.flux, np.zeros_like(picture.variance), picture.mask)
    assert np.isnan(model_fluxes(dark, sources, psf(BEAM), models, ignore=0)[0]).all()
    nobody = fit_galaxies(
        picture, lonely(0, picture.shape), psf(BEAM), np.zeros(0), np.zeros(0), np.zeros(0), ignore=0
    )
    assert len(nobody.ok) == 0
