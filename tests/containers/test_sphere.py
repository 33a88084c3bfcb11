import numpy as np

from gnomon.containers.sphere import directions, project, tangent_basis
from gnomon.containers.wcs import sky_to_plane


def test_projection_is_that_of_the_wcs():
    rng = np.random.default_rng(3)
    for ra0, dec0 in [(0.0, 0.0), (6.28, 1.5), (1.0, -np.pi / 2), (0.0, np.pi / 2)]:
        ra, dec = rng.uniform(0, 2 * np.pi, 100), rng.uniform(-np.pi / 2, np.pi / 2, 100)
        ours = project(directions(ra, dec), tangent_basis(ra0, dec0))
        theirs = sky_to_plane(ra, dec, (ra0, dec0))
        # rounding of 1e-16 is divided by the depth twice: relative 1e-10 down to depth 1e-3
        near = np.hypot(*np.nan_to_num(theirs)) < 1e3
        np.testing.assert_allclose(np.array(ours)[:, near], np.array(theirs)[:, near], rtol=1e-10, atol=1e-10)


def test_each_row_has_its_own_tangent_point():
    ra, dec = np.array([0.1, 3.0]), np.array([1.0, -1.5])
    xi, eta = project(directions(ra, dec), tangent_basis(ra, dec))
    np.testing.assert_allclose([xi, eta], 0, atol=1e-15)


def test_the_far_hemisphere_is_nan():
    assert np.isnan(project(directions(np.pi, 0.0), tangent_basis(0.0, 0.0))).all()
