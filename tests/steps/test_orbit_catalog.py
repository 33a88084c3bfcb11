import numpy as np
import pytest

from gnomon.algorithms.linking.names import night_epoch
from gnomon.containers.catalog import Catalog
from gnomon.containers.provenance import Provenance
from gnomon.errors import UnprocessableData
from gnomon.io.ades import problems_of, read_ades, write_ades
from gnomon.io.catalogs import conform
from gnomon.io.mpcorb import format_mpcorb
from gnomon.pipeline.moving import OrbitCatalogConfig
from gnomon.steps.orbit_catalog import orbit_catalog
from steps import moving_scene as scene

LAST = scene.NIGHTS[-1]
NOTHING = Catalog({})


def run(orbit=NOTHING, known=(), before=()):
    args = (scene.INSTRUMENT, scene.TABLE, orbit, NOTHING, NOTHING, known, before)
    return orbit_catalog(*args, data_id=scene.data_id(LAST), config=OrbitCatalogConfig())


def test_the_last_catalogue_holds_old_and_new_objects_once():
    catalog = scene.campaign()[LAST]["night"].catalog
    conform(catalog, "orbit")
    assert len(catalog) == scene.KNOWN + scene.UNKNOWN == len(set(catalog["designation"]))
    assert set(catalog["epoch"]) == {night_epoch(LAST)}


def test_a_night_that_found_nothing_carries_yesterday_on():
    table = scene.known_table()
    found = run(known=[table])
    assert found.catalog["designation"].tolist() == table["designation"].tolist()
    assert set(found.catalog["source"]) == {"known"}
    assert found.ades[0].records == []


def test_the_export_has_a_line_an_orbit():
    assert (
        len(format_mpcorb(scene.campaign()[LAST]["night"].mpcorb, scene.TABLE)) == scene.KNOWN + scene.UNKNOWN
    )


def test_the_report_would_be_accepted_and_is_complete(tmp_path):
    (block,) = scene.campaign()[LAST]["night"].ades
    assert problems_of(block) == []
    assert len(block.records) == 2 * scene.KNOWN + 6 * scene.UNKNOWN
    write_ades([block], tmp_path / "report.xml", Provenance("s", 1, "{}", {}))
    assert [list(b.records) for b in read_ades(tmp_path / "report.xml")] == [list(block.records)]


def test_times_of_the_report_are_utc():
    (block,) = scene.campaign()[scene.NIGHTS[0]]["night"].ades
    # 37 s behind TAI; the first exposure begins 0.1 d = 2h24m after midnight TDB, 69.184 s ahead of UTC
    assert block.records[0]["obsTime"].startswith("2027-10-13T02:23:2")


def test_no_orbits_at_all_are_told():
    with pytest.raises(UnprocessableData, match="no orbit is known"):
        run()


def test_order_of_rows_is_that_of_names():
    names = scene.campaign()[LAST]["night"].catalog["designation"]
    np.testing.assert_array_equal(names, np.sort(names))
