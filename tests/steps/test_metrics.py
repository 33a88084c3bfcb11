import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from summaries import check, gathers_nothing, summary

from gnomon.containers.dataid import DataId
from gnomon.errors import ConfigError, UnprocessableData
from gnomon.io.catalogs import conform, empty_catalog
from gnomon.pipeline.release import MetricsConfig
from gnomon.steps.metrics import metrics

EMPTY = empty_catalog("visit_summary", "no stars")


def run(summaries, checks, **options):
    given = {**gathers_nothing("metrics"), "summaries": summaries, "checks": checks}
    return metrics(**given, data_id=DataId(), config=MetricsConfig(**options))


def value_of(table, name, band):
    row = np.flatnonzero((table["name"] == name) & (table["band"] == band))
    return table["value"][row[0]], bool(table["passed"][row[0]])


def test_completeness_is_weighted_by_stars():
    checks = [check("r", completeness=(1.0, 100)), check("r", completeness=(0.9, 300))]
    value, passed = value_of(run([summary(1, "r")], checks), "completeness", "r")
    assert value == pytest.approx(0.925)
    assert not passed


def test_zero_point_errors_add_in_quadrature_and_meet_their_bar():
    checks = [check("g", zero_point_error=(0.003, 4)), check("g", zero_point_error=(0.004, 4))]
    value, passed = value_of(run([summary(1, "g")], checks), "zero point error", "g")
    assert value == pytest.approx(np.sqrt((9 + 16) / 2) * 1e-3)
    assert passed


def test_a_number_that_could_not_be_measured_has_not_met_its_bar():
    checks = [check("r", completeness=(np.nan, 0))]
    assert not value_of(run([summary(1, "r")], checks), "completeness", "r")[1]


def test_bands_run_from_blue_to_red():
    table = run([summary(1, "z"), summary(2, "u"), summary(3, "r")], [])
    assert list(dict.fromkeys(table["band"])) == ["u", "r", "z"]


def test_without_truth_there_are_no_bars():
    table = run([summary(1, "r"), EMPTY], [])
    assert set(table["sense"]) == {"none"}
    assert len(conform(table, "metrics")) == len(table)


def test_nothing_calibrated_is_refused():
    with pytest.raises(UnprocessableData, match="no visit was calibrated"):
        run([EMPTY], [])


def test_a_measure_that_no_check_made_is_told_as_not_measured():
    table = run([summary(1, "r")], [check("r", completeness=(1.0, 10))])
    row = np.flatnonzero(table["name"] == "zero point error")
    assert table["n"][row].tolist() == [0]
    assert np.isnan(table["value"][row[0]])


def test_a_quantity_without_a_measure_is_told_without_a_bar():
    table = run([summary(1, "r")], [check("", curiosity=(3.0, 2)), check("", curiosity=(6.0, 1))])
    row = np.flatnonzero(table["name"] == "curiosity")[0]
    assert (table["value"][row], table["sense"][row]) == (4.0, "none")


def test_a_bar_can_be_another():
    checks = [check("r", completeness=(0.5, 100))]
    assert value_of(run([summary(1, "r")], checks, bars={"completeness": 0.4}), "completeness", "r")[1]


def test_a_bar_of_nothing_is_refused():
    with pytest.raises(ConfigError, match="completness"):
        run([summary(1, "r")], [], bars={"completness": 0.4})
