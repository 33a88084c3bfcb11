from dataclasses import replace

import numpy as np
import pytest

import field
from calib_scene import CAMERA as NOWHERE
from gnomon.algorithms.measure import measure_forced
from gnomon.containers.parts import no_parts
from gnomon.errors import ConfigError, UnprocessableData
from gnomon.flags import MASK
from gnomon.pipeline.coadd import CoaddConfig
from gnomon.steps.coadd import coadd

VISITS = range(1, 7)
CAMERA = replace(NOWHERE, longitude_deg=-70.7, latitude_deg=-30.2)


def run(visits=VISITS, kind="deep", images=None, camera=CAMERA, **options):
    made = [field.calibrated(v, spoil=v == 3) for v in visits]
    tables = [field.summary(v, i) for v, i in zip(visits, made, strict=True)]
    parts = [field.parts(i) for i in made] if images is None else images
    config = CoaddConfig(**options)
    return coadd(field.skymap(), tables, parts, camera, data_id=field.data_id("r", kind), config=config)


@pytest.fixture(scope="module")
def done():
    return run()


def test_every_pixel_is_the_mean_of_all_visits(done):
    assert done.image.shape == (340, 340)
    assert done.count.max() == len(VISITS)
    assert (done.count == len(VISITS)).mean() > 0.9
    assert not (done.image.mask & MASK["NO_DATA"]).any()
    # one visit of six has a bar of 10 x 350 px, which is left out
    assert 0.01 < np.mean((done.image.mask & MASK["CLIPPED"]) != 0) < 0.06


def test_star_fluxes_are_the_total_ones(done):
    ra, dec, flux = field.stars()
    x, y = done.wcs.sky_to_pixel(ra, dec)
    table = measure_forced(done.image, x, y, done.psf, ignore=MASK["NO_DATA"])
    ratio = table["psfFlux"] / done.psf.total(x, y) / flux
    error = table["psfFluxErr"] / flux
    # weights of all stars: the mean is known to 0.1 %; pulls of correlated pixels are 1 / sqrt(0.84) wide
    assert abs(np.average(ratio, weights=error**-2) - 1) < 4 / np.sqrt((error**-2).sum()) + 2e-3
    assert np.std((ratio - 1) / np.hypot(error, 2e-3)) < 1.5


def test_a_template_takes_the_visits_of_the_best_seeing():
    made = run(kind="template_1", template_share=0.5, template_visits=2)
    assert set(made.inputs.visit.tolist()) == {1, 2, 3}  # field.summary: seeing grows with the visit's number


def test_order_of_visits_does_not_matter(done):
    again = run(visits=[4, 2, 6, 1, 5, 3])
    np.testing.assert_array_equal(again.image.flux, done.image.flux)
    np.testing.assert_array_equal(again.inputs.weight, done.inputs.weight)


def test_parts_of_the_band_add_up_to_the_mean_where_nothing_was_refracted(done):
    made = run(kind="dcr", dcr_parts=2)
    assert made.parts.shape == (2, *done.image.shape)
    assert made.refractivity[0] == pytest.approx(-made.refractivity[1])
    assert made.refractivity[0] > 0
    np.testing.assert_allclose(made.parts.sum(0), made.image.flux, atol=1e-3)
    x, y = done.wcs.sky_to_pixel(*field.stars()[:2])
    k = int(np.argmax(field.stars()[2]))
    box = tuple(slice(round(float(c[k])) - 6, round(float(c[k])) + 7) for c in (y, x))
    # the visits differ in seeing by 7 %, and their stars are drawn at one place whatever the air mass
    assert made.image.flux[box].sum() == pytest.approx(done.image.flux[box].sum(), rel=0.02)


def test_refraction_is_refused_where_the_site_or_the_band_is_unknown():
    with pytest.raises(UnprocessableData, match="latitude"):
        run(visits=[1], kind="dcr", camera=NOWHERE)


def test_memory_changes_no_bit(done):
    again = run(memory_mb=10)
    np.testing.assert_array_equal(again.image.flux, done.image.flux)
    np.testing.assert_array_equal(again.psf.images, done.psf.images)


def test_one_visit_is_a_coadd():
    made = run(visits=[2])
    assert set(np.unique(made.count).tolist()) <= {0, 1}


def test_failed_visits_are_left_out():
    with pytest.raises(UnprocessableData, match="covers a cell"):
        run(visits=[1, 2], images=[no_parts("corrupt"), no_parts("corrupt")])


