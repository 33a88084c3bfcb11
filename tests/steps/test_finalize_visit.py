from dataclasses import replace

import numpy as np
import pytest

import toy
from gnomon.algorithms.background import background_map
from gnomon.algorithms.visit.focal_sky import mesh_text
from gnomon.containers.catalog import Catalog, concatenate
from gnomon.containers.wcs import wcs_from_text, wcs_to_text
from gnomon.io.catalogs import conform, empty_catalog
from gnomon.io.instrument import read_instrument
from gnomon.pipeline.joint import FinalizeVisitConfig
from gnomon.pipeline.visit import CalibrateVisitConfig
from gnomon.steps.calibrate_visit import calibrate_visit
from gnomon.steps.finalize_visit import finalize_visit
from steps.summaries import rows

CAMERA = read_instrument("config/instruments/gnomonsim.yaml")
CORNERS = ("ll", "lr", "ul", "ur")
ARCSEC = np.pi / 180 / 3600


@pytest.fixture(scope="module")
def before():
    return calibrate_visit(
        toy.detrended(), [toy.refcat()], data_id=toy.data_id(), config=CalibrateVisitConfig()
    )


def run(before, astrometry=(), photometry=(), stars=(), **options):
    return finalize_visit(
        before.image, before.source, before.summary, astrometry, photometry, stars, CAMERA,
        data_id=toy.data_id(), config=FinalizeVisitConfig(**options),
    )  # fmt: skip


def astrometry_of(before, shift_arcsec=0.3, stars=50, catalogue=9):
    wcs = before.image.wcs
    moved = type(wcs)((wcs.crval[0], wcs.crval[1] + shift_arcsec * ARCSEC), wcs.crpix, wcs.cd, wcs.a, wcs.b)
    text = np.array([wcs_to_text(moved)], object)
    given = {"visit": before.summary["visit"], "detector": before.summary["detector"]}
    return Catalog(
        rows("astrometry_fit", 1, **given, wcs=text, nStar=[stars], nReference=[catalogue], rms=[4.0])
    )


def photometry_of(before, brighter_mag=0.1, slope=0.02, stars=50, catalogue=9):
    given = {n: before.summary[n] for n in ("visit", "detector", "nx", "ny")} | {
        "nStar": [stars],
        "nReference": [catalogue],
    }
    zero = before.summary["zeroPoint"] - brighter_mag
    return Catalog(rows("photometry_fit", 1, **given, zeroPoint00=zero, zeroPoint10=[slope], rms=[0.004]))


def test_a_map_moves_sources_corners_and_image(before):
    after = run(before, [astrometry_of(before)])
    moved = (after.source["coord_dec"] - before.source["coord_dec"]) * 3600
    np.testing.assert_allclose(moved, 0.3, atol=1e-6)
    assert (after.summary["llcdec"] - before.summary["llcdec"])[0] * 3600 == pytest.approx(0.3, abs=1e-6)
    assert after.summary["astromKind"][0] == "joint"
    assert wcs_to_text(after.image.wcs) == after.summary["wcs"][0]


def test_a_zero_point_scales_pixels_variance_sky_and_fluxes_alike(before):
    after = run(before, photometry=[photometry_of(before)])
    ny, nx = before.image.image.shape
    expected = 10 ** (0.4 * (0.1 - 0.02 * (before.source["x"] - (nx - 1) / 2) / (nx / 2)))
    np.testing.assert_allclose(after.source["psfFlux"], before.source["psfFlux"] * expected, rtol=1e-10)
    y, x = 100, 400
    here = 10 ** (0.4 * (0.1 - 0.02 * (x - (nx - 1) / 2) / (nx / 2)))
    pixels, old = after.image.image, before.image.image
    assert pixels.flux[y, x] == pytest.approx(old.flux[y, x] * here, rel=1e-5)  # float32
    assert pixels.variance[y, x] == pytest.approx(old.variance[y, x] * here**2, rel=1e-5)
    sky, old_sky = (background_map(i.background)[y, x] for i in (after.image, before.image))
    # the factor at the cells of the sky, between which a spline runs
    assert sky == pytest.approx(old_sky * here, rel=2e-4)
    assert after.summary["magLim"][0] == pytest.approx(before.summary["magLim"][0] - 0.1, abs=1e-5)
    assert after.summary["photomKind"][0] == "joint"
    assert (pixels.mask == old.mask).all()


def test_tables_follow_their_schemas(before):
    after = run(before, [astrometry_of(before)], [photometry_of(before)])
    conform(after.source, "source")
    conform(after.summary, "visit_summary")


def test_of_two_tracts_the_one_with_more_stars_is_taken_whatever_the_order(before):
    few, many = astrometry_of(before, 0.1, 20), astrometry_of(before, 0.5, 21)
    for tracts in ([few, many], [many, few]):
        assert run(before, tracts).image.wcs.crval == wcs_from_text(many["wcs"][0]).crval


