"""Whole sessions over real WebSockets, against a CSMS that is not ours, in both versions."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.station.config import ConnectorConfig, EvseConfig, StationConfig
from simulator.station.ev import Car
from simulator.station.run import Station, StationError
from simulator.wire.ocpp_rpc import OcppVersion
from tests.simulator.station.csms import actions, calls, events, flaws, sent, world

BOTH = pytest.mark.parametrize("version", [OcppVersion.V16, OcppVersion.V201], ids=str)
V16, V201 = OcppVersion.V16, OcppVersion.V201


def transaction_messages(journal: Journal) -> list[str]:
    """The transaction's messages by short names, the same for both versions."""
    names = {"StartTransaction": "Started", "MeterValues": "Updated", "StopTransaction": "Ended"}
    return [
        record.get("eventType") or names[action]
        for action, record in zip(actions(journal), sent(journal), strict=True)
        if action == "TransactionEvent" or action in names
    ]


@BOTH
async def test_a_card_session_from_boot_to_unplugging(
    clock: Clock, journal: Journal, version: OcppVersion
) -> None:
    async with world(clock, journal, version) as (station, _):
        await station.plug(1, Car())
        assert await station.tap(1, "04A1")
        await clock.sleep(600)
        charging = station.snapshot()["evses"][0]
        assert await station.tap(1, "04a1")  # the same card, read in lower case
        await clock.sleep(1)
        await station.unplug(1)
        await clock.sleep(1)
        after = station.snapshot()["evses"][0]
    assert flaws(journal) == []
    assert charging["state"] == "charging"
    assert charging["power_w"] == pytest.approx(10_930, rel=0.03)  # 3 x 16 A
    assert charging["energy_wh"] == pytest.approx(10_930 / 6, rel=0.03)
    assert after["state"] == "available"
    assert after["session"] is None
    told = transaction_messages(journal)
    assert told[0] == "Started"
    assert told[-1] == "Ended"
    assert told.count("Started") == told.count("Ended") == 1
    assert {r["session"] for r in calls(journal) if "ransaction" in r["action"]} == {"CP1-1-1"}


@BOTH
async def test_the_same_seed_makes_the_same_journal(version: OcppVersion) -> None:
    async def run() -> bytes:
        # A world of its own on the same loop: its clock begins where the loop stands.
        clock = Clock("virtual")
        journal = Journal(clock)
        async with world(clock, journal, version) as (station, _):
            await station.plug(1)
            await station.tap(1, "04A1")
            await clock.sleep(300)
        texts = [r.get("frame") or str(r.get("data")) for r in journal.records]
        return "\n".join(text for text in texts if '"currentTime"' not in text).encode()

    first, second = await run(), await run()
    strip = [line.split(b"timestamp")[0] for line in first.splitlines()]
    assert strip == [line.split(b"timestamp")[0] for line in second.splitlines()]


@BOTH
async def test_the_cable_may_come_after_the_card(
    clock: Clock, journal: Journal, version: OcppVersion
) -> None:
    async with world(clock, journal, version) as (station, _):
        assert await station.tap(1, "04A1")
        await clock.sleep(30)
        assert "Started" not in transaction_messages(journal)
        await station.plug(1, Car())
        await clock.sleep(1)
    assert transaction_messages(journal)[0] == "Started"
    assert flaws(journal) == []


@BOTH
async def test_a_cable_that_never_comes_ends_the_authorization(
    clock: Clock, journal: Journal, version: OcppVersion
) -> None:
    async with world(clock, journal, version) as (station, _):
        await station.tap(1, "04A1")
        await clock.sleep(121)  # ConnectionTimeOut, EVConnectionTimeOut
        assert station.snapshot()["evses"][0]["state"] == "available"
        await station.plug(1, Car())
        await clock.sleep(1)
        assert station.snapshot()["evses"][0]["state"] == "plugged"
    assert events(journal, "cable.timed_out") == [{"evse": 1, "after_s": 120}]
    assert "Started" not in transaction_messages(journal)


