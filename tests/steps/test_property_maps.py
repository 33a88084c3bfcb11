from dataclasses import replace

import numpy as np
import pytest

import field
from calib_scene import CAMERA as NOWHERE
from gnomon.containers.coadd import empty_coadd
from gnomon.containers.healpix import centre_of, n_pixels
from gnomon.errors import UnprocessableData
from gnomon.pipeline.coadd import CoaddConfig, PropertyMapsConfig
from gnomon.steps.coadd import coadd
from gnomon.steps.property_maps import property_maps

NSIDE = 32768
CAMERA = replace(NOWHERE, longitude_deg=-70.7, latitude_deg=-30.2)


def visits_of(band):
    visits = [10 * list(field.COLOURS).index(band) + k for k in range(1, 7)]
    return [field.summary(v, field.calibrated(v, field.COLOURS[band]), band) for v in visits]


def run(coadds, tables, camera=CAMERA):
    config = PropertyMapsConfig(nside=NSIDE)
    return property_maps(field.skymap(), camera, tables, coadds, data_id=field.data_id(), config=config)


@pytest.fixture(scope="module")
def both():
    return run([field.coadded(b) for b in "ri"], visits_of("r") + visits_of("i"))


def test_area_and_visits_are_those_of_the_image_by_counting(both):
    grid, made = field.GRID, field.coadded("r")
    area = len(both.pixel) * 4 * np.pi / n_pixels(NSIDE)
    # 32 pixels, of which the border cuts some 20: a root of them
    assert area == pytest.approx((grid.patch_inner * grid.pixel_scale) ** 2, rel=0.2)
    x, y = made.wcs.sky_to_pixel(*centre_of(NSIDE, both.pixel))
    cells = grid.cells()
    for k, cell in enumerate(made.psf.cell_of(x, y)):
        plane = made.count[cells[cell].inner.slices()]
        assert both.values["r_n_exposure"][k] == plane.max() == np.median(plane)
    np.testing.assert_array_equal(both.values["r_exposure_time"], 30 * both.values["r_n_exposure"])
    np.testing.assert_array_equal(
        both.values["n_exposure"], both.values["r_n_exposure"] + both.values["i_n_exposure"]
    )


def test_depth_is_that_of_the_variance_plane_and_the_psf(both):
    made = field.coadded("r")
    area = np.median(1 / (made.psf.images**2).sum(axis=(1, 2)))
    wanted = 31.4 - 2.5 * np.log10(5 * np.sqrt(np.median(made.image.variance) * area))
    # weights are of medians over a cell, the plane's values vary by a few parts in a hundred
    assert np.median(both.values["r_depth"]) == pytest.approx(wanted, abs=0.02)


def test_masked_fraction_is_that_of_the_plane_and_whole_pixels_are_covered(both):
    made, values = field.coadded("r"), both.values
    x, y = made.wcs.sky_to_pixel(*centre_of(NSIDE, both.pixel))
    cells = field.GRID.cells()
    for k, cell in enumerate(made.psf.cell_of(x, y)):
        plane = made.masked_fraction[cells[cell].inner.slices()]
        assert values["r_masked_fraction"][k] == pytest.approx(plane.mean(), rel=1e-6)
    assert values["r_coverage"].max() == 1
    assert (values["r_coverage"] > 0).all()


def test_weighted_means_lie_between_the_least_and_the_greatest(both):
    for name in ("psf_size", "sky_noise", "epoch"):
        low, mean, high = (both.values[f"r_{name}_{kind}"] for kind in ("min", "weighted_mean", "max"))
        assert ((mean >= low * (1 - 1e-6)) & (mean <= high * (1 + 1e-6))).all()


def test_numbers_are_those_of_the_visits(both):
    values = both.values
    np.testing.assert_allclose(values["r_psf_size_min"], 0.71, rtol=1e-6)
    np.testing.assert_allclose(values["i_psf_size_max"], 0.86, rtol=1e-6)
    np.testing.assert_allclose(values["r_epoch_mean"], 61003.5)
    assert values["r_epoch_mean"].dtype == np.float64
    np.testing.assert_allclose(values["r_sky_noise_mean"], field.NOISE)
    # turned by up to 0.04, mirrored: east is left on both
    e = np.hypot(values["r_psf_e1_mean"], values["r_psf_e2_mean"])
    np.testing.assert_allclose(e, np.hypot(0.02, 0.01), rtol=5e-3)
    shift = np.hypot(values["r_dcr_dra_max"], values["r_dcr_ddec_max"])
    assert np.isfinite(shift).all()
    assert (values["r_dcr_e1_min"] <= values["r_dcr_e1_max"]).all()


def test_one_visit_is_its_own_least_and_greatest():
    image = field.calibrated(1)
    table = field.summary(1, image)
    given = field.skymap(), [table], [field.parts(image)], CAMERA
    made = coadd(*given, data_id=field.data_id("r", "deep"), config=CoaddConfig())
    got = run([made, empty_coadd("no visit")], [table]).values
    for name in ("psf_size", "psf_e1", "sky_background", "dcr_dra", "epoch"):
        np.testing.assert_array_equal(got[f"r_{name}_min"], got[f"r_{name}_max"])
        np.testing.assert_allclose(got[f"r_{name}_min"], got[f"r_{name}_mean"], rtol=1e-6)
    np.testing.assert_array_equal(got["r_n_exposure"], 1)


def test_an_unknown_site_leaves_refraction_out():
    got = run([field.coadded("r")], visits_of("r"), replace(CAMERA, latitude_deg=float("nan"))).values
    assert np.isnan(got["r_dcr_dra_mean"]).all()
    assert np.isfinite(got["r_depth"]).all()


def test_a_tract_without_coadds_says_why():
    with pytest.raises(UnprocessableData, match="no visit"):
        run([empty_coadd("no visit")], [])
    with pytest.raises(UnprocessableData, match="no coadds"):
        run([], [])
