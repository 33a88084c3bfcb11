import galsim
import numpy as np
import pytest

from gnomon.algorithms.warp import coordinate_nodes, warp_image
from gnomon.containers.image import Image
from gnomon.containers.wcs import Wcs, tangent_wcs

pytestmark = pytest.mark.science

SIDE = 900
ARCSEC = np.radians(1 / 3600)
PSF = galsim.Convolve(galsim.Kolmogorov(fwhm=0.7).shear(g1=0.03, g2=0.02), galsim.Pixel(0.2))


def maps(angle):
    """A rotated source with 1 px of distortion at the corners of a 4k detector, and a plain target."""
    c, s = np.cos(angle), np.sin(angle)
    middle = (SIDE / 2, SIDE / 2)
    a, b = np.zeros((4, 4)), np.zeros((4, 4))
    a[2, 0], a[3, 0], a[1, 2] = 4e-8, 1e-10, 1e-10
    b[0, 2], b[0, 3], b[2, 1] = -6e-8, 1e-10, 1e-10
    source = Wcs((1.0, -0.5), middle, 0.2 * ARCSEC * np.array([[-c, s], [s, c]]), a, b)
    return source, tangent_wcs((1.0, -0.5), middle, 0.2 * ARCSEC * np.array([[-1, 0], [0, 1]]))


def draw(profile, x, y, reach):
    i, j = round(x), round(y)
    stamp = galsim.ImageF(galsim.BoundsI(i - reach, i + reach, j - reach, j + reach))
    return profile.drawImage(stamp, scale=0.2, center=galsim.PositionD(x, y), method="no_pixel")


def star_grid(rng):
    image = galsim.ImageF(SIDE, SIDE, xmin=0, ymin=0)
    x, y = (
        v.ravel() + rng.uniform(-0.5, 0.5, v.size) for v in np.meshgrid(*[np.arange(90, SIDE - 80, 75)] * 2)
    )
    for a, b in zip(x, y, strict=True):
        stamp = draw(PSF, a, b, 34)
        image[stamp.bounds] += stamp
    return image.array, x, y


def local_matrix(source, target, x, y):
    """d(target) / d(source) at a source pixel."""
    e = 0.5
    p = np.array(
        target.sky_to_pixel(
            *source.pixel_to_sky(np.array([x + e, x - e, x, x]), np.array([y, y, y + e, y - e]))
        )
    )
    return np.stack([p[:, 0] - p[:, 1], p[:, 2] - p[:, 3]], 1) / (2 * e)


@pytest.mark.parametrize("degrees", [2, 45, 88])
def test_stars_keep_flux_place_size_and_shape(degrees):
    source, target = maps(np.radians(degrees))
    pixels, x, y = star_grid(np.random.default_rng(1))
    image = Image(pixels, np.ones_like(pixels), np.zeros(pixels.shape, np.uint32))
    out = warp_image(image, coordinate_nodes(source, target, (SIDE, SIDE))).flux
    errors = []
    for a, b, u, v in zip(*target.sky_to_pixel(*source.pixel_to_sky(x, y)), x, y, strict=True):
        if not 40 < min(a, b) <= max(a, b) < SIDE - 40:
            continue
        matrix = local_matrix(source, target, u, v)
        truth = draw(galsim.Transform(PSF, jac=matrix, flux_ratio=1 / abs(np.linalg.det(matrix))), a, b, 25)
        i, j = round(a), round(b)
        got = galsim.Image(out[j - 25 : j + 26, i - 25 : i + 26].copy(), xmin=i - 25, ymin=j - 25)
        v_grid, u_grid = np.mgrid[j - 25 : j + 26, i - 25 : i + 26]
        disc = np.hypot(u_grid - a, v_grid - b) < 12
        t, g = truth.FindAdaptiveMom(), got.FindAdaptiveMom()
        place = g.moments_centroid - t.moments_centroid
        shape = g.observed_shape
        errors.append(
            [
                got.array[disc].sum() / truth.array[disc].sum() - 1,
                place.x,
                place.y,
                g.moments_sigma / t.moments_sigma - 1,
                shape.e1 - t.observed_shape.e1,
                shape.e2 - t.observed_shape.e2,
            ]
        )
    rms = np.sqrt(np.mean(np.square(errors), 0))
    # the bars of issue 5
    assert rms[0] <= 2e-5
    assert max(rms[1:3]) <= 5e-4
    assert abs(np.mean(errors, 0)[3]) <= 3e-4
    assert max(rms[4:]) <= 1e-4


def test_the_variance_plane_is_that_of_the_noise():
    rng = np.random.default_rng(2)
    source, target = maps(0.3)
    noise = rng.normal(size=(SIDE, SIDE)).astype(np.float32)
    image = Image(noise, np.ones_like(noise), np.zeros(noise.shape, np.uint32))
    out = warp_image(image, coordinate_nodes(source, target, (700, 700), (100, 100)))
    # half a million pixels, correlated over two neighbours
    assert abs(out.flux.var() / out.variance.mean() - 1) < 0.01