@BOTH
async def test_a_refused_card_starts_nothing(
    clock: Clock, journal: Journal, version: OcppVersion
) -> None:
    async with world(clock, journal, version) as (station, csms):
        csms.tokens["BAD"] = {"status": "Blocked"}
        await station.plug(1, Car())
        assert not await station.tap(1, "BAD")
        await clock.sleep(5)
        assert station.snapshot()["evses"][0]["state"] == "plugged"
    assert events(journal, "card.refused") == [
        {"evse": 1, "token": "BAD", "why": "online", "status": "Blocked"}
    ]
    assert "Started" not in transaction_messages(journal)


@BOTH
async def test_a_driver_refused_at_the_start_is_stopped(
    clock: Clock, journal: Journal, version: OcppVersion
) -> None:
    async with world(clock, journal, version) as (station, csms):
        csms.tokens["start:04A1"] = {"status": "Invalid"}
        await station.plug(1, Car())
        assert await station.tap(1, "04A1")
        await clock.sleep(5)
        assert station.snapshot()["evses"][0]["state"] == "finishing"
    last = sent(journal)[-1] if version is V16 else sent(journal, "TransactionEvent")[-1]
    if version is V16:
        last = sent(journal, "StopTransaction")[-1]
        assert last["reason"] == "DeAuthorized"
    else:
        assert last["triggerReason"] == "Deauthorized"
        assert last["transactionInfo"]["stoppedReason"] == "DeAuthorized"


@BOTH
async def test_a_refused_driver_may_be_kept_without_energy(
    clock: Clock, journal: Journal, version: OcppVersion
) -> None:
    options: dict[str, Any] = {"settings": {"stop_on_invalid_id": "false"}}
    async with world(clock, journal, version, **options) as (station, csms):
        csms.tokens["start:04A1"] = {"status": "Invalid"}
        await station.plug(1, Car())
        await station.tap(1, "04A1")
        await clock.sleep(120)
        evse = station.snapshot()["evses"][0]
        assert (evse["state"], evse["power_w"], evse["energy_wh"]) == ("suspended_evse", 0.0, 0)
    assert "Ended" not in transaction_messages(journal)


@BOTH
async def test_only_the_card_or_its_group_may_stop(
    clock: Clock, journal: Journal, version: OcppVersion
) -> None:
    def in_group(name: str) -> dict[str, Any]:
        if version is V16:
            return {"status": "Accepted", "parent_id_tag": name}
        return {
            "status": "Accepted",
            "group_id_token": {"id_token": name, "type": "Central"},
        }

    async with world(clock, journal, version) as (station, csms):
        csms.tokens = {"A": in_group("FAMILY"), "B": in_group("FAMILY"), "C": in_group("OTHER")}
        csms.tokens["start:A"] = in_group("FAMILY")
        await station.plug(1, Car())
        await station.tap(1, "A")
        await clock.sleep(60)
        assert not await station.tap(1, "C")
        assert station.snapshot()["evses"][0]["state"] == "charging"
        assert await station.tap(1, "B")
        await clock.sleep(1)
        assert station.snapshot()["evses"][0]["state"] == "finishing"


@BOTH
async def test_offline_in_mid_session_all_is_replayed_in_order(
    clock: Clock, journal: Journal, version: OcppVersion
) -> None:
    async with world(clock, journal, version) as (station, csms):
        await station.plug(1, Car())
        await station.tap(1, "04A1")
        await clock.sleep(90)
        await station.offline()
        await clock.sleep(150)
        assert not station.snapshot()["online"]
        await station.tap(1, "04A1")
        await station.unplug(1)
        queued = station.snapshot()["queued"]
        await clock.sleep(60)
        before = len(calls(journal))
        await station.online()
        await clock.sleep(5)
        assert station.snapshot()["queued"] == 0
        assert csms.connections == 2
    assert flaws(journal) == []
    replayed = [r for r in calls(journal)[before:] if r["action"] != "StatusNotification"]
    assert len(replayed) == queued == 4
    assert len(events(journal, "message.replayed")) == queued
    assert "BootNotification" not in actions(journal)[before:]
    stamps = [
        p.get("timestamp") or p["meterValue"][0]["timestamp"]
        for action, p in zip(actions(journal), sent(journal), strict=True)
        if action in ("StartTransaction", "MeterValues", "StopTransaction", "TransactionEvent")
    ]
    assert stamps == sorted(stamps)
    if version is V201:
        told = sent(journal, "TransactionEvent")
        assert [e["seqNo"] for e in told] == list(range(len(told)))
        assert [bool(e.get("offline")) for e in told[-queued:]] == [True] * queued
        assert not any(e.get("offline") for e in told[:-queued])