def test_no_visit_is_told():
    with pytest.raises(UnprocessableData, match="0 visits"):
        run(visits=[])


def test_seeing_beyond_the_limit_is_left_out():
    assert set(run(max_seeing_arcsec=0.725).inputs.visit.tolist()) == {1, 2}


def test_visits_of_another_band_are_refused():
    made = field.calibrated(1)
    tables = [field.summary(1, made, "g")]
    with pytest.raises(ConfigError, match="visit 1 is in band g, not r"):
        coadd(
            field.skymap(), tables, [field.parts(made)], CAMERA, data_id=field.data_id("r", "deep"),
            config=CoaddConfig(),
        )  # fmt: skip


def test_a_visit_that_is_all_mask_changes_no_pixel(done):
    spoilt = field.calibrated(7)
    mask = np.full(spoilt.image.shape, MASK["SAT"], np.uint32)
    images = [field.calibrated(v, spoil=v == 3) for v in VISITS]
    images.append(replace(spoilt, image=replace(spoilt.image, mask=mask)))
    tables = [field.summary(v, i) for v, i in zip(range(1, 8), images, strict=True)]
    made = coadd(
        field.skymap(), tables, [field.parts(i) for i in images], CAMERA, data_id=field.data_id("r", "deep"),
        config=CoaddConfig(),
    )  # fmt: skip
    np.testing.assert_array_equal(made.image.flux, done.image.flux)
    np.testing.assert_array_equal(made.count, done.count)
    assert made.selection.reason == ("",) * 6 + ("covers no cell whole without being masked",)


def test_a_visit_that_is_all_mask_alone_is_a_coadd_of_no_input():
    spoilt = field.calibrated(7)
    masked = replace(spoilt.image, mask=np.full(spoilt.image.shape, MASK["SAT"], np.uint32))
    made = run(visits=[7], images=[field.parts(replace(spoilt, image=masked))])
    assert not made.count.any()
    assert (made.image.mask & MASK["SAT"]).all()
    assert (made.masked_fraction == 1).all()


@pytest.mark.parametrize("middle", [(0.0, -0.2), (2.0, np.pi / 2), (1.0, -np.pi / 2 + 1e-4)])
def test_a_tract_across_ra_0_and_at_a_pole_give_the_same_bits(monkeypatch, done, middle):
    for cached in (field.skymap, field.stars):
        cached.cache_clear()
    monkeypatch.setattr(field, "MIDDLE", middle)
    try:
        made = run()
    finally:
        for cached in (field.skymap, field.stars):
            cached.cache_clear()
    # the same plane under other stars: coordinates agree to 1e-9 px, and float32 coadds to a few of their digits
    np.testing.assert_allclose(made.image.flux, done.image.flux, atol=2e-2)
    assert made.selection.reason == done.selection.reason


def test_unknown_kind_is_refused():
    with pytest.raises(ConfigError, match="kind"):
        run(visits=[1], kind="best")


def test_good_seeing_takes_the_best_third_and_says_why_not_the_others():
    made = run(kind="good_seeing")
    # seeing grows with the number of the visit
    assert sorted(set(made.inputs.visit.tolist())) == [1, 2]
    assert made.selection.visit == tuple(VISITS)
    assert [bool(r) for r in made.selection.reason] == [False, False, True, True, True, True]
    assert "best seeing" in made.selection.reason[-1]
    assert [w > 0 for w in made.selection.weight] == [c > 0 for c in made.selection.cells]
    assert [w > 0 for w in made.selection.weight] == [not r for r in made.selection.reason]


def test_a_psf_matched_coadd_has_one_psf_all_over():
    made = run(kind="psf_matched", matched_fwhm_arcsec=1.4)
    sigma = 1.4 / 0.2 / 2.3548
    v, u = np.mgrid[-15:16, -15:16]
    model = np.exp(-0.5 * (u**2 + v**2) / sigma**2) / (2 * np.pi * sigma**2)
    # of unit total flux: stars hold 1 / 1.05 of it in their stamp
    for image in made.psf.images:
        np.testing.assert_allclose(image * field.CORRECTION, model, atol=0.01 * model.max())
    assert made.masked_fraction.shape == made.image.shape


def test_detectors_too_wide_for_the_model_are_left_out():
    made = run(kind="psf_matched", matched_fwhm_arcsec=0.77)
    assert sorted(set(made.inputs.visit.tolist())) == [1, 2, 3]
    assert "above 0.73" in made.selection.reason[-1]
