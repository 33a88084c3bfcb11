import numpy as np
import pytest

from gnomon.algorithms.visit.characterise import gaussian_psf
from gnomon.algorithms.visit.focal_shape import chromatic_shape, focal_shape
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


BLUER = 0.02  # of T per magnitude: lambda^-0.2 over a third of a band
DCR = np.array([[0.75, np.sqrt(3) / 4], [np.sqrt(3) / 4, 0.25]])  # along 30 degrees on the focal plane
ERROR = np.hypot(np.sqrt(2) / 400, 0.003)  # of e and ln T, as the fit has them for a signal to noise of 400
TURNED = np.array([[0.0, -1], [1, 0]])


def coloured_stars(seed, size=-BLUER, stretch=-0.01, spread=1.0):
    """Three detectors, the last one turned, whose stars change with their colour as seeing and refraction do."""
    rng = np.random.default_rng(seed)
    corners, turns = [(0, 0), (-200, 1200), (2500, 0)], [np.eye(2), np.eye(2), TURNED]
    parts = []
    for k in range(3):
        stars = stars_of(k, corners[k], turns[k], noise=0)
        colour = 0.8 + spread * rng.uniform(-1, 1, len(stars))
        moments = np.stack([stars[n] for n in ("ixx", "ixy", "ixy", "iyy")], 1).reshape(-1, 2, 2)
        grown = moments * (1 + size * (colour - 0.8))[:, None, None]
        grown = grown + stretch * ((colour - 0.8) * np.trace(moments, axis1=1, axis2=2))[:, None, None] * (
            turns[k].T @ DCR @ turns[k]
        )
        trace = grown[:, 0, 0] + grown[:, 1, 1]
        e1, e2 = (grown[:, 0, 0] - grown[:, 1, 1]) / trace, 2 * grown[:, 0, 1] / trace
        e1, e2, ln = np.stack([e1, e2, np.log(trace)]) + ERROR * rng.normal(size=(3, len(stars)))
        parts.append(stars.with_columns(
            ixx=np.exp(ln) * (1 + e1) / 2, iyy=np.exp(ln) * (1 - e1) / 2, ixy=np.exp(ln) * e2 / 2, colour=colour,
            psfFluxErr=stars["psfFlux"] / 400,
        ))  # fmt: skip
    return concatenate(parts)


def test_slopes_with_colour_are_recovered_within_their_errors():
    found = np.array([chromatic_shape(coloured_stars(k), 0, PSF)[:3] for k in range(30)])
    # to first order; e2 of 0.03 without colour takes 3 % of its slope, half an error
    want = np.array([-0.01 * 0.5, -0.01 * np.sqrt(3) / 2, -0.01 - BLUER])
    pull = (found - want) / (ERROR / np.sqrt(180) / np.sqrt(1 / 3))
    assert np.abs(pull.mean(0)).max() < 0.9  # 30 skies tell 0.18; the garrote takes 2 / z = 0.1 to 0.4
    assert pull.std() == pytest.approx(1, abs=0.25)  # 90 values: 0.075; terms of the polynomial drawn to zero


def test_slopes_are_in_the_pixels_of_the_detector():
    here, there = (chromatic_shape(coloured_stars(1), d, PSF) for d in (0, 2))
    # a quarter turn changes the sign of both ellipticities
    np.testing.assert_allclose(there[:3], np.array(here[:3]) * [-1, -1, 1], atol=2e-4)
    assert here.reference == there.reference == pytest.approx(0.8, abs=0.15)


def test_the_shape_itself_does_not_depend_on_what_is_known_of_colours():
    stars = coloured_stars(2)
    without = Catalog({n: c for n, c in stars.columns.items() if n != "colour"})
    assert focal_shape(stars, 0, PSF).tobytes() == focal_shape(without, 0, PSF).tobytes()


def test_without_colours_or_with_one_colour_there_is_no_slope():
    stars = coloured_stars(3)
    assert chromatic_shape(stars.with_columns(colour=np.full(len(stars), np.nan)), 0, PSF) is None
    assert chromatic_shape(coloured_stars(3, spread=0.05), 0, PSF) is None
    few = np.where(np.arange(len(stars)) % 9 == 0, stars["colour"], np.nan)
    assert chromatic_shape(stars.with_columns(colour=few), 0, PSF) is None


def test_slopes_that_are_not_there_are_less_than_their_noise():
    found = [chromatic_shape(coloured_stars(k, size=0, stretch=0), 0, PSF) for k in range(30)]
    slopes = np.array([np.zeros(3) if c is None else c[:3] for c in found])
    # the garrote leaves 0.38 of the error of a slope that is not there, and none of six in seven
    assert slopes.std() < 0.5 * ERROR / np.sqrt(180) / np.sqrt(1 / 3)
    assert (slopes == 0).mean() > 0.7
    assert any(c is None for c in found)
