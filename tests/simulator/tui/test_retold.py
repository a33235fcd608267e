"""Stations from records: held to what the stations of a real world say of themselves."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.scenario.step import Play
from simulator.scenario.steps import perform
from simulator.tui.retold import Retold
from simulator.world import World
from tests.simulator.tui.stage import ANNA, Wire, free_ports

# What records tell no less of than the station itself does.
_TOLD = ("id", "version", "vendor", "model", "powered", "connected", "online", "boot", "queued")
_OF_EVSE = ("evse_id", "state", "status", "faulted", "operative", "session", "token", "car")
_VISIT: tuple[tuple[str, dict[str, str]], ...] = (
    ("plug", {}), ("tap", {"token": ANNA}), ("stop_button", {}), ("unplug", {}),
)  # fmt: skip


def told(world: World) -> dict[str, Any]:
    retold = Retold()
    for record in world.journal.records:
        retold.take(record)
    return retold.stations


@pytest.mark.parametrize("name", ["DE-AC-1", "DE-DC-1"])
async def test_it_tells_what_the_station_tells(name: str) -> None:
    world = World(free_ports(), clock="virtual", seed=42)
    await world.start()
    try:
        play = Play(world)
        for step, arguments in _VISIT:
            await perform(play, step, {"station": name, "evse": 1, **arguments})
            await world.clock.sleep(605.0 if step == "tap" else 5.0)
            seen, known = told(world)[name], world.stations[name].snapshot()
            assert {key: seen[key] for key in _TOLD} == {key: known[key] for key in _TOLD}, step
            for mine, its in zip(seen["evses"], known["evses"], strict=True):
                assert {k: mine[k] for k in _OF_EVSE} == {k: its[k] for k in _OF_EVSE}, step
                assert bool(mine["transaction"]) == bool(its["transaction"]), step
                assert abs(mine["energy_wh"] - its["energy_wh"]) <= its["power_w"] / 60, step
                assert abs(mine["power_w"] - its["power_w"]) < 2_000, step
        play.sightings.close()
        await perform(Play(world), "switch_off", {"station": name})
        assert told(world)[name]["connected"] is False
    finally:
        await world.stop()


def frames(*said: tuple[str, Any], version: str = "1.6") -> Any:
    """A station of somebody else's, that only frames tell of, as a CSMS's log has them."""
    wire, retold = Wire(), Retold()
    for number, (action, payload) in enumerate(said):
        wire.ocpp(2, "station/CP1", "sent", payload, ident=f"m{number}", action=action)
    for record in wire.records:
        retold.take({**record, "actor": "cpo", "peer": "station/CP1", "direction": "received"})
    return retold.stations["CP1"]


def test_a_station_that_only_its_frames_tell_of() -> None:
    sample = {"measurand": "Power.Active.Import", "unit": "kW", "value": "7.2"}
    now = frames(
        ("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"}),
        ("StatusNotification", {"connectorId": 2, "status": "Charging"}),
        ("MeterValues", {"connectorId": 2, "meterValue": [{"sampledValue": [sample]}]}),
    )
    assert (now["vendor"], now["model"], now["connected"]) == ("V", "M", True)
    assert [evse["state"] for evse in now["evses"]] == ["available", "charging"]
    assert now["evses"][1]["power_w"] == 7200.0
    assert frames(("StatusNotification", {"connectorId": 1, "status": "Faulted"}))["evses"][0][
        "faulted"
    ]


@pytest.mark.parametrize(
    "payload",
    [None, [], {"connectorId": "x"}, {"meterValue": 5}, {"connectorId": 10**9, "status": "x"},
     {"meterValue": [{"sampledValue": [{"value": "much"}]}]}],
)  # fmt: skip
def test_frames_that_cannot_be_read_tell_nothing(payload: Any) -> None:
    for action in ("MeterValues", "StatusNotification", "TransactionEvent", "BootNotification"):
        assert len(frames((action, payload))["evses"]) <= 100
