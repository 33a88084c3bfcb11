"""Detections on differences against what was put in."""

from dataclasses import replace

import numpy as np
import pytest

from algorithms.difference.fields import SKY, Seeing, isolated, paint, pair
from gnomon.algorithms.difference.sources import (
    DIPOLE_COLUMNS,
    TRAIL_COLUMNS,
    FindOptions,
    difference_sources,
    dipole_pairs,
)
from gnomon.algorithms.difference.subtract import subtract
from gnomon.containers.image import Image
from gnomon.flags import SOURCE

SHAPE = (384, 384)


def differenced(p):
    return subtract(p.science, p.science_psf, p.template, p.template_psf, *isolated(p))


def found_in(p, **options):
    return difference_sources(differenced(p), p.science, p.science_psf, FindOptions(**options))


def with_star(p, x_science, x_template, y, flux, science, template):
    """The pair with one more star, at different columns of the two images."""
    s = paint(SHAPE, science, [x_science], [y], [flux]).astype("f4")
    t = paint(SHAPE, template, [x_template], [y], [flux]).astype("f4")
    return replace(
        p,
        science=Image(p.science.flux + s, p.science.variance + s, p.science.mask),
        template=Image(p.template.flux + t, p.template.variance + t / 16, p.template.mask),
    )


@pytest.fixture(scope="module", params=[(4.5, 3.0), (3.0, 4.0)], ids=["sharper template", "worse template"])
def transients(request):
    """64 new stars, half of them negative, of signal to noise 10."""
    s, t = request.param
    rng = np.random.default_rng(5)
    x, y = (g.ravel() + rng.uniform(-2, 2, 64) for g in np.meshgrid(*[np.arange(28, 360, 44)] * 2))
    area = 4 * np.pi * (s / 2.355 * 1.12) ** 2
    flux = np.where(np.arange(64) % 2, 1, -1) * 11 * np.sqrt(SKY * area)
    p = pair(11, shape=SHAPE, science=Seeing(s), template=Seeing(t), new=(x, y, flux), n=100)
    table = found_in(p)
    distance = np.hypot(table["x"][:, None] - x, table["y"][:, None] - y)
    return p, table, distance, flux


def test_new_and_fading_stars_of_snr_10_are_found(transients):
    _, _, distance, _ = transients
    assert (distance.min(axis=0) < 2).sum() >= 61  # some fall on saturating stars or blend


def test_what_is_found_was_put_in(transients):
    _, table, distance, _ = transients
    inside = (table["flags"] & SOURCE["edge"]) == 0
    assert (distance.min(axis=1)[inside] > 2).sum() <= 1


def test_flux_of_transients_is_unbiased_and_errors_are_right(transients):
    # 64 sources of S/N 10: the mean is known to 1.3 %; a position that follows the noise adds 1 / SNR^2 = 1 %.
    _, table, distance, flux = transients
    row = distance.argmin(axis=0)
    near = distance.min(axis=0) < 2
    ratio = table["psfFlux"][row][near] / flux[near]
    assert np.average(ratio) == pytest.approx(1.0, abs=0.04)
    pull = (table["psfFlux"][row][near] - flux[near]) / table["psfFluxErr"][row][near]
    # The scatter of 64 pulls is known to 9 %; stars under some of them add Poisson noise that is in the plane.
    assert pull.std() == pytest.approx(1.0, abs=0.25)
    assert abs(pull.mean()) < 0.4


def test_signs_are_told(transients):
    _, table, distance, flux = transients
    row, near = distance.argmin(axis=0), distance.min(axis=0) < 2
    assert (table["isNegative"][row][near] == (flux[near] < 0)).all()


def test_fluxes_before_and_after_differ_by_the_flux_of_the_difference():
    # Kernel sum, sky and the sub-pixel place leave 2 % of the template's flux, which is 2e4.
    new = ([100.4], [200.7], [1.5e4])
    base = pair(12, shape=SHAPE, science=Seeing(4.0), new=new, n=100)
    p = with_star(base, 100.4, 100.4, 200.7, 2e4, Seeing(4.0), Seeing(3.0))
    table = found_in(p)
    i = np.hypot(table["x"] - 100.4, table["y"] - 200.7).argmin()
    assert table["psfFlux"][i] == pytest.approx(1.5e4, rel=0.03)
    assert table["templateFlux"][i] == pytest.approx(2e4, rel=0.03)
    assert table["scienceFlux"][i] == pytest.approx(3.5e4, rel=0.03)


def test_trail_is_measured():
    length, angle, flux = 14.0, 0.6, 2e4
    along = ((np.arange(40) + 0.5) / 40 - 0.5) * length
    new = (300 + along * np.cos(angle), 200 + along * np.sin(angle), np.full(40, flux / 40))
    table = found_in(pair(13, shape=SHAPE, science=Seeing(4.0), new=new, n=80))
    i = np.hypot(table["x"] - 300, table["y"] - 200).argmin()
    # S/N 100: flux to 1 %, length to its error of 0.15 px, angle to 0.06 / 7 a side.
    assert table["trailFlux"][i] == pytest.approx(flux, rel=0.03)
    assert table["trailLength"][i] == pytest.approx(length, abs=4 * table["trailLengthErr"][i])
    assert table["trailAngle"][i] == pytest.approx(angle, abs=0.05)
    assert table["trailLengthErr"][i] < 0.5


def test_star_that_moved_is_one_dipole_with_its_shift():
    base = pair(14, shape=SHAPE, science=Seeing(4.0), n=80)
    p = with_star(base, 200.3, 200.0, 150.0, 2e4, Seeing(4.0), Seeing(3.0))
    table = found_in(p, astrometric_px=0.0, photometric=0.0)
    near = np.flatnonzero(np.hypot(table["x"] - 200.15, table["y"] - 150) < 4)
    assert len(near) == 1 and table["isDipole"][near[0]]
    i = near[0]
    # The moment has an error of 96 px: 0.005 px of length.
    assert table["dipoleLength"][i] == pytest.approx(0.3, abs=0.03)
    assert table["dipoleAngle"][i] == pytest.approx(0.0, abs=0.1)
    assert table["dipoleMeanFlux"][i] == pytest.approx(2e4, rel=0.03)
    assert abs(table["dipoleFluxDiff"][i]) < 5 * table["dipoleFluxDiffErr"][i]


def test_registration_error_hides_what_it_would_fake():
    base = pair(14, shape=SHAPE, science=Seeing(4.0), n=80)
    p = with_star(base, 200.3, 200.0, 150.0, 2e4, Seeing(4.0), Seeing(3.0))
    table = found_in(p, astrometric_px=0.3)
    assert not (np.hypot(table["x"] - 200.15, table["y"] - 150) < 4).any()


def test_nothing_new_gives_an_empty_table_with_all_columns():
    p = pair(15, shape=(256, 256), n=60)
    table = found_in(p, threshold=9.0)
    assert len(table) == 0
    assert set(DIPOLE_COLUMNS) | set(TRAIL_COLUMNS) | {"scienceFlux", "snr", "score"} <= set(table.columns)


def test_pairs_are_mutual_and_of_like_strength():
    x = np.array([0.0, 3.0, 50.0, 52.0, 100.0, 103.0])
    flux = np.array([10.0, -9.0, 10.0, -1.0, 5.0, 6.0])
    rise, fall = dipole_pairs(x, np.zeros(6), flux, 5.0)
    assert rise.tolist() == [0] and fall.tolist() == [1]
