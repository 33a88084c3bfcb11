"""Numbers behind the plots of the report, and pages of what is there and what is not."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "steps"))
from summaries import rows, summary

from gnomon.algorithms.report.alerts import alerts, stamp_pixels
from gnomon.algorithms.report.chain import layers, without_shortcuts
from gnomon.algorithms.report.completeness import completeness, curve
from gnomon.algorithms.report.focal_plane import detector_axes, focal_plane, residuals
from gnomon.algorithms.report.light_curves import _detections, _strongest, periodic, transients
from gnomon.algorithms.report.moving import moving
from gnomon.algorithms.report.objects import colours, counts
from gnomon.algorithms.report.products import NothingToShowError, Products, gathered
from gnomon.algorithms.report.redshifts import matched, redshifts
from gnomon.containers.alerts import LocalMap, Stamps
from gnomon.containers.catalog import Catalog
from gnomon.io.catalogs import empty_catalog
from gnomon.io.stamps import stamp_bytes

NOTHING = Catalog({"path": np.empty(0, object), "reason": np.empty(0, object)})


def products(**given):
    jobs = Catalog({"step": np.empty(0, object), "jobs": np.empty(0, int)})
    return Products("t", NOTHING, jobs, {}, empty_catalog("metrics", "none"), **given)


def table(name, n, **given):
    return Catalog(rows(name, n, **given))


def corners(turn):
    """Two detectors side by side in a field turned by an angle: east of columns, north of rows, in degrees."""
    c, s = np.cos(turn), np.sin(turn)
    sky = {}
    for name, x, y in (("ll", 0, 0), ("lr", 1, 0), ("ur", 1, 1), ("ul", 0, 1)):
        x = np.array([x, x + 1.1]) * 0.05
        sky[f"{name}cra"], sky[f"{name}cdec"] = 10 + c * x - s * y * 0.05, s * x + c * y * 0.05
    return sky


def test_axes_of_detectors_turn_with_the_field():
    axes = detector_axes(summary(1, "r", **corners(0.3)))
    np.testing.assert_allclose(axes[0], [[np.cos(0.3), np.sin(0.3)], [-np.sin(0.3), np.cos(0.3)]], atol=1e-9)


def survey(shift_deg):
    """Forty stars seen on three visits, the third with its positions moved north."""
    rng = np.random.default_rng(1)
    ra, dec = 10 + rng.uniform(0, 0.05, 40), rng.uniform(0, 0.05, 40)
    visits, links = [], []
    for v in range(3):
        ids = 1000 * v + np.arange(40)
        place = {
            "coord_ra": ra,
            "coord_dec": dec + shift_deg * (v == 2),
            "x": (ra - 10) / 0.05 * 500,
            "y": dec / 0.05 * 500,
        }
        shape = {"ixx": np.full(40, 2.1), "iyy": np.full(40, 2.0), "isPsfStar": np.ones(40, bool)}
        visits.append(
            table("source", 40, sourceId=ids, visit=[v] * 40, psfFlux=np.full(40, 1e5), **place, **shape)
        )
        links.append(table("isolated_star_source", 40, isolatedStarId=np.arange(40), sourceId=ids))
    told = [summary(v, "r", nx=[500, 500], ny=[500, 500], **corners(0.0)) for v in range(3)]
    return products(summaries=told, sources=visits, star_sources=links)


def test_a_shifted_visit_stands_out_by_its_shift_from_the_others():
    found = residuals(survey(30 / 3.6e6))
    # a third of the visits moved by 30 mas: 20 and -10 from the mean, times sqrt(3/2) for the degree of freedom
    np.testing.assert_allclose(np.unique(found["dy"].round(3)), np.array([-10, 20]) * np.sqrt(1.5), atol=0.01)
    np.testing.assert_allclose(found["dx"], 0, atol=1e-6)
    np.testing.assert_allclose(found["fainter"], 0, atol=1e-12)
    assert "<img" in focal_plane(survey(30 / 3.6e6))


def test_thinning_takes_every_nth_row_and_says_why_there_are_none():
    parts = [Catalog({"a": np.arange(7)}), Catalog({"a": np.arange(7, 10)})]
    assert gathered(parts, ["a"], 4)["a"].tolist() == [0, 3, 6, 9]
    with pytest.raises(NothingToShowError, match=r"^Cloudy\.$"):
        gathered([Catalog({"a": np.empty(0)}, {"empty_reason": "cloudy"})], ["a"])


def test_redshifts_meet_spectra_within_an_arcsecond():
    place = {"coord_ra": [10.0, 10.1], "coord_dec": [0.0, 0.0]}
    mine = table("photoz", 2, z_median=[0.5, 0.7], photoz_flag_extrapolated=[False, True], **place)
    spectra = table("spec_z", 2, coord_ra=[10.0 + 0.5 / 3600, 10.1 + 2 / 3600], redshift=[0.52, 0.7])
    z, true, plain = matched(mine, spectra)
    assert (z.tolist(), true.tolist(), plain.tolist()) == ([0.5], [0.52], [True])
    assert "1 objects with a spectrum" in redshifts(products(redshifts=[mine], spectra=[spectra]))


def test_redshifts_beyond_the_depth_of_the_spectra_are_told_apart():
    ra = 10 + 0.1 * np.arange(4)
    plain = {n: [False] * 4 for n in ("photoz_flag_extrapolated", "photoz_flag_missingBand")}
    mine = table("photoz", 4, z_median=[0.5, 0.7, 0.9, 2.0], coord_ra=ra, coord_dec=[0.0] * 4, **plain)
    spectra = table("spec_z", 1, coord_ra=ra[:1], coord_dec=[0.0], redshift=[0.5])
    bright = np.array([True, True, True, False])
    true = {"ra": ra, "dec": np.zeros(4), "redshift": np.array([0.5, 0.7, 0.9, 0.5])}
    galaxies = Catalog({**true, "flux_i": np.where(bright, 2000.0, 500.0)})
    page = redshifts(products(redshifts=[mine], spectra=[spectra], galaxies=[galaxies]))
    assert "2 galaxies without a spectrum of i &lt; 24" in page
    assert "1 galaxies without a spectrum of i &gt; 24: bias +1.000" in page


def test_objects_of_two_bands_have_no_two_colours_but_counts():
    flux = {
        f"{b}_{k}Flux{e}": np.full(30, 1e4 if not e else 10.0)
        for b in "gr"
        for k in ("psf", "kron")
        for e in ("", "Err")
    }
    others = {
        n: np.full(30, np.nan)
        for n in table("object", 1).columns
        if n[1:2] == "_" and n[0] not in "gr" and "Flux" in n
    }
    mine = table(
        "object", 30, detect_isPrimary=[True] * 30, coord_ra=10 + np.arange(30) / 100, **flux, **others
    )
    with pytest.raises(NothingToShowError, match="g, r alone"):
        colours(products(objects=[mine]))
    assert "<img" in counts(products(objects=[mine]))


def test_a_sure_period_is_folded_and_an_unsure_one_is_not_shown():
    days = np.arange(40) * 1.3
    flux = 1e4 * (1 + 0.5 * np.sin(2 * np.pi * days / 0.6))
    curve = table(
        "forced_source",
        40,
        objectId=[7] * 40,
        band=np.array(["r"] * 40, object),
        midpointMjdTai=days,
        psfFlux=flux,
        psfFluxErr=[100] * 40,
    )
    found = {"objectId": [7], "isVariable": [True], "period": [0.6], "periodPower": [0.9]}
    none = {"rrLyraePeriod": [np.nan], "rrLyraeFalseAlarm": [np.nan]}
    sure = table("variability", 1, periodFalseAlarm=[1e-9], **found, **none)
    assert "1 objects have a period" in periodic(products(variability=[sure], forced=[curve]))
    lyra = found | {"rrLyraePeriod": [0.6], "rrLyraeFalseAlarm": [1e-9]}
    sure = table("variability", 1, periodFalseAlarm=[np.nan], **lyra)
    assert "1 objects have a period" in periodic(products(variability=[sure], forced=[curve]))
    found |= none
    with pytest.raises(NothingToShowError, match="None of 1 variable"):
        periodic(
            products(variability=[table("variability", 1, periodFalseAlarm=[0.5], **found)], forced=[curve])
        )


def test_transients_are_shown_by_their_forced_fluxes():
    """Object 3 has no star below it; object 4 is brighter on the difference, on a star."""
    ids = 1 + np.arange(6)
    flux = np.array([1e4] * 3 + [2e4] * 3)
    found = {
        "psfFlux": flux,
        "templateFlux": [0.0] * 3 + [9e4] * 3,
        "snr": flux / 1e3,
        "reliability": [0.9] * 6,
    }
    seen = table("dia_source", 6, diaSourceId=ids, **found)
    link = table("dia_association", 6, diaSourceId=ids, diaObjectId=[3] * 3 + [4] * 3)
    forced = table("dia_forced_source", 8, diaObjectId=[3, 4] * 4, band=np.array(["r"] * 8, object))
    given = {"dia_sources": [seen], "dia_associations": [link]}
    page = transients(products(**given, dia_forced=[forced]))
    assert "<img" in page
    assert _strongest(_detections(products(**given))) == [3, 4]
    with pytest.raises(NothingToShowError, match="No flux was forced"):
        transients(products(**given))
    with pytest.raises(NothingToShowError):
        transients(products(dia_sources=[seen], dia_associations=[empty_catalog("dia_association", "none")]))


def test_the_pixels_of_a_stamp_come_back():
    flux = np.random.default_rng(0).normal(size=(1, 31, 31)).astype(np.float32)
    flat = LocalMap((10.0, 0.0), (16.0, 16.0), (-1e-4, 0.0, 0.0, 1e-4))
    data = stamp_bytes(Stamps(flux, np.ones_like(flux), np.zeros((1, 0, 0), np.float32), (flat,)), 0)
    np.testing.assert_array_equal(stamp_pixels(data), flux[0])
    with pytest.raises(ValueError, match="cut off"):
        stamp_pixels(data[:100])
    source = {"diaSourceId": 1, "diaObjectId": 5, "band": "r", "snr": 12.0}
    packet = {"diaSource": source, "cutoutScience": data, "cutoutTemplate": None, "cutoutDifference": data}
    assert "1 alerts of 1 objects" in alerts(products(alerts=[[packet], []]))
    with pytest.raises(NothingToShowError, match="No visit sent"):
        alerts(products(alerts=[[], []]))


def test_orbits_and_attributed_detections_are_drawn():
    orbit = table("orbit", 1, x=[2.5], vy=[0.01], source=np.array(["known"], object))
    seen = table("ss_source", 3, ephOffsetEast=[0.1, 0.0, 0.1])
    page = moving(products(orbits=[orbit], attributed=[seen]))
    assert "1 nights: 3 detections of known objects, 0 tracklets, 1 orbits" in page
    with pytest.raises(NothingToShowError, match="no known orbits"):
        moving(products(attributed=[empty_catalog("ss_source", "no known orbits")]))


def test_a_circle_of_steps_is_cut_on_the_way_back():
    above = without_shortcuts(
        {
            "predict": ["catalog"],
            "match": ["predict"],
            "catalog": ["match", "predict"],
            "late": ["end"],
            "end": [],
        }
    )
    assert above == {"predict": [], "match": ["predict"], "catalog": ["match"], "late": ["end"], "end": []}
    assert layers(above) == {"predict": 0, "match": 1, "catalog": 2, "late": 1, "end": 0}


def test_completeness_counts_what_has_an_object_near_it():
    """Every second of 400 true stars is an object, in magnitude bins of 40."""
    rng = np.random.default_rng(3)
    ra, dec = 10 + rng.uniform(0, 0.05, 400), rng.uniform(0, 0.05, 400)
    flux = 10 ** (0.4 * (31.4 - np.repeat(np.arange(18.25, 23, 0.5), 40)))
    stars = Catalog({"ra": ra, "dec": dec, **{f"flux_{b}": flux for b in "gri"}})
    seen = table("object", 200, coord_ra=ra[::2], coord_dec=dec[::2])
    middle, part, error = curve([stars], seen, "r")
    assert len(middle) == 10
    # binomial errors of a half, and the chance neighbours: 0.01 within 0.7 arcsec of 200 in 9 square arcmin
    assert np.abs((part - 0.5) / error).max() < 4
    assert "<img" in completeness(products(objects=[seen], stars=[stars], galaxies=[stars]))
    with pytest.raises(NothingToShowError, match="not known"):
        completeness(products(objects=[seen]))
