import numpy as np
import pytest

from gnomon.containers.catalog import Catalog
from gnomon.containers.dataid import DataId
from gnomon.containers.ids import source_ids
from gnomon.containers.skymap import PatchGrid, discrete_skymap
from gnomon.errors import UnprocessableData
from gnomon.flags import SOURCE
from gnomon.io.catalogs import conform, empty_catalog
from gnomon.pipeline.joint import IsolatedStarsConfig
from gnomon.schemas import schema
from gnomon.steps.isolated_stars import isolated_stars

CONFIG = IsolatedStarsConfig()
GRID = PatchGrid(np.radians(0.2 / 3600))
SKYMAP = discrete_skymap([(np.radians(10.0), 0.0, 0.002, 0.002)], GRID)


def visit(number, n=30, moved_arcsec=0.0, seed=0):
    """Stars on a grid about (10, 0) degrees as a source table of one visit."""
    rng = np.random.default_rng(seed + number)
    k = np.arange(n)
    err = 0.02 / 3600
    columns = {c.name: np.zeros(n, object if c.dtype == "str" else c.dtype) for c in schema("source")}
    columns |= {
        "sourceId": source_ids(2026112200000 + number, 1, k),
        "visit": np.full(n, 2026112200000 + number),
        "band": np.full(n, "r", object),
        "midpointMjdTai": np.full(n, 61000.0 + number),
        "coord_ra": 10 + (k % 6 - 2.5) * 0.01 + err * rng.standard_normal(n),
        "coord_dec": (k // 6 - 2.5) * 0.01 + moved_arcsec / 3600 + err * rng.standard_normal(n),
        "coord_raErr": np.full(n, err),
        "coord_decErr": np.full(n, err),
        "psfFlux": np.full(n, 1000.0),
        "psfFluxErr": np.full(n, 10.0),
    }
    return Catalog(columns)


def run(sources, tract=0):
    return isolated_stars(SKYMAP, sources, data_id=DataId(tract=tract), config=CONFIG)


def test_stars_of_all_visits_are_found_once():
    found = run([visit(k) for k in range(4)])
    assert len(found.star) == 30
    assert (found.star["nDetections"] == 4).all()
    assert len(found.source) == 120
    conform(found.star, "isolated_star")
    conform(found.source, "isolated_star_source")


def test_stars_have_a_colour_where_both_bands_saw_them():
    blue, red = visit(0), visit(1)
    n = len(blue)
    blue = blue.with_columns(band=np.full(n, "g", object), psfFlux=np.linspace(500.0, 1500.0, n))
    red = red.with_columns(band=np.full(n, "i", object))
    found = run([blue, red, visit(2)])
    flux = found.source["psfFlux"][found.source["band"] == "g"]  # in order of star
    np.testing.assert_allclose(found.star["colour"], -2.5 * np.log10(flux / 1000), atol=1e-6)
    assert (found.star.meta["blue"], found.star.meta["red"]) == ("g", "i")
    assert np.isnan(run([visit(k) for k in range(3)]).star["colour"]).all()


def test_star_that_moves_is_still_one_star():
    assert len(run([visit(k, moved_arcsec=0.15 * k) for k in range(4)]).star) == 30


def test_galaxies_faint_and_bad_sources_do_not_count():
    sources = [visit(k) for k in range(3)]
    for s in sources:
        s["extendedness"][0] = 1
        s["psfFlux"][1] = 50
        s["flags"][2] = SOURCE["saturated"]
        s["psfFlux"][3] = np.nan
    assert len(run(sources).star) == 26


def test_stars_outside_the_tract_are_left_to_others():
    shifted = [s.with_columns(coord_ra=s["coord_ra"] + 5) for s in (visit(0), visit(1))]
    assert len(run(shifted).star) == 0


def test_failed_visit_is_no_obstacle_and_no_visit_is_told():
    empty = empty_catalog("source", "no stars")
    assert len(run([empty, visit(0), visit(1)]).star) == 30
    with pytest.raises(UnprocessableData, match="no visit"):
        run([empty])


def test_order_of_visits_does_not_matter():
    a, b = run([visit(k) for k in range(3)]), run([visit(k) for k in (2, 0, 1)])
    for name in a.source.columns:
        np.testing.assert_array_equal(a.source[name], b.source[name])
