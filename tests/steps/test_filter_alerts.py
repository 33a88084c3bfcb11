import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from gnomon.containers.catalog import Catalog
from gnomon.containers.dataid import DataId
from gnomon.containers.provenance import Provenance
from gnomon.datamodel import DATASETS
from gnomon.errors import ConfigError, UnprocessableData
from gnomon.io import formats
from gnomon.io.alert_avro import records
from gnomon.pipeline.diff import FilterAlertsConfig
from gnomon.schemas.alerts import fields
from gnomon.steps.filter_alerts import filter_alerts, named_filters

BRIGHT = {"where": "diaSource.snr > 10 and diaSource.band in ('g', 'r')"}
NEAR = {"watchlist": [[10.0, 0.2]], "radius_arcsec": 2}


def config(**filters):
    return TypeAdapter(FilterAlertsConfig).validate_python({"filters": filters})


def packets(first, snr, dec, band="r"):
    n = len(snr)
    columns = {
        "diaSourceId": first + np.arange(n),
        "ra": np.full(n, 10.0),
        "dec": np.array(dec),
        "snr": np.array(snr),
    }
    columns |= {"band": np.full(n, band, object), "midpointMjdTai": np.full(n, 61000.0)}
    empty = dict.fromkeys(f[0] for f in fields("alert"))
    rows = records(Catalog(columns), "diaSource")
    return [empty | {"diaSourceId": r["diaSourceId"], "diaSource": r} for r in rows]


NIGHT = [packets(100, [5.0, 20.0], [0.0, 0.2]), [], packets(200, [30.0, 12.0], [0.2, 5.0], "i")]


def passed(name, alerts, **filters):
    told = filter_alerts(alerts, data_id=DataId(night="20271023", filter=name), config=config(**filters))
    return [p["diaSourceId"] for p in told]


@pytest.mark.parametrize(
    ("name", "want"),
    [("bright", [101]), ("near", [101, 200]), ("both", [101]), ("all", [100, 101, 200, 201])],
)
def test_each_filter_passes_its_own_packets_visit_by_visit(name, want):
    assert passed(name, NIGHT, bright=BRIGHT, near=NEAR, both=BRIGHT | NEAR, all={}) == want


def test_the_packets_are_written_whole(tmp_path):
    told = filter_alerts(NIGHT, data_id=DataId(night="20271023", filter="near"), config=config(near=NEAR))
    path = str(tmp_path / "20271023.avro")
    formats.write(DATASETS["filtered_alert"], told, path, Provenance("filter_alerts", 1, "{}", {}))
    assert formats.read(DATASETS["filtered_alert"], path) == told


@pytest.mark.parametrize(
    ("alerts", "why"), [([], "none of 0"), ([[], []], "none of 0"), (NIGHT[:1], "none of 2")]
)
def test_a_night_without_any_says_so(alerts, why):
    with pytest.raises(UnprocessableData, match=f"{why} alerts passes faint"):
        passed("faint", alerts, faint={"where": "diaSource.snr < 3"})


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"where": "diaSource.nope > 1"}, "no column diaSource.nope"),
        ({"where": "diaSource.snr >"}, "does not parse"),
        ({"watchlist": [[1, 2]]}, "radius_arcsec"),
    ],
)
def test_mistakes_are_refused_before_any_alert(given, message):
    with pytest.raises(ConfigError, match=message):
        named_filters(config(a=given))


@pytest.mark.parametrize("filters", [{"a": {"were": "1"}}, {"No Name": {}}])
def test_unknown_keys_and_names_that_are_no_paths_are_refused(filters):
    with pytest.raises(ValidationError):
        config(**filters)
