import numpy as np
import pytest

from gnomon.sim.camera import amplifiers, sensor
from gnomon.sim.exposure import electrons_per_njy, place, simulate_visit, sky_electrons, zero_point
from gnomon.sim.optics import ARCSEC, true_wcs
from gnomon.sim.recipe import toy_recipe
from gnomon.sim.schedule import visits
from gnomon.sim.sky import build_sky

RECIPE = toy_recipe()
SCIENCE = next(v for v in visits(RECIPE) if v.obstype == "science")


@pytest.fixture(scope="module")
def sky():
    return build_sky(RECIPE)


@pytest.fixture(scope="module")
def seen(sky):
    return simulate_visit(RECIPE, sky, SCIENCE)


def electrons_of(raw, detector=0):
    """Assembled and bias-subtracted electrons, by the contract of the raw format."""
    parts = raw.detectors[detector]
    image = np.zeros(parts.shape)
    for amp in parts.amps:
        level = np.mean(amp.data[amp.biassec.slices()], axis=1, keepdims=True)
        light = (amp.data[amp.datasec.slices()] - level) * amp.header["GAIN"]
        image[amp.detsec.slices()] = amp.detsec.orient(light)
    return image


def near(s, k):
    """Electrons of all sources within 20 pixels of one of them."""
    return np.sum(s["electrons"][np.hypot(s["x"] - s["x"][k], s["y"] - s["y"][k]) < 20])


def test_the_same_visit_has_the_same_bytes(sky, seen):
    again, truth = simulate_visit(RECIPE, sky, SCIENCE)
    for amp, other in zip(seen[0].detectors[0].amps, again.detectors[0].amps, strict=True):
        assert amp.data.tobytes() == other.data.tobytes()
    assert seen[0].header == again.header
    np.testing.assert_array_equal(truth.sources["x"], seen[1].sources["x"])


def test_background_and_noise_are_those_of_the_sky(seen):
    image = electrons_of(seen[0])
    part = sensor(RECIPE, 0, SCIENCE.band)
    flat = np.where(part.flat > 0.5, part.flat, np.nan)
    sky = sky_electrons(RECIPE, SCIENCE)
    # sources and the unremoved bias pattern raise the median by a few electrons
    assert np.nanmedian(image / flat) == pytest.approx(sky, rel=0.02)
    low = np.nanpercentile(image, [16, 50])
    noise = np.sqrt(sky + amplifiers(RECIPE.camera, 0)[0].read_noise ** 2)
    # faint sources and the bias pattern widen it
    assert noise < low[1] - low[0] < 1.25 * noise


def test_bright_stars_are_where_the_truth_says_with_the_flux_it_says(seen):
    image = electrons_of(seen[0]) - sky_electrons(RECIPE, SCIENCE)
    s = seen[1].sources
    lonely = [
        k for k in np.flatnonzero((s["kind"] == 0) & (s["electrons"] > 2e4) & (s["electrons"] < 5e5))
        if min(s["x"][k], s["y"][k], 255 - s["x"][k], 255 - s["y"][k]) > 20
        and near(s, k) < 1.1 * s["electrons"][k]
    ]  # fmt: skip
    assert lonely
    for k in lonely:
        y0, x0 = round(s["y"][k]), round(s["x"][k])
        box = image[y0 - 12 : y0 + 13, x0 - 12 : x0 + 13]
        y, x = np.mgrid[-12:13, -12:13]
        bright = np.where(box > 0.2 * box.max(), box, 0)
        assert np.sum(bright * x) / bright.sum() + x0 == pytest.approx(s["x"][k], abs=0.25)
        assert np.sum(bright * y) / bright.sum() + y0 == pytest.approx(s["y"][k], abs=0.25)
        # the box of 5 arcsec holds 95 to 99 % of the light; noise 900 electrons, neighbours 10 %, flat 5 %
        assert box.sum() == pytest.approx(s["electrons"][k], rel=0.18, abs=4000)


def test_flux_truth_is_the_zero_point_applied(seen):
    s = seen[1].sources
    np.testing.assert_allclose(s["electrons"], s["flux"] * electrons_per_njy(SCIENCE))
    assert seen[1].detectors["zero_point"][0] == zero_point(SCIENCE)


def test_refraction_moves_blue_sources_towards_the_zenith(sky):
    wcs = true_wcs(RECIPE, SCIENCE, 0)
    table = sky.stars.take(np.arange(20))
    bent = table.with_columns(refraction=np.full(20, 1e-6))
    straight = table.with_columns(refraction=np.zeros(20))
    x, y = place(RECIPE, SCIENCE, wcs, bent)
    x0, y0 = place(RECIPE, SCIENCE, wcs, straight)
    ra, dec = wcs.pixel_to_sky(x, y)
    ra0, dec0 = wcs.pixel_to_sky(x0, y0)
    east, north = (ra - ra0) * np.cos(dec0), dec - dec0
    size = 1e-6 * np.tan(SCIENCE.zenith_distance)
    # distortion changes the local scale by up to half a percent outside the field, shear mixes the axes
    np.testing.assert_allclose(east, size * np.sin(SCIENCE.parallactic_angle), atol=0.01 * size)
    np.testing.assert_allclose(north, size * np.cos(SCIENCE.parallactic_angle), atol=0.01 * size)
    assert size / ARCSEC > 0.05


def test_calibrations_hold_what_they_are_named_after():
    found = {}
    for v in visits(RECIPE):
        if v.obstype != "science" and v.obstype not in found:
            found[v.obstype] = electrons_of(simulate_visit(RECIPE, None, v)[0])
    assert abs(np.median(found["bias"])) < 3
    assert np.median(found["dark"]) == pytest.approx(60 * RECIPE.camera.dark_current, abs=3)
    assert np.median(found["flat"]) == pytest.approx(20_000, rel=0.05)


def test_cosmic_ray_truth_marks_pixels_that_stand_out_in_a_dark():
    dark = next(v for v in visits(RECIPE) if v.obstype == "dark")
    raw, truth = simulate_visit(RECIPE, None, dark)
    image, rays = electrons_of(raw), truth.cosmic_rays
    strong = rays["electrons"] > 300
    assert strong.any()
    # bias pattern, read noise and the non-linearity are below 40 electrons here
    np.testing.assert_allclose(
        image[rays["y"], rays["x"]][strong], rays["electrons"][strong], rtol=0.02, atol=60
    )


def test_a_science_visit_without_a_sky_is_refused():
    with pytest.raises(ValueError, match="wanted build_sky"):
        simulate_visit(RECIPE, None, SCIENCE)
