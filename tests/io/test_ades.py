import pytest

from algorithms import orbit_reference as ref
from gnomon.containers.ades import AdesBlock
from gnomon.errors import UnprocessableData
from gnomon.io.ades import format_psv, format_xml, problems_of, read_ades

CONTEXT = {
    "observatory": {"mpcCode": ["X05"]},
    "submitter": {"name": ["A. Person"]},
    "observers": {"name": ["B. Person", "C. Person"]},
    "telescope": {"design": ["reflector"], "aperture": ["8.4"]},
    "comment": {"line": ["one", "two words"]},
}
RECORD = {
    "trkSub": "g0Zs001", "mode": "CCD", "stn": "X05", "obsTime": "2026-11-22T03:04:05.678Z", "ra": "72.512750",
    "dec": "-19.820310", "rmsRA": "0.021", "rmsDec": "0.022", "astCat": "Gaia3", "mag": "21.31", "rmsMag": "0.05",
    "band": "r",
}  # fmt: skip
BLOCK = AdesBlock(CONTEXT, [RECORD, {**RECORD, "obsTime": "2026-11-22T03:44:05.678Z"}])


@pytest.mark.parametrize("form", [format_psv, format_xml])
def test_round_trip_keeps_context_and_records(tmp_path, form):
    path = tmp_path / "batch"
    path.write_text(form([BLOCK, BLOCK]))
    back = read_ades(path)
    assert [b.context for b in back] == [CONTEXT, CONTEXT]
    assert [b.records for b in back] == [BLOCK.records, BLOCK.records]


def test_a_clean_block_has_no_problems():
    assert problems_of(BLOCK) == []


@pytest.mark.parametrize(
    "change, said",
    [
        ({"stn": "W84"}, "2 stations"),
        ({"rmsDec": ""}, "rmsRA without rmsDec"),
        ({"trkSub": ""}, "none of permID"),
        ({"subFmt": "M92"}, "exchange only"),
        ({"ra": "12 34 56"}, "no number"),
        ({"obsTime": "yesterday"}, "no time"),
        ({"astCat": ""}, "astCat is missing"),
        ({"band": ""}, "mag without band"),
        ({}, "repeats"),
    ],
)
def test_what_the_mpc_refuses_is_said(change, said):
    second = {k: v for k, v in {**RECORD, **change}.items() if v}
    assert any(said in p for p in problems_of(AdesBlock(CONTEXT, [RECORD, second])))


def test_context_is_wanted():
    assert "obsContext has no submitter" in problems_of(AdesBlock({}, [RECORD]))


@ref.needs_data
@pytest.mark.parametrize("name, count", [("ades_sample.xml", 3), ("example.psv", 27)])
def test_real_files_survive_both_forms(tmp_path, name, count):
    blocks = read_ades(ref.DATA / name)
    assert sum(len(b.records) for b in blocks) == count
    for form in (format_psv, format_xml):
        (tmp_path / "again").write_text(form(blocks))
        assert [list(b.records) for b in read_ades(tmp_path / "again")] == [list(b.records) for b in blocks]


@pytest.mark.parametrize(
    "text, said",
    [
        ("<ades", "no XML"),
        ("<other/>", "no ADES"),
        ("permID|stn\n1|2|3\n", "line 2 has 3 fields"),
        ("# a\n", "no line"),
    ],
)
def test_other_files_are_refused(tmp_path, text, said):
    path = tmp_path / "batch"
    path.write_text(text)
    with pytest.raises(UnprocessableData, match=said):
        read_ades(path)
