import math
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from gnomon.containers.instrument import Detector, HeaderMap, Instrument
from gnomon.errors import UnprocessableData
from gnomon.io.headers import translate
from gnomon.io.instrument import read_instrument

ROOT = Path(__file__).parents[2]
HEADERS = ROOT.parent / "shared" / "data" / "headers"
TAI_UTC_2018 = 37.0  # seconds since 2017-01-01 (IERS Bulletin C 52)

CAMERA = Instrument(
    "cam",
    {"INSTRUME": "CAM"},
    (Detector(0, "a", (10, 10)),),
    0.2,
    {"Sloan g": "g"},
    {"object": "science", "bias": "bias"},
    HeaderMap(visit=("EXPNUM",), obstype=("OBSTYPE",), filter=("FILTER",)),
    longitude_deg=-70.8,
)
CARDS = {
    "INSTRUME": "CAM", "EXPNUM": 42, "OBSTYPE": "Object", "FILTER": "Sloan g ", "EXPTIME": 100.0,
    "DATE-OBS": "2018-02-12T03:00:00", "RA": "10:00:00.0", "DEC": "-00:30:00", "AIRMASS": 1.2,
}  # fmt: skip


def facts(camera=CAMERA, **changes):
    cards = {k: v for k, v in {**CARDS, **changes}.items() if v is not None}
    return translate(camera, cards)


def test_facts_of_a_plain_header():
    found = facts()
    assert (found.visit, found.obstype, found.band, found.physical_filter) == (42, "science", "g", "Sloan g")
    assert (found.exptime, found.darktime, found.airmass, found.rotation) == (100, 100, 1.2, 0)
    assert math.degrees(found.ra) == pytest.approx(150)
    assert math.degrees(found.dec) == pytest.approx(-0.5)
    assert found.mjd_tai == pytest.approx(58161 + (3 * 3600 + 50 + TAI_UTC_2018) / 86400, abs=1e-9)
    assert found.night == "20180211"  # 22:17 local time


@pytest.mark.parametrize(
    "cards",
    [
        {"MJD-OBS": 58161.125},
        {"MJD-OBS": "58161.125"},
        {"DATE-OBS": "2018-02-12", "UT": "03:00:00"},
        {"DATE-OBS": "2018-02-12T03:00:00", "UT": 3.0},
    ],
)
def test_times_in_all_their_spellings_agree(cards):
    headers = replace(CAMERA.headers, start=("MJD-OBS", "DATE-OBS+UT", "DATE-OBS"))
    assert facts(replace(CAMERA, headers=headers), **cards).mjd_tai == pytest.approx(
        facts().mjd_tai, abs=1e-9
    )


def test_dates_as_fits_wrote_them_before_2000():
    headers = replace(CAMERA.headers, start=("DATE-OBS+UT",))
    found = facts(
        replace(CAMERA, headers=headers, time_scale="TAI"), **{"DATE-OBS": "26/10/92", "UT": "03:00:00"}
    )
    assert found.mjd_tai == pytest.approx(48921.125 + 50 / 86400, abs=1e-9)


def test_two_filter_wheels_are_one_filter():
    camera = replace(
        CAMERA, headers=replace(CAMERA.headers, filter=("WHEEL1+WHEEL2",)), filters={"g Open": "g"}
    )
    assert facts(camera, WHEEL1="g ", WHEEL2=" Open").band == "g"


def test_times_in_tai_are_taken_as_they_are():
    utc, tai = facts().mjd_tai, facts(replace(CAMERA, time_scale="TAI")).mjd_tai
    assert (utc - tai) * 86400 == pytest.approx(TAI_UTC_2018, abs=1e-3)


def test_a_card_for_the_middle_is_preferred():
    camera = replace(CAMERA, headers=replace(CAMERA.headers, middle=("MJD-AVG",)), time_scale="TAI")
    assert facts(camera, **{"MJD-AVG": 58161.5}).mjd_tai == 58161.5
    assert facts(camera).mjd_tai == pytest.approx(58161.125 + 50 / 86400)


def test_visit_without_a_number_is_date_and_second():
    camera = replace(CAMERA, headers=replace(CAMERA.headers, visit=()))
    assert facts(camera).visit == 2018021210800


def test_bias_needs_no_filter_and_no_pointing():
    found = facts(OBSTYPE="bias", FILTER="opaque", RA=None)
    assert found.band == "none"
    assert math.isnan(found.ra)


