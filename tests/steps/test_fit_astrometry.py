import numpy as np
import pytest

from algorithms.astrometry.survey import MAS, make_survey
from gnomon.containers.catalog import Catalog
from gnomon.containers.dataid import DataId
from gnomon.containers.wcs import sky_to_plane, wcs_from_text
from gnomon.errors import UnprocessableData
from gnomon.io.catalogs import conform, empty_catalog
from gnomon.pipeline.joint import FitAstrometryConfig
from gnomon.steps.fit_astrometry import fit_astrometry
from joint_scene import summaries, tables


@pytest.fixture(scope="module")
def scene():
    rng = np.random.default_rng(3)
    survey = make_survey(rng, visits=5, n_stars=250, rms_air=0)
    star, source, facts, reference, _ = tables(survey, rng)
    ids = np.arange(len(reference))
    return survey, star, source, summaries(facts), reference.with_columns(id=ids)


def run(star, source, told, refcats):
    config = FitAstrometryConfig(turbulence=False)
    return fit_astrometry(star, source, told, refcats, data_id=DataId(tract=0), config=config)


def test_maps_put_the_stars_where_they_are(scene):
    survey, star, source, told, reference = scene
    fit = conform(run(star, source, told, [reference]), "astrometry_fit")
    assert len(fit) == len(survey.exposures)
    off = []
    for k in range(len(fit)):
        rows = survey.sources.exposure == k
        sky = wcs_from_text(fit["wcs"][k]).pixel_to_sky(survey.sources.x[rows], survey.sources.y[rows])
        place = np.stack(sky_to_plane(*sky, survey.centre), -1) / MAS
        off.append((place - survey.true_plane[rows]) / (survey.sources.error[rows] * 200)[:, None])
    assert np.sqrt(np.mean(np.concatenate(off) ** 2)) < 1.35  # centroids, and polynomials of half their noise
    assert fit["nStar"].sum() == pytest.approx(len(survey.sources), rel=0.03)


def test_a_star_listed_in_two_shards_counts_once(scene):
    _, star, source, told, reference = scene
    once, twice = (run(star, source, told, [reference] * n) for n in (1, 2))
    assert once["wcs"].tolist() == twice["wcs"].tolist()


def test_without_stars_it_says_why(scene):
    _, _, _, told, reference = scene
    none = empty_catalog("isolated_star", "no visit"), empty_catalog("isolated_star_source", "no visit")
    with pytest.raises(UnprocessableData, match="no visit"):
        run(*none, told, [reference])


def test_without_a_catalogue_the_visits_are_brought_together_and_the_table_says_so(scene):
    _, star, source, told, reference = scene
    elsewhere = reference.with_columns(coord_ra=reference["coord_ra"] + 0.5)
    alone, far, tied = (run(star, source, told, r) for r in ([], [elsewhere], [reference]))
    assert alone["wcs"].tolist() == far["wcs"].tolist()
    assert set(alone["nReference"]) == set(far["nReference"]) == {0}
    assert tied["nReference"].min() > 50
    assert np.mean(alone["rms"]) <= np.mean(tied["rms"])  # stars that no catalogue holds fit no worse


def test_a_failed_visit_is_left_out(scene):
    _, star, source, told, reference = scene
    told = [*told[:-1], empty_catalog("visit_summary", "no stars")]
    fit = run(star, source, told, [reference])
    assert set(fit["visit"]) == set(source["visit"]) - {max(source["visit"])}


def test_one_visit_alone_is_tied_to_the_catalogue(scene):
    _, star, source, told, reference = scene
    fit = run(star, source, told[:1], [reference])
    assert set(fit["visit"]) == {min(source["visit"])}
    assert isinstance(fit, Catalog)
