from dataclasses import replace

import numpy as np
import pytest

import toy
from gnomon.algorithms.psf import adaptive_moments
from gnomon.algorithms.visit.characterise import gaussian_psf
from gnomon.algorithms.visit.final_psf import identified, kept_aside, psf_moments, refit_psf, same_flux
from gnomon.algorithms.visit.quality import shape_residuals
from gnomon.containers.calibrated import Smooth
from gnomon.containers.catalog import Catalog
from gnomon.containers.psf import PsfModel
from gnomon.pipeline.visit import CalibrateVisitConfig
from gnomon.steps.calibrate_visit import calibrate_visit


@pytest.fixture(scope="module")
def before():
    return calibrate_visit(
        toy.detrended(), [toy.refcat()], data_id=toy.data_id(), config=CalibrateVisitConfig()
    )


def stars_of(source, min_snr=50.0):
    """What other visits would say of the stars: places, and numbers."""
    s = source.take(source["psfFlux"] > min_snr * source["psfFluxErr"])
    return Catalog({"isolatedStarId": s["sourceId"], "coord_ra": s["coord_ra"], "coord_dec": s["coord_dec"]})


def varying_psf(slope=0.05):
    """A Gaussian that grows along x."""
    base, wide = (gaussian_psf(f, (400, 400), 31).basis[0] for f in (3.5, 3.5 * (1 + slope)))
    basis = np.stack([base, wide - base, np.zeros_like(base)])
    return PsfModel(basis, 1, (199.5, 199.5), (200.0, 200.0))


def test_a_star_is_kept_aside_in_all_visits_or_in_none_one_in_eight():
    names = np.arange(10**15, 10**15 + 80_000)
    aside = kept_aside(names)
    assert aside.mean() == pytest.approx(1 / 8, abs=5 * np.sqrt(7 / 64 / len(names)))
    np.testing.assert_array_equal(kept_aside(names[::-1]), aside[::-1])


def test_sources_take_the_name_of_the_star_at_their_place():
    source = Catalog(
        {"coord_ra": np.array([359.999, 0.001, 10.0]), "coord_dec": np.array([80.0, 80.0, 80.0])}
    )
    near = Catalog({
        "isolatedStarId": np.array([7, 8, 9]),
        "coord_ra": np.array([0.001, 359.999, 10.0]), "coord_dec": np.array([80.0001, 80.0, 80.001]),
    })  # fmt: skip
    np.testing.assert_array_equal(identified(source, [near]), [8, 7, -1])
    assert len(identified(source.take([]), [near])) == 0


def test_fluxes_by_another_psf_keep_their_sum():
    """A star drawn with the new PSF has the same total by both models and their corrections."""
    new, old = varying_psf(), gaussian_psf(3.4, (400, 400), 31)
    before = Smooth(np.array([1.03]), 0, old.centre, old.scale)
    after = same_flux(before, old, new)
    for x, y in ((20.0, 30.0), (390.0, 200.0)):
        star, p, q = new.samples(x, y)[0], new.samples(x, y)[0], old.samples(x, y)[0]
        by_old, by_new = (float((star * m).sum() / (m * m).sum()) for m in (q, p))
        # the ratio is followed by a polynomial two degrees above the model's
        assert by_new * after.at(x, y)[0] == pytest.approx(by_old * before.at(x, y)[0], rel=2e-5)


def test_moments_of_the_psf_at_sources_are_those_of_its_stamps():
    psf = varying_psf()
    x, y = np.random.default_rng(1).uniform(0, 399, (2, 20))
    want = adaptive_moments(psf.samples(x, y))
    got = psf_moments(psf, Catalog({"x": x, "y": y}))
    for name in ("xx", "yy", "xy"):
        np.testing.assert_allclose(got[f"i{name}PSF"], getattr(want, name), atol=2e-5)


def test_the_psf_of_all_visits_stars_is_nearer_to_stars_that_it_has_not_seen(before):
    """The preliminary PSF is made worse: the refit finds its way back, and says which stars it used."""
    image, source = before.image, before.source
    broad = gaussian_psf(6.0, image.image.shape, image.psf.size).basis[0]
    basis = image.psf.basis.copy()
    basis[0] = 0.9 * basis[0] + 0.1 * broad
    wide = replace(image, psf=replace(image.psf, basis=basis))
    done = refit_psf(wide, source, [stars_of(source)], 10)
    assert done.note == ""
    stars, reserve = (done.sources[n].astype(bool) for n in ("isPsfStar", "isPsfReserve"))
    assert stars.sum() >= 10
    assert not (stars & reserve).any()
    off = shape_residuals(done.sources.take(stars))
    by_wide = shape_residuals(
        done.sources.take(stars).with_columns(**psf_moments(wide.psf, done.sources.take(stars)))
    )
    assert abs(np.median(by_wide["size"])) > 0.03
    assert abs(np.median(off["size"])) < 0.01


def test_a_visit_of_one_detector_changes_nothing(before):
    alone, among = (
        refit_psf(before.image, before.source, [stars_of(before.source)], 10, visit)
        for visit in (None, before.source)
    )
    assert alone.image.psf.basis.tobytes() == among.image.psf.basis.tobytes()


def test_with_few_stars_the_preliminary_psf_stays(before):
    done = refit_psf(before.image, before.source, [], 20)
    assert done.image is before.image
    assert done.note == "preliminary PSF: 0 stars of all visits, 20 wanted"