def test_constants_stand_in_for_missing_cards():
    camera = replace(CAMERA, constants={"obstype": "object", "airmass": 1.5})
    found = facts(camera, OBSTYPE=None, AIRMASS=None)
    assert (found.obstype, found.airmass) == ("science", 1.5)


@pytest.mark.parametrize(
    "ra, degrees",
    [
        ("10:00:00", 150.0),
        ("10 00 00", 150.0),
        (150.0, 150.0),
        ("150.0", 150.0),
        (360.0, 0.0),
        ("10h 00m 00s", 150.0),
        (" 10: 0: 0.", 150.0),
    ],
)
def test_right_ascension_in_all_its_spellings(ra, degrees):
    assert math.degrees(facts(RA=ra).ra) == pytest.approx(degrees)


@pytest.mark.parametrize(
    "changes, says",
    [
        ({"INSTRUME": "CAN"}, "found INSTRUME = 'CAN', wanted 'CAM'"),
        ({"INSTRUME": None}, "found no INSTRUME"),
        ({"FILTER": "Sloan q"}, "found filter 'Sloan q', wanted one of cam: Sloan g"),
        ({"FILTER": None}, "found filter ''"),
        ({"OBSTYPE": "focus"}, "kind 'focus'"),
        ({"OBSTYPE": None}, "found no OBSTYPE"),
        ({"EXPNUM": None}, "found None in EXPNUM"),
        ({"EXPNUM": 10**14}, "at most 13 digits"),
        ({"EXPTIME": -1.0}, "wanted an exposure time"),
        ({"EXPTIME": "long"}, "found 'long' in EXPTIME"),
        ({"EXPTIME": None}, "wanted an exposure time"),
        ({"DATE-OBS": "1.2.3"}, "found '1.2.3'"),
        ({"RA": "10:00:1.2.3"}, "wanted a place on the sky"),
        ({"RA": True}, "wanted a place on the sky"),
        ({"DATE-OBS": "yesterday"}, "found 'yesterday'"),
        ({"DATE-OBS": "2018-02-12"}, "wanted an MJD or a date like"),
        ({"DATE-OBS": "13/05/93"}, "found '13/05/93'"),
        ({"DATE-OBS": "2018-02-31T00:00:00"}, "2018-02-31"),
        ({"DATE-OBS": None}, "found no MJD-OBS or DATE-OBS"),
        ({"DEC": "+95:00:00"}, "wanted a place on the sky"),
        ({"RA": "somewhere"}, "wanted a place on the sky"),
        ({"AIRMASS": "thick"}, "airmass"),
    ],
)
def test_a_bad_card_gives_one_sentence(changes, says):
    with pytest.raises(UnprocessableData) as refused:
        facts(**changes)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


def loaded(name):
    """A header of the collection: a mapping, or a list of (key, type, value, comment)."""

    class Loader(yaml.SafeLoader):
        pass

    def entries(loader, node):
        rows = [loader.construct_sequence(n, deep=True) for n in node.value]
        return {str(r[0]): r[2] for r in rows}

    Loader.add_constructor("lsst.daf.base.PropertyList", entries)
    Loader.add_constructor("!<lsst.daf.base.PropertyList>", entries)
    text = (HEADERS / name).read_text().replace("!<lsst.daf.base.PropertyList>", "!headers")
    Loader.add_constructor("!headers", entries)
    return yaml.load(text, Loader)


@pytest.mark.skipif(not HEADERS.is_dir(), reason="no ../shared/data/headers")
@pytest.mark.parametrize(
    "name, visit, obstype, band, exptime, night",
    [
        # the cards read by eye; nights are those of the observatory (DTCALDAT, or local noon to noon)
        ("fitsheader-decam-0160496.yaml", 160496, "bias", "none", 0.0, "20121211"),
        ("fitsheader-decam-raw_dec050441_25.yaml", 177764, "science", "g", 30.0, "20130212"),
        (
            "fitsheader-decam-instcal-c4d_190402_050618_ooi_VR_v1.yaml",
            845291,
            "science",
            "vr",
            120.0,
            "20190401",
        ),
    ],
)
def test_real_decam_headers(name, visit, obstype, band, exptime, night):
    found = translate(read_instrument(ROOT / "config/instruments/decam.yaml"), loaded(name))
    assert (found.visit, found.obstype, found.band, found.exptime) == (visit, obstype, band, exptime)
    assert found.night == night
