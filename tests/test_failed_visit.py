"""A failed visit, night or patch among good ones changes nothing of what the good ones give."""

import numpy as np
import pytest

from gnomon.containers.alerts import AlertBatch
from gnomon.containers.catalog import Catalog
from gnomon.containers.dataid import DataId
from gnomon.io.catalogs import empty_catalog
from gnomon.steps.isolated_stars import isolated_stars
from gnomon.steps.variability import variability
from steps import moving_scene as scene
from steps import (
    test_alert,
    test_associate,
    test_dia_forced_source,
    test_forced_source,
    test_isolated_stars,
    test_link,
    test_tracklets,
    test_variability,
)


def none(schema):
    """The table of what failed."""
    return empty_catalog(schema, "the file is cut short")


def of_stars(*more):
    visits = [test_isolated_stars.visit(k) for k in range(3)]
    where = DataId(tract=0)
    return isolated_stars(
        test_isolated_stars.SKYMAP, [*more, *visits], data_id=where, config=test_isolated_stars.CONFIG
    )


def of_variability(*more):
    table = test_variability.objects()
    forced = [test_variability.visit(k, table) for k in range(20)]
    return variability(
        table, [*forced, *more], data_id=DataId(tract=0, patch=1), config=test_variability.CONFIG
    )


def of_alerts(*more):
    visits, pairs = test_alert.story()
    return test_alert.run(visits[-1], [*visits[:-1], *more], [pairs], forced=more)


# step, what it gives with more in its gather, what a failed one leaves there
CASES = {
    "isolated_stars": (of_stars, none("source")),
    "variability": (of_variability, none("forced_source")),
    "associate": (
        lambda *m: test_associate.run([*m, *map(test_associate.visit, range(3))], 0),
        none("dia_source"),
    ),
    "forced_source": (
        lambda *m: test_forced_source.run(tables=[test_forced_source.objects(), *m]),
        none("object"),
    ),
    "dia_forced_source": (
        lambda *m: test_dia_forced_source.run(
            [*m, test_dia_forced_source.objects(test_dia_forced_source.judged.NEW)]
        ),
        none("dia_object"),
    ),
    "tracklets": (lambda *m: test_tracklets.run([*scene.sources(scene.NIGHTS[0]), *m]), none("dia_source")),
    "link": (lambda *m: test_link.run([*m, *test_link.window()]), none("tracklet")),
    "alert": (of_alerts, none("dia_source")),
}


@pytest.mark.parametrize("step", CASES)
def test_what_failed_beside_the_good_ones_changes_nothing(step):
    make, failed = CASES[step]
    alone, beside = tables(make()), tables(make(failed))
    assert alone
    for one, other in zip(alone, beside, strict=True):
        assert list(one.columns) == list(other.columns)
        for name in one.columns:
            np.testing.assert_array_equal(one[name], other[name], err_msg=name)


def tables(result):
    """The tables of a step's result."""
    if isinstance(result, Catalog):
        return [result]
    names = ("source", "previous", "forced", "object") if isinstance(result, AlertBatch) else result.__slots__
    return [getattr(result, n) for n in names if isinstance(getattr(result, n), Catalog)]
