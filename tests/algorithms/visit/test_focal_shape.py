import numpy as np
import pytest

from gnomon.algorithms.visit.characterise import gaussian_psf
from gnomon.algorithms.visit.focal_shape import focal_shape
from gnomon.containers.catalog import Catalog, concatenate
from gnomon.containers.psf import polynomial_terms

SIDE, SCALE = 1000, 0.2 / 3600
PSF = gaussian_psf(3.5, (SIDE, SIDE))


def truth(u, v):
    """(n, 2, 2) moments on the focal plane, pixels from the boresight: growing, and sheared along x."""
    r = u / SIDE
    xx, xy, yy = 2.5 * (1 + 0.03 * r) * (1 + 0.02 * v / SIDE), 0.05 + 0.01 * r, 2.5 * (1 + 0.03 * r)
    return np.stack([xx, xy + 0 * r, xy + 0 * r, yy + 0 * r], 1).reshape(-1, 2, 2)


def stars_of(detector, corner, turn, n=60, noise=1e-4):
    """Stars of a detector whose pixel (0, 0) lies at a corner and whose axes are the columns of a turn."""
    rng = np.random.default_rng(detector)
    x, y = rng.uniform(0, SIDE, (2, n))
    u, v = np.asarray(corner)[:, None] + turn @ np.stack([x, y])
    moments = np.linalg.inv(turn) @ truth(u, v) @ np.linalg.inv(turn).T
    return Catalog({
        "detector": np.full(n, detector), "x": x, "y": y, "coord_ra": 30 + u * SCALE, "coord_dec": v * SCALE,
        "ixx": moments[:, 0, 0] + noise * rng.normal(size=n), "ixy": moments[:, 0, 1],
        "iyy": moments[:, 1, 1], "psfFlux": np.full(n, 1e5), "psfFluxErr": np.full(n, 10.0),
    })  # fmt: skip


def moments_of(coefficients, x, y):
    return polynomial_terms(PSF.normalise(x, y), 2) @ coefficients


@pytest.mark.parametrize(
    "turn", [np.eye(2), np.array([[0.0, -1], [1, 0]]), np.array([[-1.0, 0], [0, 1]])],
    ids=["parallel", "turned", "mirrored"],
)  # fmt: skip
def test_detectors_that_lie_in_any_way_agree_on_one_field(turn):
    stars = concatenate([stars_of(0, (0, 0), np.eye(2)), stars_of(1, (-200, 1200), turn)])
    found = focal_shape(stars, 0, PSF)
    x, y = np.random.default_rng(9).uniform(0, SIDE, (2, 50))
    m = truth(x, y)
    trace = m[:, 0, 0] + m[:, 1, 1]
    want = np.stack([(m[:, 0, 0] - m[:, 1, 1]) / trace, 2 * m[:, 0, 1] / trace, np.log(trace)], 1)
    # the truth is no polynomial of degree 2: third order of 0.03; terms of less than an error (3e-3 / sqrt(120)) go
    np.testing.assert_allclose(moments_of(found, x, y), want, atol=5e-4)


def test_one_detector_alone_has_no_more_to_tell():
    assert focal_shape(stars_of(0, (0, 0), np.eye(2)), 0, PSF) is None
    assert focal_shape(stars_of(0, (0, 0), np.eye(2)).take(np.zeros(0, int)), 0, PSF) is None


def test_two_stars_of_a_detector_do_not_tell_how_it_lies():
    few = concatenate([stars_of(0, (0, 0), np.eye(2), n=2), stars_of(1, (1200, 0), np.eye(2))])
    assert focal_shape(few, 0, PSF) is None


def test_a_star_without_moments_is_passed_over():
    stars = concatenate([stars_of(0, (0, 0), np.eye(2)), stars_of(1, (1200, 0), np.eye(2))])
    gone = stars.with_columns(ixx=np.where(np.arange(len(stars)) == 3, np.nan, stars["ixx"]))
    assert np.isfinite(focal_shape(gone, 0, PSF)).all()
