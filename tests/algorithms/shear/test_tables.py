import numpy as np
import pytest

from gnomon.algorithms.shear.tables import plane_arcsec, to_sky
from gnomon.containers.wcs import tangent_wcs

SCALE = 0.2 * np.pi / 180 / 3600


@pytest.mark.parametrize("turn", [0.0, 0.3, -1.1])
@pytest.mark.parametrize("flip", [1, -1])
def test_an_ellipse_on_the_sky_is_the_same_on_any_pixels(turn, flip):
    c, s = SCALE * np.cos(turn), SCALE * np.sin(turn)
    wcs = tangent_wcs((1.0, -0.2), (50.0, 50.0), np.array([[c, -s], [s, c]]) @ np.diag([flip, 1]))
    cd = wcs.jacobian(np.array([50.0]), np.array([50.0]))[0]
    # an ellipse elongated at 25 degrees from east to north: e = exp(2 i 25 deg) there
    along = np.linalg.solve(cd, [np.cos(np.radians(25)), np.sin(np.radians(25))])
    angle = np.arctan2(along[1], along[0])
    columns = {"e1": np.array([np.cos(2 * angle)]), "e2": np.array([np.sin(2 * angle)])}
    sky = to_sky(columns, wcs, np.array([50.0]), np.array([50.0]))
    assert sky["e1"][0] == pytest.approx(np.cos(np.radians(50)))
    assert sky["e2"][0] == pytest.approx(np.sin(np.radians(50)))


def test_places_across_ra_zero_are_near_each_other():
    east, north = plane_arcsec(np.array([359.999, 0.001]), np.array([0.0, 0.001]), 0.0, 0.0)
    np.testing.assert_allclose(east, [-3.6, 3.6])
    np.testing.assert_allclose(north, [0, 3.6])
