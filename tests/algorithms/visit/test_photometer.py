import numpy as np
import pytest

from gnomon.algorithms.visit.photometer import (
    TOTAL_APERTURE_PX,
    correct_apertures,
    light_beyond,
    shrunk_median,
)
from gnomon.containers.catalog import Catalog
from gnomon.errors import UnprocessableData
from gnomon.flags import SOURCE
from gnomon.sim.exposure import psf_at
from gnomon.sim.psf import psf_field
from gnomon.sim.recipe import demo_recipe
from gnomon.sim.render import point_sources, stamps
from gnomon.sim.schedule import find_visit

SHAPE = (1024, 1024)
NOT_DEBLENDED = np.uint32(0)


def table(ratio, flags=None):
    """Stars of PSF flux 1000 whose 17-pixel flux is ``ratio`` times that."""
    n = len(ratio)
    psf = np.full(n, 1000.0)
    columns = {"x": np.full(n, 500.0), "y": np.full(n, 500.0), "psfFlux": psf, "psfFluxErr": psf / 100}
    columns |= {"ap17Flux": psf * ratio, "ap17FluxErr": psf / 1000}
    return Catalog({**columns, "flags": np.zeros(n, np.uint32) if flags is None else flags})


def correct(sources):
    return correct_apertures(sources, np.ones(len(sources), bool), SHAPE, 4.0)


def test_light_beyond_the_aperture_is_that_of_the_simulated_profile():
    recipe = demo_recipe()
    visit = find_visit(recipe, 2026101201004)
    middle = np.array([511.5])
    shape = psf_at(recipe, visit, psf_field(recipe, visit, 1500.0), 0, middle, middle)
    stamp = stamps(point_sources(0 * middle, 0 * middle, np.ones(1)), shape, 256)[0]
    y, x = np.indices(stamp.shape) - 128
    true = 1 - stamp[np.hypot(x, y) < TOTAL_APERTURE_PX].sum()
    fwhm = 2.3548 * np.sqrt(1 / (4 * np.pi * np.sum(stamp**2)))
    # the formula knows the seeing but not how much of it optics and pixels make: 40 % of 0.6 % is 2 mmag
    assert light_beyond(fwhm) == pytest.approx(true, rel=0.4)


def test_a_median_without_values_is_its_prior():
    assert shrunk_median(np.array([np.nan] * 9 + [5.0] * 4), np.ones(13), 1.0, 0.1) == 1.0


def test_a_sharp_median_stands_and_a_noisy_one_yields():
    spread, alike = np.linspace(-1, 1, 101), np.ones(101)
    assert shrunk_median(1.2 + 1e-6 * spread, 1e-6 * alike, 1.0, 0.1) == pytest.approx(1.2, abs=1e-4)
    assert shrunk_median(1.2 + 100 * spread, 1e-6 * alike, 1.0, 0.01) == pytest.approx(1.0, abs=1e-4)


def test_one_bright_star_does_not_stand_for_all():
    spread = np.repeat([0.005, 0.05], [1, 12])
    # the bright one holds nine tenths of the weight: its own error is the median's
    found = shrunk_median(np.repeat([1.01, 1.0], [1, 12]), spread, 1.0, 0.003)
    assert found == pytest.approx(1 + 0.01 * 9e-6 / (9e-6 + (1.25 * 0.005) ** 2), abs=4e-4)


def test_bright_stars_outweigh_many_faint_ones():
    rng = np.random.default_rng(1)
    spread = np.repeat([0.003, 0.1], [15, 60])
    found = [shrunk_median(1.02 + spread * rng.standard_normal(75), spread, 1.0, 1.0) for _ in range(200)]
    # 1.25 sigma / sqrt(n) of the bright ones; a plain median of all has ten times that
    assert np.std(found) == pytest.approx(1.25 * 0.003 / np.sqrt(15), rel=0.25)
    assert np.mean(found) == pytest.approx(1.02, abs=3e-4)


def test_fluxes_and_errors_are_corrected_alike():
    corrected, smooth = correct(table(np.full(40, 1.01)))
    factor = smooth.at(500.0, 500.0)[0]
    # 40 stars of 0.3 %: the prior of 0.3 % gives way to them but for 1.25^2 / 41
    assert factor == pytest.approx(1.01 / (1 - light_beyond(4.0)), rel=5e-4)
    np.testing.assert_allclose(corrected["psfFlux"], 1000 * factor)
    np.testing.assert_allclose(corrected["psfFluxErr"], 10 * factor)


def test_stars_with_neighbours_do_not_count_where_others_are_alone():
    ratio = np.concatenate([np.full(10, 1.0), np.full(30, 1.2)])
    flags = np.where(ratio > 1.1, np.uint32(SOURCE["deblended"]), NOT_DEBLENDED)
    alone = correct(table(ratio, flags))[1].at(500.0, 500.0)[0]
    assert alone == pytest.approx(1 / (1 - light_beyond(4.0)), rel=1e-6)


def test_no_star_with_light_is_refused():
    with pytest.raises(UnprocessableData, match="positive flux"):
        correct(table(np.full(3, -1.0)))
