"""The device model: complete for what it promises, and found by the rules."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from simulator.kernel.chance import Chance
from simulator.station.config import StationConfig
from simulator.station.connector import Phase, State
from simulator.station.core import Core, Memory
from simulator.station.device_model import Entry, entries, find
from simulator.station.settings import SETTINGS, Feature, Settings
from simulator.wire.ocpp_rpc import OcppVersion
from tests.simulator.station.csms import TWO

NOW = datetime(2026, 1, 15, 7, tzinfo=UTC)


def core(*features: Feature) -> Core:
    config = StationConfig("CP1", OcppVersion.V201, "ws://127.0.0.1:1", evses=TWO, serial="S1")
    return Core(config, Memory(Settings(features=frozenset(features))), Chance(1))


def test_every_entry_is_found_by_its_own_name_and_no_two_are_alike() -> None:
    for features in ((), tuple(Feature)):
        model = list(entries(core(*features), NOW))
        for entry in model:
            assert find(model, entry.component(), entry.name()) is entry
        rows = [row for row in SETTINGS if row.variable and row.feature in (None, *features)]
        assert [entry.setting for entry in model if entry.setting] == rows


@pytest.mark.parametrize(
    ("component", "variable", "found"),
    [
        ({"name": "evse", "evse": {"id": 1}}, {"name": "availabilitystate"}, "Available"),
        ({"name": "EVSE"}, {"name": "AvailabilityState"}, "UnknownComponent"),
        ({"name": "EVSE", "instance": "x"}, {"name": "Power"}, "UnknownComponent"),
        ({"name": "TxCtrlr"}, {"name": "TxStartPoint", "instance": "x"}, "UnknownVariable"),
        ({"name": "TariffCostCtrlr"}, {"name": "Available", "instance": "Cost"}, "false"),
        ({"name": "ChargingStation"}, {"name": "SerialNumber"}, "S1"),
    ],
)
def test_find(component: dict[str, object], variable: dict[str, object], found: str) -> None:
    entry = find(list(entries(core(), NOW)), component, variable)
    assert (entry.value if isinstance(entry, Entry) else entry) == found


def test_availability_follows_the_connector() -> None:
    it = core()

    def states(name: str) -> list[str]:
        return [
            entry.value
            for entry in entries(it, NOW)
            if entry.variable.name == "AvailabilityState" and entry.variable.component == name
        ]

    it.evses[0].phase = Phase(State.CHARGING)
    it.evses[1].phase = Phase(State.UNAVAILABLE)
    assert states("EVSE") == states("Connector") == ["Occupied", "Unavailable"]
    assert states("ChargingStation") == ["Available"]
    it.evses[0].phase = Phase(State.PLUGGED, faulted=True)
    assert states("EVSE") == ["Faulted", "Unavailable"]
    assert states("ChargingStation") == ["Faulted"]
