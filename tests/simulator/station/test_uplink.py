"""What a station says, when, and what becomes of it when nobody listens."""

from __future__ import annotations

import pytest

from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.station.ev import Car
from simulator.wire.ocpp_rpc import OcppVersion
from tests.simulator.station.csms import actions, calls, events, sent, world

V16, V201 = OcppVersion.V16, OcppVersion.V201
BOTH = pytest.mark.parametrize("version", [V16, V201], ids=str)


@BOTH
async def test_the_heart_beats_only_in_silence(
    clock: Clock, journal: Journal, version: OcppVersion
) -> None:
    async with world(clock, journal, version, meter_interval_s=100) as (station, _):
        await clock.sleep(650)
        assert actions(journal).count("Heartbeat") == 2  # the interval of the boot is 300
        await station.plug(1, Car())
        await station.tap(1, "04A1")
        await clock.sleep(950)
        assert actions(journal).count("Heartbeat") == 2


@BOTH
async def test_a_failing_csms_gets_each_message_again_then_loses_it(
    clock: Clock, journal: Journal, version: OcppVersion
) -> None:
    settings = {"message_attempts": "3", "message_retry_interval_s": "10"}
    async with world(clock, journal, version, settings=settings, meter_interval_s=0) as (
        station,
        csms,
    ):
        csms.broken |= {"StartTransaction", "TransactionEvent"}
        await station.plug(1, Car())
        await station.tap(1, "04A1")
        await clock.sleep(25)
        csms.broken.clear()
        await clock.sleep(20)
    first = "StartTransaction" if version is V16 else "TransactionEvent"
    tries = [r for r in calls(journal) if r["action"] == first]
    assert [r["at"][17:19] for r in tries][:3] == ["00", "10", "30"]
    assert [e["attempts"] for e in events(journal, "message.failed")] == [1, 2]
    assert events(journal, "message.discarded") == []


async def test_a_start_that_never_arrived_leaves_minus_one(clock: Clock, journal: Journal) -> None:
    """OCPP 1.6 errata 3.18."""
    settings = {"message_attempts": "1"}
    async with world(clock, journal, V16, settings=settings) as (station, csms):
        csms.broken.add("StartTransaction")
        await station.plug(1, Car())
        await station.tap(1, "04A1")
        await clock.sleep(70)
        await station.tap(1, "04A1")
        await clock.sleep(1)
        assert station.memory.unsettled == {}
    assert [e["action"] for e in events(journal, "message.discarded")] == ["StartTransaction"]
    assert sent(journal, "MeterValues")[0]["transactionId"] == -1
    assert sent(journal, "StopTransaction")[0]["transactionId"] == -1


async def test_statuses_of_the_past_are_not_told(clock: Clock, journal: Journal) -> None:
    async with world(clock, journal, V16) as (station, _):
        await clock.sleep(1)
        await station.offline()
        before = len(calls(journal))
        await station.plug(1)
        await station.unplug(1)
        await station.plug(2)
        await station.online()
        await clock.sleep(5)
    told = [(p["connectorId"], p["status"]) for p in sent(journal)[before:]]
    assert told == [(2, "Preparing")]


@pytest.mark.parametrize(("offline_s", "told"), [(30, 0), (90, 2)])
async def test_201_tells_all_after_the_offline_threshold(
    clock: Clock, journal: Journal, offline_s: int, told: int
) -> None:
    async with world(clock, journal, V201) as (station, _):
        await clock.sleep(1)
        await station.offline()
        before = len(calls(journal))
        await clock.sleep(offline_s)
        await station.online()
        await clock.sleep(5)
    assert actions(journal)[before:] == ["StatusNotification"] * told


@BOTH
async def test_transaction_messages_are_told_one_after_the_other(
    clock: Clock, journal: Journal, version: OcppVersion
) -> None:
    async with world(clock, journal, version, meter_interval_s=1) as (station, csms):
        await station.plug(1, Car())
        await station.tap(1, "04A1")
        await clock.sleep(10)
        await station.offline()
        await clock.sleep(500)
        await station.online()
        await clock.sleep(0.5)
        await csms.point._connection.close()  # in the midst of the replay, or after it
        await clock.sleep(60)
        assert station.snapshot()["queued"] == 0
    if version is V201:
        numbers = [e["seqNo"] for e in sent(journal, "TransactionEvent")]
        assert sorted(set(numbers)) == list(range(max(numbers) + 1))
        assert numbers == sorted(numbers)
