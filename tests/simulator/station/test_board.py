"""Registration, silence, and what survives a restart."""

from __future__ import annotations

import asyncio

import ocpp.v16.call as ask16
import ocpp.v201.call as ask201
import pytest
from ocpp.exceptions import FormatViolationError

from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.station.ev import Car
from simulator.wire.ocpp_rpc import OcppVersion, Validation
from tests.simulator.station.csms import actions, calls, events, flaws, sent, world

V16, V201 = OcppVersion.V16, OcppVersion.V201
BOTH = pytest.mark.parametrize("version", [V16, V201], ids=str)


@BOTH
async def test_boot_is_repeated_until_accepted(
    clock: Clock, journal: Journal, version: OcppVersion
) -> None:
    async with world(clock, journal, version, ready=False) as (station, csms):
        csms.boots.extend([("Rejected", 30), ("Pending", 10), ("Accepted", 42)])
        await station.start()
        await clock.sleep(35)
        assert station.snapshot()["boot"] == "Pending"
        assert not await station.tap(1, "04A1")  # nobody is known yet
        await station.wait_ready(60)
        assert station.snapshot()["config"]["heartbeat_interval_s"] == "42"
    boots = [r["at"][17:19] for r in calls(journal) if r["action"] == "BootNotification"]
    assert boots == ["00", "30", "40"]
    assert actions(journal)[:3] == ["BootNotification"] * 3


async def test_a_boot_asked_for_may_undo_the_acceptance(clock: Clock, journal: Journal) -> None:
    async with world(clock, journal, V16, meter_interval_s=10) as (station, csms):
        await station.plug(1, Car())
        await station.tap(1, "04A1")
        await clock.sleep(25)
        csms.boots.extend([("Pending", 60), ("Accepted", 10**12)])
        await csms.call(ask16.TriggerMessage("BootNotification"))
        await clock.sleep(1)
        assert not station.snapshot()["online"]
        before = actions(journal).count("MeterValues")
        await clock.sleep(50)
        assert actions(journal).count("MeterValues") == before
        await station.wait_ready(30)
        await clock.sleep(1)
        assert actions(journal).count("MeterValues") > before + 4
    assert flaws(journal) == []


async def test_a_broken_boot_is_tried_again(clock: Clock, journal: Journal) -> None:
    async with world(clock, journal, V16, ready=False) as (station, csms):
        csms.broken.add("BootNotification")
        await station.start()
        await clock.sleep(30)
        csms.broken.clear()
        await station.wait_ready(60)
    assert len(events(journal, "boot.failed")) == 1


@BOTH
async def test_a_rejected_station_says_nothing(
    clock: Clock, journal: Journal, version: OcppVersion
) -> None:
    async with world(clock, journal, version, ready=False) as (station, csms):
        csms.boots.append(("Rejected", 60))
        await station.start()
        await clock.sleep(1)
        request = ask16.ClearCache() if version is V16 else ask201.ClearCache()
        asked = asyncio.create_task(csms.call(request))
        await clock.sleep(20)
        answers = [r for r in journal.records if r.get("direction") == "sent"]
        assert [r["action"] for r in answers] == ["BootNotification"]
        await station.stop()
        asked.cancel()


@BOTH
async def test_a_reconnect_is_no_boot(clock: Clock, journal: Journal, version: OcppVersion) -> None:
    async with world(clock, journal, version) as (station, csms):
        await csms.point._connection.close()
        await clock.sleep(15)
        assert station.snapshot()["online"]
        assert csms.connections == 2
    assert actions(journal).count("BootNotification") == 1


@BOTH
async def test_an_offline_reset_keeps_its_messages(
    clock: Clock, journal: Journal, version: OcppVersion
) -> None:
    async with world(clock, journal, version) as (station, _):
        await station.plug(1, Car())
        await station.tap(1, "04A1")
        await clock.sleep(30)
        await station.offline()
        await station.reset()
        await clock.sleep(60)
        assert station.snapshot()["powered"]
        assert not station.snapshot()["connected"]  # the network is still down
        await station.online()
        await station.wait_ready(10)
        await clock.sleep(1)
        assert station.snapshot()["queued"] == 0
    told = sent(journal)[-1]
    last = sent(journal, "StopTransaction" if version is V16 else "TransactionEvent")[-1]
    assert last in sent(journal)[-3:], told
    reason = last["reason"] if version is V16 else last["transactionInfo"]["stoppedReason"]
    assert reason == ("SoftReset" if version is V16 else "ImmediateReset")
    assert flaws(journal) == []


@BOTH
async def test_what_nobody_validated_is_answered_with_an_error(
    clock: Clock, journal: Journal, version: OcppVersion
) -> None:
    async with world(clock, journal, version, validation=Validation.OFF) as (_, csms):
        await csms.point._connection.send('[2,"x","Reset",{}]')
        await csms.point._connection.send('[2,"y","TriggerMessage",{"requestedMessage":[]}]')
        await clock.sleep(1)
    answers = [r["frame"] for r in journal.records if r.get("message_type") == 4]
    code = FormatViolationError.code if version is V201 else "FormationViolation"
    assert [code in text for text in answers] == [True, True]


async def test_frames_of_a_session_bear_its_name(clock: Clock, journal: Journal) -> None:
    async with world(clock, journal, V201) as (station, csms):
        await station.plug(1, Car())
        await csms.call(ask201.RequestStartTransaction({"id_token": "A", "type": "Central"}, 1))
        await clock.sleep(30)
        name = sent(journal, "TransactionEvent")[0]["transactionInfo"]["transactionId"]
        await csms.call(ask201.RequestStopTransaction(name))
        await clock.sleep(1)
        await station.unplug(1)
        await clock.sleep(1)
        assert journal.session_of(f"tx/CP1/{name}") == "CP1-1-1"
    stop = [r for r in journal.records if r.get("action") == "RequestStopTransaction"]
    assert {r["session"] for r in stop} == {"CP1-1-1"}
    assert len(stop) == 2  # the call and its answer


async def test_a_new_plug_in_is_a_new_session(clock: Clock, journal: Journal) -> None:
    async with world(clock, journal, V16) as (station, _):
        for _ in range(2):
            await station.plug(1, Car())
            await station.unplug(1)
        await clock.sleep(1)
    named = [r["session"] for r in journal.records if r.get("what") == "car.plugged"]
    assert named == ["CP1-1-1", "CP1-1-2"]