@BOTH
async def test_a_whole_session_offline_by_the_cache(
    clock: Clock, journal: Journal, version: OcppVersion
) -> None:
    async with world(clock, journal, version) as (station, _):
        await station.plug(1, Car())
        await station.tap(1, "04A1")
        await clock.sleep(1)
        await station.tap(1, "04A1")
        await clock.sleep(1)
        await station.unplug(1)
        await clock.sleep(1)
        await station.offline()
        await station.plug(1, Car())
        assert not await station.tap(1, "STRANGER")
        assert await station.tap(1, "04A1")
        await clock.sleep(600)
        await station.tap(1, "04A1")
        await station.unplug(1)
        await station.online()
        await clock.sleep(5)
    assert [e["why"] for e in events(journal, "card.accepted")] == ["online", "offline_cache"]
    assert [e["why"] for e in events(journal, "card.refused")] == ["offline_unknown"]
    assert transaction_messages(journal).count("Started") == 2
    assert transaction_messages(journal).count("Ended") == 2
    assert flaws(journal) == []
    if version is V16:  # MeterValues and StopTransaction bear the number that came late
        assert [p["transactionId"] for p in sent(journal, "StopTransaction")] == [1, 2]
        assert {p["transactionId"] for p in sent(journal, "MeterValues")} == {2}


@BOTH
async def test_a_power_cut_ends_the_transaction_at_the_next_boot(
    clock: Clock, journal: Journal, version: OcppVersion
) -> None:
    async with world(clock, journal, version) as (station, _):
        await station.plug(1, Car())
        await station.tap(1, "04A1")
        await clock.sleep(90)
        charged_wh = station.snapshot()["evses"][0]["meter_wh"]
        await station.power_cut(off_s=600)
        assert not station.snapshot()["powered"]
        await clock.sleep(590)
        assert "Ended" not in transaction_messages(journal)
        await station.wait_ready(60)
        await clock.sleep(5)
        evse = station.snapshot()["evses"][0]
        assert evse["state"] == "finishing"  # the cable never left
        assert evse["meter_wh"] == charged_wh
    assert actions(journal).count("BootNotification") == 2
    if version is V16:
        last = sent(journal, "StopTransaction")[-1]
        assert (last["reason"], last["meterStop"]) == ("PowerLoss", charged_wh)
        assert last["transactionId"] == 1
    else:
        last = sent(journal, "TransactionEvent")[-1]
        assert last["transactionInfo"]["stoppedReason"] == "PowerLoss"
        assert last["offline"] is True
        assert sent(journal, "BootNotification")[-1]["reason"] == "PowerUp"
    assert last["timestamp"] == "2026-01-15T07:01:30.000Z"
    assert flaws(journal) == []


@BOTH
async def test_the_car_stops_by_itself_when_it_is_full(
    clock: Clock, journal: Journal, version: OcppVersion
) -> None:
    car = Car(soc_percent=78.0, target_percent=80.0)
    async with world(clock, journal, version) as (station, _):
        await station.plug(1, car)
        await station.tap(1, "04A1")
        await clock.sleep(3600)
        evse = station.snapshot()["evses"][0]
    assert evse["state"] == "suspended_ev"
    assert evse["soc_percent"] == 80.0
    assert evse["energy_wh"] == int(0.02 * 58_000 / 0.92)
    if version is V201:
        states = [e["transactionInfo"]["chargingState"] for e in sent(journal, "TransactionEvent")]
        assert states[:2] == ["EVConnected", "Charging"]
        assert states[-1] == "SuspendedEV"
    else:
        told = [p["status"] for p in sent(journal, "StatusNotification") if p["connectorId"] == 1]
        assert told == ["Available", "Preparing", "Charging", "SuspendedEV"]


