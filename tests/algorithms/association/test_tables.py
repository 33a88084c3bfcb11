import numpy as np

from gnomon.algorithms.association.tables import MatchLimits, dia_tables, star_tables
from gnomon.containers.catalog import Catalog
from gnomon.containers.ids import source_ids

ARCSEC = np.radians(1 / 3600)
LIMITS = MatchLimits(1.0 * ARCSEC, 5.0, 0.01 * ARCSEC)


def detections(n_objects=60, n_visits=8, seed=0):
    rng = np.random.default_rng(seed)
    truth = np.tile(np.arange(n_objects), n_visits)
    visit = np.repeat(2026112200001 + np.arange(n_visits), n_objects)
    ids = np.concatenate([source_ids(int(v), 2, np.arange(n_objects)) for v in np.unique(visit)])
    n, err = len(truth), 0.05 / 3600
    ra = (359.99 + (truth % 10) * 0.003 + err * rng.standard_normal(n)) % 360
    dec = -5 + (truth // 10) * 0.003 + err * rng.standard_normal(n)
    flux_err = np.full(n, 10.0)
    fluxes = 300 + 10.0 * rng.standard_normal(n)
    return truth, {
        "id": ids, "visit": visit, "band": np.array(["g", "r"], dtype=object)[visit % 2],
        "midpointMjdTai": 61000.0 + (visit - visit.min()), "ra": ra, "dec": dec, "err": np.full(n, err),
        "flux": fluxes, "flux_err": flux_err,
    }  # fmt: skip


def dia_source(seed=0):
    truth, d = detections(seed=seed)
    names = {
        "diaSourceId": "id", "raErr": "err", "decErr": "err", "psfFlux": "flux", "psfFluxErr": "flux_err",
        "scienceFlux": "flux", "scienceFluxErr": "flux_err",
    }  # fmt: skip
    same = {n: d[n] for n in ("visit", "band", "midpointMjdTai", "ra", "dec")}
    return truth, Catalog({**{a: d[b] for a, b in names.items()}, **same})


def test_objects_are_those_of_the_truth_with_their_fluxes():
    truth, source = dia_source()
    t = dia_tables(source, LIMITS, ("g", "r", "i"))
    assert len(t.object) == 60
    assert (t.object["nDiaSources"] == 8).all()
    assert (t.object["g_psfFluxNdata"] == 4).all()
    assert (t.object["i_psfFluxNdata"] == 0).all()
    assert np.isnan(t.object["i_psfFluxMean"]).all()
    pull = (t.object["r_psfFluxMean"] - 300) / t.object["r_psfFluxMeanErr"]
    assert 0.7 < pull.std() < 1.3  # 60 objects: 0.09
    assert (t.object["lastDiaSourceMjdTai"] - t.object["firstDiaSourceMjdTai"] == 7).all()
    order = np.argsort(source["diaSourceId"])
    pairs = np.unique(np.stack([truth[order], t.association["diaObjectId"]]), axis=1)
    assert pairs.shape[1] == 60


def test_tables_do_not_depend_on_row_order():
    _, source = dia_source()
    rows = np.random.default_rng(1).permutation(len(source))
    a, b = dia_tables(source, LIMITS, ("g", "r")), dia_tables(source.take(rows), LIMITS, ("g", "r"))
    for name in a.object.columns:
        np.testing.assert_array_equal(a.object[name], b.object[name])
    np.testing.assert_array_equal(a.association["diaObjectId"], b.association["diaObjectId"])


def test_identifier_of_an_object_stays_when_nights_are_added():
    _, source = dia_source()
    early = source.take(source["visit"] < 2026112200005)
    whole = dia_tables(source, LIMITS, ()).object["diaObjectId"]
    np.testing.assert_array_equal(dia_tables(early, LIMITS, ()).object["diaObjectId"], whole)


def test_no_sources_give_empty_tables():
    _, source = dia_source()
    t = dia_tables(source.take(np.zeros(0, np.int64)), LIMITS, ("g",))
    assert len(t.object) == len(t.association) == 0
    assert "g_psfFluxMean" in t.object


def star_source():
    truth, d = detections()
    columns = {
        "sourceId": d["id"], "coord_ra": d["ra"], "coord_dec": d["dec"], "coord_raErr": d["err"],
        "coord_decErr": d["err"], "psfFlux": d["flux"], "psfFluxErr": d["flux_err"], "ap12Flux": d["flux"],
        "ap12FluxErr": d["flux_err"], "x": d["flux"], "y": d["flux"], "visit": d["visit"], "band": d["band"],
        "midpointMjdTai": d["midpointMjdTai"], "detector": np.full(len(truth), 2),
        "flags": np.zeros(len(truth), np.uint32),
    }  # fmt: skip
    return truth, Catalog(columns)


def test_isolated_stars_and_their_detections_belong_together():
    _, source = star_source()
    t = star_tables(source, LIMITS, 2 * ARCSEC, 3)
    assert len(t.star) == 60
    assert len(t.source) == 480
    assert (np.diff(t.source["isolatedStarId"]) >= 0).all()
    assert set(t.source["isolatedStarId"]) == set(t.star["isolatedStarId"])
    assert set(t.source["isolatedStarId"]) <= set(source["sourceId"])


def test_missing_position_error_does_not_lose_a_star():
    _, source = star_source()
    source["coord_raErr"][::5] = np.nan
    assert len(star_tables(source, LIMITS, 2 * ARCSEC, 3).star) == 60


def test_no_stars_give_empty_tables():
    _, source = star_source()
    assert len(star_tables(source.take(np.zeros(0, np.int64)), LIMITS, ARCSEC, 3).star) == 0
