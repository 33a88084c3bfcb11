"""The alerts of a night that go under a name."""

from collections.abc import Sequence

from gnomon.algorithms.alert.filters import AlertFilter
from gnomon.algorithms.alert.packets import Packet, named_filter, select
from gnomon.containers.dataid import DataId
from gnomon.errors import UnprocessableData
from gnomon.pipeline.diff import FilterAlertsConfig


def filter_alerts(
    alerts: Sequence[Sequence[Packet]], *, data_id: DataId, config: FilterAlertsConfig
) -> list[Packet]:
    """The packets that one filter lets through, visit by visit."""
    (chosen,) = (f for f in named_filters(config) if f.name == data_id.filter)
    passed = [p for packets in alerts for p in select(chosen, packets)]
    if not passed:
        raise UnprocessableData(f"none of {sum(map(len, alerts))} alerts passes {chosen.name}")
    return passed


def named_filters(config: FilterAlertsConfig) -> tuple[AlertFilter, ...]:
    """The filters of a campaign, by name.

    Raises
    ------
    ConfigError
        A filter that cannot be.
    """
    given = sorted(config.filters.items())
    return tuple(named_filter(n, f.where, f.watchlist, f.radius_arcsec) for n, f in given)