def test_a_solution_without_a_catalogue_is_taken_and_the_summary_says_so(before):
    tied = run(before, [astrometry_of(before)], [photometry_of(before)])
    after = run(before, [astrometry_of(before, catalogue=0)], [photometry_of(before, catalogue=0)])
    assert after.summary["wcs"][0] == tied.summary["wcs"][0]
    assert "reference catalogue" not in tied.summary["note"][0]
    for what in ("astrometry", "photometry"):
        assert f"joint {what} without a reference catalogue" in after.summary["note"][0]


def test_of_two_equal_tracts_the_first_is_taken(before):
    tracts = [astrometry_of(before, 0.1), astrometry_of(before, 0.5)]
    assert run(before, tracts).image.wcs.crval == wcs_from_text(tracts[0]["wcs"][0]).crval


@pytest.mark.parametrize(
    ("fits", "why"),
    [
        (lambda b: [astrometry_of(b, stars=2)], "2 stars, 5 wanted"),
        (lambda b: [empty_catalog("astrometry_fit", "no reference star near")], "no reference star near"),
        (lambda b: [], "the detector is in no tract's solution"),
    ],
)
def test_without_a_solution_the_detector_keeps_its_own_and_says_so(before, fits, why):
    after = run(before, fits(before))
    assert wcs_to_text(after.image.wcs) == before.summary["wcs"][0]
    assert why in after.summary["note"][0]
    assert after.summary["zeroPoint"][0] == before.summary["zeroPoint"][0]
    assert (after.image.image.flux == before.image.image.flux).all()


def test_transparency_and_effective_time_are_those_of_the_simulated_night(before):
    """The first visit of the toy: its airmass, its cloud, its sky, the detector's own response."""
    after, night = (
        run(before, [astrometry_of(before)], [photometry_of(before, 0.0, 0.0)]).summary,
        toy.visit(),
    )
    clear = CAMERA.reference[night.band]
    light = 10 ** (-0.4 * night.cloud_mag) * toy.exposure()[1].detectors["response"][0]
    # the toy's 30 reference stars give its zero point to 1 %
    assert after["transparency"][0] == pytest.approx(light, rel=0.03)
    eta = light * 10 ** (-0.4 * clear.extinction * (night.airmass - 1))
    dark = 10 ** (0.4 * (night.sky_mag - clear.sky)) / toy.exposure()[1].detectors["response"][0]
    wanted = night.exptime * eta**2 * (clear.seeing / after["seeing"][0]) ** 2 * dark
    assert after["effTime"][0] == pytest.approx(wanted, rel=0.08)


def test_a_band_without_reference_and_a_zero_point_of_the_header_have_no_transparency(before):
    joint = [photometry_of(before)]
    bare = replace(CAMERA, reference={})
    after = finalize_visit(
        before.image, before.source, before.summary, [], joint, [], bare,
        data_id=toy.data_id(), config=FinalizeVisitConfig(),
    ).summary  # fmt: skip
    assert np.isnan(after["transparency"][0]) and np.isnan(after["effTime"][0])
    nominal = before.summary.with_columns(photomKind=np.array(["header"], object))
    after = finalize_visit(
        before.image, before.source, nominal, [], [], [], CAMERA,
        data_id=toy.data_id(), config=FinalizeVisitConfig(),
    ).summary  # fmt: skip
    assert np.isnan(after["transparency"][0]) and np.isnan(after["effTime"][0])


def test_light_that_the_detectors_sky_swallowed_comes_back_from_the_focal_planes(before):
    """Four detectors side by side; on one the mesh has a bump of two by two cells, missing in its pixels."""
    bump = np.zeros_like(before.image.background.level)
    assert bump.shape == (4, 4)
    bump[1:3, 1:3] = 20 * before.summary["skyNoise"][0]
    sky = replace(before.image.background, level=before.image.background.level + bump)
    taken = background_map(sky) - background_map(before.image.background)
    pixels = replace(before.image.image, flux=before.image.image.flux - taken)
    image = replace(before.image, image=pixels, background=sky)
    row = before.summary
    step = row["lrcra"] - row["llcra"]
    rows = [row.with_columns(detector=row["detector"] + k, **{f"{c}cra": row[f"{c}cra"] + k * step for c in CORNERS})
            for k in range(4)]  # fmt: skip
    scale = row["pixelScale"][0]
    rows[0] = rows[0].with_columns(skyMesh=np.array([mesh_text(sky, scale)], object))
    summary = concatenate(rows)
    given = image, before.source, summary, [], [], [], CAMERA
    own, focal = (
        finalize_visit(*given, data_id=toy.data_id(), config=FinalizeVisitConfig(sky=s))
        for s in ("detector", "focal_plane")
    )
    good = pixels.variance > 0
    np.testing.assert_array_equal(own.image.image.flux, pixels.flux)
    back = (focal.image.image.flux - pixels.flux)[good & (taken > 0.5 * taken.max())]
    # flat fields and stars leave the cells of the toy's sky uneven by about a noise of a pixel
    np.testing.assert_allclose(back.mean(), taken[good & (taken > 0.5 * taken.max())].mean(), rtol=0.1)