@BOTH
async def test_pulling_the_cable_stops_the_session(
    clock: Clock, journal: Journal, version: OcppVersion
) -> None:
    async with world(clock, journal, version) as (station, _):
        await station.plug(1, Car())
        await station.tap(1, "04A1")
        await clock.sleep(60)
        await station.unplug(1)
        await clock.sleep(1)
        assert station.snapshot()["evses"][0]["state"] == "available"
    if version is V16:
        assert sent(journal, "StopTransaction")[-1]["reason"] == "EVDisconnected"
        told = [p for p in sent(journal, "StatusNotification") if p["connectorId"] == 1][-2:]
        assert [p["status"] for p in told] == ["Finishing", "Available"]
        assert told[0]["info"] == "EV side disconnected"
    else:
        last = sent(journal, "TransactionEvent")[-1]
        assert last["triggerReason"] == "EVCommunicationLost"
        assert last["transactionInfo"]["stoppedReason"] == "EVDisconnected"
        assert last["transactionInfo"]["chargingState"] == "Idle"


async def test_a_16_transaction_may_outlive_the_cable(clock: Clock, journal: Journal) -> None:
    """StopTransactionOnEVSideDisconnect false."""
    options: dict[str, Any] = {"settings": {"stop_on_ev_disconnect": "false"}}
    async with world(clock, journal, V16, **options) as (station, _):
        await station.plug(1, Car())
        await station.tap(1, "04A1")
        await clock.sleep(60)
        await station.unplug(1)
        await clock.sleep(60)
        assert station.snapshot()["evses"][0]["status"] == "SuspendedEV"
        await station.plug(1, Car())
        await clock.sleep(60)
        assert station.snapshot()["evses"][0]["status"] == "Charging"
        await station.unplug(1)
        await station.tap(1, "04A1")
        await clock.sleep(1)
        assert station.snapshot()["evses"][0]["status"] == "Available"
    assert len(sent(journal, "StartTransaction")) == len(sent(journal, "StopTransaction")) == 1
    assert flaws(journal) == []


async def test_a_new_card_in_finishing_is_a_new_session(clock: Clock, journal: Journal) -> None:
    async with world(clock, journal, V16) as (station, _):
        await station.plug(1, Car())
        for _ in range(2):
            await station.tap(1, "04A1")
            await clock.sleep(60)
            await station.tap(1, "04A1")
            await clock.sleep(60)
    told = [p["status"] for p in sent(journal, "StatusNotification") if p["connectorId"] == 1]
    once = ["Preparing", "Charging", "Finishing"]
    assert told == ["Available", *once, *once]
    sessions = [r["session"] for r in calls(journal) if r["action"] == "StartTransaction"]
    assert sessions == ["CP1-1-1", "CP1-1-2"]


@BOTH
async def test_the_stop_button_and_a_fault_end_a_session(
    clock: Clock, journal: Journal, version: OcppVersion
) -> None:
    async with world(clock, journal, version) as (station, _):
        await station.plug(1, Car())
        await station.tap(1, "04A1")
        await clock.sleep(10)
        await station.stop_session(1)
        with pytest.raises(StationError, match="nothing goes on"):
            await station.stop_session(1)
        await station.plug(2, Car())
        await station.tap(2, "04A1")
        await clock.sleep(10)
        await station.fault(2)
        await clock.sleep(10)
        assert station.snapshot()["evses"][1]["status"] == "Faulted"
        assert not await station.tap(2, "04A1")
        await station.fault(2, cleared=True)
        assert station.snapshot()["evses"][1]["state"] == "finishing"
    assert transaction_messages(journal).count("Ended") == 2
    assert flaws(journal) == []


