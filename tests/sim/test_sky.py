import numpy as np
import pytest

from gnomon.sim import galaxies, stars, transients
from gnomon.sim.bands import BAND, magnitudes
from gnomon.sim.optics import ARCSEC
from gnomon.sim.recipe import SkyRecipe, demo_recipe, toy_recipe
from gnomon.sim.schedule import visits
from gnomon.sim.seds import galaxy_spectra, scaled_fluxes
from gnomon.sim.sky import ASTEROID, build_sky, field_box, sources_at

MJD = 61690.0


@pytest.fixture(scope="module")
def sky():
    return build_sky(demo_recipe())


def test_the_same_recipe_gives_the_same_sky(sky):
    again = build_sky(demo_recipe())
    for name, table in sky.tables().items():
        for column, values in table.columns.items():
            np.testing.assert_array_equal(values, again.tables()[name][column], err_msg=f"{name} {column}")


def test_ids_are_unique_over_all_kinds(sky):
    ids = np.concatenate([sky.tables()[k]["id"] for k in ("stars", "galaxies", "transients", "asteroids")])
    assert len(np.unique(ids)) == len(ids)


def test_the_sky_is_wider_than_every_visit(sky):
    recipe = demo_recipe()
    box = field_box(recipe)
    for v in visits(recipe):
        if v.obstype == "science":
            assert abs(v.dec - box[1]) + 1075 * 0.2 * ARCSEC < box[3]


def test_every_demo_detector_has_25_stars_of_snr_50_in_every_band(sky):
    # LSST's 5-sigma depths of 30 s (SMTN-002) less 2.5 mag are S/N 50; 11.65 arcmin^2 a detector
    depth = {"u": 23.7, "g": 24.97, "r": 24.52, "i": 24.13, "z": 23.56, "y": 22.55}
    area = 4 * field_box(demo_recipe())[2] ** 2 / (60 * ARCSEC) ** 2
    for band, limit in depth.items():
        m = magnitudes(sky.stars[f"flux_{band}"])
        assert np.sum((m < limit - 2.5) & (m > 16.5)) / area * 11.65 > 25


def test_colours_follow_temperature_along_one_locus(sky):
    g_r = magnitudes(sky.stars["flux_g"]) - magnitudes(sky.stars["flux_r"])
    order = np.argsort(sky.stars["teff"])
    assert np.all(np.diff(g_r[order]) < 1e-3)
    sun = np.abs(sky.stars["teff"] - 5770) < 60
    assert np.median(g_r[sun]) == pytest.approx(0.45, abs=0.08)  # Willmer (2018): 0.44 in similar bands


def test_the_4000_angstrom_break_moves_through_the_bands():
    z = np.array([0.3, 0.6, 0.95])
    flux = scaled_fluxes(galaxy_spectra(np.zeros(3), np.zeros(3), z), "i", np.full(3, 20.0))
    m = {b: magnitudes(flux[b]) for b in BAND}
    g_r, r_i, i_z = m["g"] - m["r"], m["r"] - m["i"], m["i"] - m["z"]
    assert np.argmax(r_i) == 2
    assert g_r[1] > g_r[0]
    assert i_z[2] > i_z[0]


def test_proper_motion_and_parallax_move_a_star_as_they_should(sky):
    one = sky.stars.take(np.arange(200))
    years = 11.0
    ra, dec = stars.position_at(one, stars.REFERENCE_MJD + 365.25 * years, np.zeros(3))
    moved = (ra - one["ra"]) * np.cos(one["dec"]) / stars.MAS
    np.testing.assert_allclose(moved, one["pm_ra"] * years, atol=1e-3 + 1e-6 * np.abs(moved).max())
    np.testing.assert_allclose((dec - one["dec"]) / stars.MAS, one["pm_dec"] * years, atol=1e-3)
    # an observer displaced by 1 au towards the star's east sees it displaced to the west by the parallax
    east = np.array([-np.sin(one["ra"][0]), np.cos(one["ra"][0]), 0.0])
    ra, _ = stars.position_at(one, stars.REFERENCE_MJD, east)
    shift = (ra[0] - one["ra"][0]) * np.cos(one["dec"][0]) / stars.MAS
    assert shift == pytest.approx(-one["parallax"][0], rel=1e-3)


