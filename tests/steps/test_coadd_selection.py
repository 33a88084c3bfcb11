from dataclasses import replace

import pytest

import field
from gnomon.algorithms.report.coadds import _left_out
from gnomon.containers.coadd import empty_coadd
from gnomon.containers.provenance import Provenance
from gnomon.datamodel import DATASETS
from gnomon.errors import UnprocessableData
from gnomon.io import formats
from gnomon.pipeline.coadd import CoaddSelectionConfig
from gnomon.steps.coadd_selection import coadd_selection

READS = "coadd_selection"


def run(coadds):
    return coadd_selection(coadds, data_id=field.data_id(), config=CoaddSelectionConfig())


def spoilt():
    """A coadd that left two visits out."""
    made = field.coadded("r")
    reason = ("",) * 4 + ("seeing above 0.70 arcsec",) * 2
    return replace(made, selection=replace(made.selection, reason=reason))


def test_every_detector_of_every_coadd_has_a_row(tmp_path):
    table = run([spoilt(), empty_coadd("no visit"), field.coadded("i")])
    assert len(table) == 12
    assert table["accepted"].tolist() == [True] * 4 + [False] * 2 + [True] * 6
    assert set(table["kind"]) == {"deep"} and table["band"].tolist() == ["r"] * 6 + ["i"] * 6
    assert (table["weight"] > 0).all() and (table["nCell"] == 25).all()
    formats.write(DATASETS[READS], table, str(tmp_path / "s"), Provenance(READS, 1, "{}", {}))


def test_the_report_tells_what_was_left_out_and_why():
    page = _left_out([run([spoilt(), field.coadded("i")])])
    assert "seeing above 0.70 arcsec" in page
    assert page.count("<tr>") == 2  # the head, and one reason of one band
    assert "None was left out" in _left_out([run([field.coadded("i")])])
    assert _left_out([]) == ""


def test_a_tract_without_coadds_says_why():
    with pytest.raises(UnprocessableData, match="no visit"):
        run([empty_coadd("no visit")])
