"""What a station may be made of."""

from __future__ import annotations

import pytest

from simulator.station.config import ConnectorConfig, EvseConfig, StationConfig, StationError
from simulator.wire.ocpp_rpc import OcppVersion


def station(*evses: EvseConfig) -> StationConfig:
    return StationConfig("CP1", OcppVersion.V16, "ws://127.0.0.1:1/ocpp", evses=evses)


def test_what_can_be_built_is_built() -> None:
    station(EvseConfig(1), EvseConfig(2, (ConnectorConfig(1), ConnectorConfig(2)))).check()


@pytest.mark.parametrize(
    ("evses", "words"),
    [
        ((), "EVSEs are numbered 1, 2"),
        ((EvseConfig(0),), r"\[0\]"),
        ((EvseConfig(1), EvseConfig(3)), r"\[1, 3\]"),
        ((EvseConfig(1, ()),), "EVSE 1: connectors"),
        ((EvseConfig(1, (ConnectorConfig(2),)),), "EVSE 1: connectors"),
        ((EvseConfig(1, (ConnectorConfig(power_type="AC"),)),), "expected one of AC_1_PHASE"),
    ],
)
def test_what_no_station_can_be_is_refused(evses: tuple[EvseConfig, ...], words: str) -> None:
    with pytest.raises(StationError, match=words):
        station(*evses).check()


def test_a_connector_s_limits() -> None:
    dc = ConnectorConfig(1, "IEC_62196_T2_COMBO", "CABLE", "DC", 500, 300, 150_000)
    assert dc.limits.dc
    assert dc.tethered
    assert ConnectorConfig().limits.phases == 3
    assert not ConnectorConfig().tethered