def test_reference_positions_scatter_by_their_errors(sky):
    bright = sky.stars.take(np.isin(sky.stars["id"], sky.reference["id"]))
    pull = (sky.reference["dec"] - bright["dec"]) / sky.reference["dec_err"]
    n = len(pull)
    assert np.mean(pull) == pytest.approx(0, abs=4 / np.sqrt(n))
    assert np.std(pull) == pytest.approx(1, abs=4 / np.sqrt(2 * n))


def test_rr_lyrae_amplitudes_fall_from_blue_to_red(sky):
    row = np.flatnonzero(sky.stars["variable"] == stars.RR_LYRAE)[:1]
    one = sky.stars.take(row)
    times = MJD + np.linspace(0, one["period"][0], 400)
    swing = {b: np.ptp([magnitudes(stars.flux_at(one, b, t))[0] for t in times]) for b in "gi"}
    assert swing["g"] == pytest.approx(one["amplitude"][0], rel=0.03)
    assert swing["i"] == pytest.approx(0.56 * one["amplitude"][0], rel=0.03)


def test_mean_tangential_shape_is_the_shear_of_the_halo():
    # 8,000 galaxies, 6,400 in a ring of 40 arcsec and more: shape noise 0.25 / sqrt(6,400) = 0.003
    rng = np.random.default_rng(4)
    sky = SkyRecipe(halo_offset_arcsec=(0.0, 0.0), halo_einstein_arcsec=8.0)
    table = galaxies.draw_galaxies(rng, 8_000, np.array([1.0, 0.1, 80 * ARCSEC, 80 * ARCSEC]), sky)
    east, north = (table["ra"] - 1.0) * np.cos(table["dec"]), table["dec"] - 0.1
    angle = np.arctan2(north, east)
    tangential = -(table["e1"] * np.cos(2 * angle) + table["e2"] * np.sin(2 * angle))
    expected = -(table["shear1"] * np.cos(2 * angle) + table["shear2"] * np.sin(2 * angle))
    ring = np.hypot(east, north) > 40 * ARCSEC
    n = ring.sum()
    # <e> = g for galaxies of |e| < 1 (Seitz & Schneider 1997)
    assert np.mean(tangential[ring]) == pytest.approx(np.mean(expected[ring]), abs=4 * 0.25 / np.sqrt(n))
    assert 0.02 < np.mean(expected[ring]) < 0.1


def test_galaxies_before_the_halo_are_not_sheared(sky):
    front = sky.galaxies["redshift"] < 0.3
    assert not np.hypot(sky.galaxies["shear1"], sky.galaxies["shear2"])[front].any()


def test_supernovae_are_absent_before_and_as_bright_as_distance_says_at_maximum():
    rng = np.random.default_rng(5)
    hosts = galaxies.draw_galaxies(rng, 3000, np.array([1.0, 0.1, 1e-3, 1e-3]), SkyRecipe())
    table = transients.draw_transients(rng, 30, hosts, (61680.0, 61700.0))
    assert not transients.flux_at(table, "r", 61500.0).any()
    peak = table.with_columns(peak_mjd=np.full(30, 61690.0))
    m = magnitudes(transients.flux_at(peak, "r", 61690.0))
    z = table["redshift"]
    modulus = 5 * np.log10(galaxies.comoving_distance(z) * (1 + z) * 1e5)
    near = z < 0.25
    # rest-frame g falls into observed r: m = M + modulus + K, K of 2.5 log10(1 + z) and a small colour
    k_term = (m - modulus - table["peak_mag"])[near]
    assert np.all(np.abs(k_term) < 0.6)


def test_supernovae_lie_on_their_hosts(sky):
    host = sky.galaxies.take(sky.transients["host"])
    np.testing.assert_array_equal(host["id"], sky.transients["host_id"])
    gap = np.hypot(
        (sky.transients["ra"] - host["ra"]) * np.cos(host["dec"]), sky.transients["dec"] - host["dec"]
    )
    assert np.all(gap < 4 * host["half_light"] * ARCSEC)


def test_asteroids_are_there_in_their_fortnight_and_not_a_year_before(sky):
    now, before = (sources_at(sky, "r", t) for t in (61696.0, 61330.0))
    assert np.sum(now["kind"] == ASTEROID) == len(sky.asteroids)
    assert np.sum(before["kind"] == ASTEROID) == 0


def test_a_survey_without_asteroids_has_an_empty_table():
    sky = build_sky(toy_recipe())
    assert len(sky.asteroids) == 0
    assert len(sources_at(sky, "r", MJD)) > 0