@BOTH
async def test_verbs_that_cannot_be_done_say_why(
    clock: Clock, journal: Journal, version: OcppVersion
) -> None:
    async with world(clock, journal, version) as (station, _):
        with pytest.raises(StationError, match="no EVSE 3"):
            await station.plug(3)
        with pytest.raises(StationError, match="has no car"):
            await station.unplug(1)
        with pytest.raises(StationError, match="EVSE 2 is DC"):
            await station.plug(2, Car(dc_max_w=0.0))
        await station.plug(1)
        with pytest.raises(StationError, match="has a car already"):
            await station.plug(1)


def test_a_station_speaks_only_what_it_has_learnt(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    config = StationConfig("CP1", OcppVersion.V21, "ws://127.0.0.1:9000/ocpp")
    with pytest.raises(StationError, match=r"no station speaks OCPP 2\.1"):
        Station(config, clock=clock, chance=chance, journal=journal)
    wrong = StationConfig("CP1", V16, "ws://x", settings={"meter_interval_s": "often"})
    with pytest.raises(StationError, match="meter_interval_s"):
        Station(wrong, clock=clock, chance=chance, journal=journal)


async def test_what_is_plugged_without_power_is_seen_at_power_on(
    clock: Clock, journal: Journal
) -> None:
    async with world(clock, journal, V16, ready=False) as (station, _):
        await station.plug(1, Car())
        with pytest.raises(StationError, match="no power"):
            await station.tap(1, "04A1")
        await station.start()
        await station.start()  # a second press changes nothing
        await station.wait_ready(5)
        await clock.sleep(1)
    told = [p["status"] for p in sent(journal, "StatusNotification")]
    assert told == ["Available", "Preparing", "Available"]


@BOTH
async def test_car_and_evse_may_pause(clock: Clock, journal: Journal, version: OcppVersion) -> None:
    async with world(clock, journal, version) as (station, _):
        await station.plug(1, Car())
        await station.tap(1, "04A1")
        await clock.sleep(10)
        await station.suspend(1)
        assert station.snapshot()["evses"][0]["state"] == "suspended_ev"
        await station.suspend(1, by_evse=True)
        await clock.sleep(600)
        paused = station.snapshot()["evses"][0]
        assert (paused["state"], paused["power_w"]) == ("suspended_evse", 0.0)
        await station.resume(1)
        await clock.sleep(600)
        assert station.snapshot()["evses"][0]["energy_wh"] > paused["energy_wh"] + 1000
        with pytest.raises(StationError, match="cannot happen"):
            await station.resume(2)
    assert flaws(journal) == []


async def test_an_evse_has_one_connector_in_use(clock: Clock, journal: Journal) -> None:
    two = EvseConfig(
        1,
        (
            ConnectorConfig(1, "IEC_62196_T2_COMBO", "CABLE", "DC", 500, 300, 150_000),
            ConnectorConfig(2, "CHADEMO", "CABLE", "DC", 500, 125, 50_000),
        ),
    )
    async with world(clock, journal, V201, evses=(two,)) as (station, _):
        await clock.sleep(1)
        await station.plug(1, Car(), connector_id=2)
        await station.tap(1, "04A1")
        await clock.sleep(1)
        assert station.snapshot()["evses"][0]["power_w"] < 50_000
        await station.power_cut(5)
        await clock.sleep(10)
        assert station.snapshot()["evses"][0]["connector_id"] == 2
        await station.unplug(1)
        with pytest.raises(StationError, match="no connector 3"):
            await station.plug(1, Car(), connector_id=3)
    told = [(p["connectorId"], p["connectorStatus"]) for p in sent(journal, "StatusNotification")]
    assert told[:3] == [(1, "Available"), (2, "Available"), (2, "Occupied")]
    assert {e["evse"]["connectorId"] for e in sent(journal, "TransactionEvent")} == {2}
    assert flaws(journal) == []
