"""What the EVSEs do, where the version makes a difference."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.station.ev import Car
from simulator.wire.ocpp_rpc import OcppVersion
from tests.simulator.station.csms import flaws, sent, world

V201 = OcppVersion.V201


def story(journal: Journal) -> list[tuple[str, str, str]]:
    return [
        (e["eventType"], e["triggerReason"], e["transactionInfo"]["chargingState"])
        for e in sent(journal, "TransactionEvent")
    ]


async def session(clock: Clock, journal: Journal, **settings: str) -> list[tuple[str, str, str]]:
    options: dict[str, Any] = {"settings": settings, "meter_interval_s": 0}
    async with world(clock, journal, V201, **options) as (station, _):
        await station.plug(1, Car())
        await clock.sleep(5)
        await station.tap(1, "04A1")
        await clock.sleep(5)
        await station.tap(1, "04A1")
        await clock.sleep(5)
        await station.unplug(1)
        await clock.sleep(5)
        assert station.snapshot()["evses"][0]["state"] == "available"
    assert flaws(journal) == []
    return story(journal)


CHARGES = ("Updated", "ChargingStateChanged", "Charging")


@pytest.mark.parametrize(
    ("start", "stop", "expected"),
    [
        (
            "PowerPathClosed",
            "EVConnected,Authorized",
            [
                ("Started", "Authorized", "EVConnected"),
                CHARGES,
                ("Ended", "StopAuthorized", "EVConnected"),
            ],
        ),
        (
            "EVConnected",
            "EVConnected",
            [
                ("Started", "CablePluggedIn", "EVConnected"),
                ("Updated", "Authorized", "EVConnected"),
                CHARGES,
                ("Updated", "StopAuthorized", "EVConnected"),
                ("Ended", "EVCommunicationLost", "Idle"),
            ],
        ),
        (
            "EnergyTransfer",
            "Authorized",
            [
                ("Started", "ChargingStateChanged", "Charging"),
                ("Ended", "StopAuthorized", "EVConnected"),
            ],
        ),
    ],
)
async def test_transactions_start_and_stop_where_configured(
    clock: Clock,
    journal: Journal,
    start: str,
    stop: str,
    expected: list[tuple[str, str, str]],
) -> None:
    told = await session(clock, journal, tx_start_points=start, tx_stop_points=stop)
    assert told == expected
    events = sent(journal, "TransactionEvent")
    assert events[-1]["transactionInfo"]["stoppedReason"] == "Local"
    assert [e["seqNo"] for e in events] == list(range(len(events)))
    with_token = [e["triggerReason"] for e in events if "idToken" in e]
    assert len(with_token) == 2  # once to start, once to stop


async def test_authorized_first_without_a_cable_times_out(clock: Clock, journal: Journal) -> None:
    """E03: with TxStartPoint Authorized the transaction exists before the cable."""
    settings = {"tx_start_points": "Authorized", "connection_timeout_s": "30"}
    async with world(clock, journal, V201, settings=settings) as (station, _):
        await station.tap(1, "04A1")
        await clock.sleep(31)
    assert story(journal) == [
        ("Started", "Authorized", "Idle"),
        ("Ended", "EVConnectTimeout", "Idle"),
    ]
    assert sent(journal, "TransactionEvent")[-1]["transactionInfo"]["stoppedReason"] == "Timeout"


async def test_a_transaction_begun_by_the_cable_ends_with_the_power(
    clock: Clock, journal: Journal
) -> None:
    settings = {"tx_start_points": "EVConnected", "tx_stop_points": "EVConnected"}
    async with world(clock, journal, V201, settings=settings) as (station, _):
        await station.plug(1, Car())
        await clock.sleep(5)
        await station.reset()
        await clock.sleep(10)
        await station.wait_ready(10)
        await clock.sleep(1)
    last = sent(journal, "TransactionEvent")[-1]
    assert (last["eventType"], last["offline"]) == ("Ended", True)
    assert last["transactionInfo"]["stoppedReason"] == "ImmediateReset"


async def test_status_is_told_only_when_it_is_news(clock: Clock, journal: Journal) -> None:
    await session(clock, journal)
    told = [p["connectorStatus"] for p in sent(journal, "StatusNotification") if p["evseId"] == 1]
    assert told == ["Available", "Occupied", "Available"]


async def test_no_timer_is_left_when_nothing_goes_on(clock: Clock, journal: Journal) -> None:
    async with world(clock, journal, V201) as (station, _):
        await station.plug(1, Car())
        await station.tap(1, "04A1")
        await clock.sleep(5)
        timers = station._board.charging._timers
        assert len(timers) == 2  # the next sample, the car's end
        await station.tap(1, "04A1")
        await station.unplug(1)
        assert len(timers) == 0
