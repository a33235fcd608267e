"""OCPP 2.0.1 at the CSMS, with the `ocpp` package's charge point at the other end."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ocpp.v201 import call

from simulator.cpo.csms import Station
from simulator.cpo.csms_v201 import ROUTES, transaction_event
from simulator.cpo.run import Cpo
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.kernel.loop import run
from simulator.ocpi.validate import errors
from simulator.wire.ocpp_messages import OcppVersion
from simulator.wire.ocpp_schema import actions, validator
from tests.simulator.cpo.stations import Station201, station201
from tests.simulator.cpo.world import CONFIG, running, token

NOW = "2026-01-15T07:00:00Z"
COMPONENT = {"name": "Connector", "evse": {"id": 1, "connector_id": 1}}


def test_every_row_is_an_action_of_201() -> None:
    assert set(ROUTES) <= set(actions(OcppVersion.V201))


async def authorize(station: Station201, uid: str = "CARD1", kind: str = "ISO14443") -> Any:
    got = await station.call(call.Authorize({"id_token": uid, "type": kind}), suppress=False)
    return got.id_token_info


async def status(station: Station201, status: str) -> None:
    await station.call(call.StatusNotification(station.now, status, 1, 1), suppress=False)


async def test_from_plug_in_to_cdr(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with running(clock, chance, journal) as world, station201(world.cpo, clock) as station:
        assert (await station.boot()).status == "Accepted"
        await status(station, "Available")
        await status(station, "Occupied")
        await station.event("Started", state="EVConnected", kwh=10.0, reason="CablePluggedIn")
        assert world.emsp.of("sessions") == []  # nobody's yet
        assert (await authorize(station))["status"] == "Accepted"
        got = await station.event("Updated", state="Charging", token="CARD1", reason="Authorized")
        assert got.id_token_info["status"] == "Accepted"
        await clock.sleep(1800)
        await station.event("Updated", kwh=20.0, reason="MeterValuePeriodic")
        await station.event("Updated", state="SuspendedEV", kwh=20.0)
        await clock.sleep(600)
        await station.event("Ended", state="Idle", kwh=20.0, token="CARD1", reason="StopAuthorized")
        await world.told("cdr.accepted")
        (cdr,) = world.emsp.cdrs.values()
        assert cdr["total_energy"] == 10
        assert float(cdr["total_parking_time"]) == pytest.approx(1 / 6, abs=0.001)
        assert world.emsp.asked == 1
        assert cdr["authorization_reference"] == "AUTH-1"


async def test_an_event_told_again_counts_once(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world, station201(world.cpo, clock) as station:
        await station.boot()
        first = await station.event("Started", state="Charging", kwh=0.0, token="CARD1")
        again = await station.event(
            "Started", state="Charging", kwh=5.0, token="CARD1", seq_no=station.seq_no
        )
        assert first == again
        assert world.emsp.asked == 1
        (session,) = world.cpo.ledger.open_sessions()
        assert session.events == 1
        await clock.sleep(60)
        await station.event("Ended", kwh=1.0)
        await station.event("Ended", kwh=1.0, seq_no=station.seq_no)
        await station.event("Updated", kwh=9.0, seq_no=7)  # of a moment that is past
        await world.told("cdr.accepted")
        assert len(world.emsp.of("cdrs")) == 1
        (cdr,) = world.emsp.cdrs.values()
        assert cdr["total_energy"] == 1
        assert world.events("transaction.late_event")


async def test_a_transaction_without_a_beginning_is_not_lost(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world, station201(world.cpo, clock) as station:
        await station.boot()
        await station.event("Updated", state="Charging", kwh=5.0, token="CARD1", seq_no=4)
        await clock.sleep(60)
        await station.event("Ended", kwh=6.0, seq_no=5)
        await world.told("cdr.accepted")
        assert world.events("transaction.without_start")
        (cdr,) = world.emsp.cdrs.values()
        assert cdr["total_energy"] == 1


async def test_what_happened_offline_is_told_so(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    tokens = [token("CARD1", whitelist="ALLOWED_OFFLINE"), token("CARD2", whitelist="NEVER")]
    async with (
        running(clock, chance, journal, tokens=tokens) as world,
        station201(world.cpo, clock) as station,
    ):
        await station.boot()
        await station.event("Started", state="Charging", kwh=0.0, token="CARD1", offline=True)
        await clock.sleep(60)
        await station.event("Ended", kwh=1.0, offline=True)
        await world.told("cdr.accepted")
        (cdr,) = world.emsp.cdrs.values()
        assert cdr["remark"] == "Authorized locally: the station was offline"
        assert world.emsp.asked == 0
        await station.event(
            "Started", transaction="TX-2", state="Charging", kwh=1.0, token="CARD2", offline=True
        )
        assert world.emsp.asked == 1  # NEVER is asked about, late as it is


def registers(station: Station201, *wh: float) -> list[dict[str, Any]]:
    contexts = ("Transaction.Begin", "Transaction.End")[-len(wh) :]
    samples = zip(wh, contexts, strict=True)
    return [
        {"timestamp": station.now, "sampled_value": [{"value": value, "context": context}]}
        for value, context in samples
    ]


async def test_an_end_with_a_card_is_enough(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with running(clock, chance, journal) as world, station201(world.cpo, clock) as station:
        await station.boot()
        values = registers(station, 1000, 11000)
        got = await station.event(
            "Ended", state="Idle", token="CARD1", meter_value=values, seq_no=3, offline=True
        )
        assert got.id_token_info["status"] == "Accepted"
        await world.told("cdr.accepted")
        late = registers(station, 1000)
        await station.event("Started", token="CARD1", meter_value=late, seq_no=0, offline=True)
        await clock.sleep(60)
        (cdr,) = world.emsp.cdrs.values()
        assert cdr["total_energy"] == 10
        assert len(world.events("cdr.made")) == 1


@pytest.mark.parametrize("who", ["Started", "Ended"])
async def test_a_beginning_told_after_the_end_completes_it(
    who: str, clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world, station201(world.cpo, clock) as station:
        await station.boot()
        card = {"token": "CARD1", "offline": True}
        end = registers(station, 11000)
        await station.event(
            "Ended", state="Idle", meter_value=end, seq_no=2, **(card if who == "Ended" else {})
        )
        assert world.events("cdr.made") == []
        await station.event("Updated", state="SuspendedEV", kwh=7.0, seq_no=1)
        assert world.events("cdr.made") == []
        begin = {**(card if who == "Started" else {}), "state": "Charging", "kwh": 1.0}
        await station.event("Started", seq_no=0, **begin)
        await station.event("Started", seq_no=0, **begin)
        await world.told("cdr.accepted")
        (cdr,) = world.emsp.cdrs.values()
        assert cdr["total_energy"] == 10
        assert len(world.events("cdr.made")) == 1
        (session,) = {body["id"] for _, body in world.emsp.of("sessions")}
        assert world.cpo.book.sessions.load(session).events == 3


async def test_who_stops_what_is_for_nobody_pays_nothing(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world, station201(world.cpo, clock) as station:
        await station.boot()
        await station.event(
            "Started", state="Charging", kwh=1.0, token="", token_type="NoAuthorization"
        )
        await station.event("Ended", state="Idle", kwh=9.0, token="CARD1")
        await clock.sleep(60)
        assert world.events("cdr.made") == []


async def test_an_event_counts_though_it_breaks_the_schema(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world, station201(world.cpo, clock) as station:
        await station.boot()
        await station.event("Started", state="Charging", kwh=1.0, token="CARD1")
        await clock.sleep(1800)
        naive = station.now.removesuffix("Z")
        event = {
            "eventType": "Ended",
            "timestamp": naive,
            "triggerReason": "Bored",
            "seqNo": 1,
            "transactionInfo": {"transactionId": "TX-1", "stoppedReason": "Whim"},
            "meterValue": [{"timestamp": naive, "sampledValue": [{"value": 11000}]}],
        }
        assert await station.raw("TransactionEvent", event) == [{}]
        await world.told("cdr.accepted")
        (cdr,) = world.emsp.cdrs.values()
        assert (cdr["total_energy"], cdr["total_time"]) == (10, Decimal("0.5"))
        (told,) = world.events("message.forgiven")
        assert len(told["data"]["errors"]) == 4
        del event["eventType"]
        code, *_ = await station.raw("TransactionEvent", event)
        assert code == "OccurrenceConstraintViolation"


@pytest.mark.parametrize("evse_id", [-1, 10**25])
async def test_an_evse_out_of_range_is_refused(
    evse_id: int, clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world, station201(world.cpo, clock) as station:
        await station.boot()
        status = {"timestamp": NOW, "connectorStatus": "Occupied", "evseId": evse_id}
        code, *_ = await station.raw("StatusNotification", {**status, "connectorId": 1})
        assert code == "PropertyConstraintViolation"


async def test_nobodys_transaction_is_kept_and_not_billed(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world, station201(world.cpo, clock) as station:
        await station.boot()
        got = await station.event(
            "Started", state="Charging", kwh=0.0, token="", token_type="NoAuthorization"
        )
        assert got.id_token_info["status"] == "Accepted"
        await station.event("Ended", kwh=3.0)
        await clock.sleep(60)
        assert world.emsp.of("cdrs") == []
        session = world.cpo.ledger.find("CP201", "TX-1")
        assert session is not None
        assert (session.status, session.events) == ("INVALID", 2)


async def test_an_evse_that_is_not_there(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with running(clock, chance, journal) as world, station201(world.cpo, clock) as station:
        await station.boot()
        event = call.TransactionEvent(
            "Started", NOW, "CablePluggedIn", 0, {"transaction_id": "TX-9"}, evse={"id": 9}
        )
        await station.call(event, suppress=False)
        assert [a for a, _ in world.cpo.book.sessions.strays("CP201")] == ["TransactionEvent"]


@pytest.mark.parametrize(
    ("verdict", "status_"),
    [
        ("ALLOWED", "Accepted"),
        ("BLOCKED", "Blocked"),
        ("EXPIRED", "Expired"),
        ("NO_CREDIT", "NoCredit"),
        ("NOT_ALLOWED", "NotAtThisLocation"),
    ],
)
async def test_the_emsps_verdict_at_the_station(
    verdict: str, status_: str, clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world, station201(world.cpo, clock) as station:
        await station.boot()
        world.emsp.verdict = verdict
        assert (await authorize(station))["status"] == status_
        assert (await authorize(station, "STRANGER"))["status"] == "Unknown"


async def test_an_emaid_is_found_under_type_other(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    tokens = [token("DE-8PS-C12345678-X", type="OTHER", whitelist="NEVER")]
    async with (
        running(clock, chance, journal, tokens=tokens) as world,
        station201(world.cpo, clock) as station,
    ):
        await station.boot()
        info = await authorize(station, "DE-8PS-C12345678-X", "eMAID")
        assert info["status"] == "Accepted"
        assert info["cache_expiry_date_time"] == station.now


async def test_connector_states_come_by_event_too(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world, station201(world.cpo, clock) as station:
        await station.boot()
        data = {
            "event_id": 1,
            "timestamp": station.now,
            "trigger": "Delta",
            "actual_value": "Faulted",
            "component": COMPONENT,
            "event_notification_type": "HardWiredNotification",
            "variable": {"name": "AvailabilityState"},
        }
        await station.call(call.NotifyEvent(station.now, 0, [data]), suppress=False)
        assert world.cpo.snapshot()["evses"]["E3"] == "OUTOFORDER"


@pytest.mark.parametrize(
    "request_",
    [
        call.FirmwareStatusNotification("Downloaded"),
        call.LogStatusNotification("Idle"),
        call.SecurityEventNotification("X", NOW),
        call.NotifyReport(1, NOW, 0),
        call.MeterValues(1, [{"timestamp": NOW, "sampled_value": [{"value": 5.0}]}]),
        call.DataTransfer("com.example"),
    ],
    ids=lambda v: type(v).__name__,
)
async def test_the_rest_is_answered_and_kept(
    request_: Any, clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with (
        running(clock, chance, journal, registered=False) as world,
        station201(world.cpo, clock) as station,
    ):
        await station.boot()
        got = await station.call(request_, suppress=False)
        if isinstance(request_, call.DataTransfer):
            assert got.status == "UnknownVendorId"
        kept = [action for action, _ in world.cpo.book.stations.notices("CP201")]
        assert kept == [type(request_).__name__]


moments = st.one_of(
    st.integers(0, 3600).map(lambda s: f"2026-01-15T{7 + s // 3600:02}:{s // 60 % 60:02}:00Z"),
    st.sampled_from(["1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"]),
)
samples = st.fixed_dictionaries(
    {"value": st.floats(allow_nan=False, allow_infinity=False)},
    optional={
        "measurand": st.sampled_from(["Power.Active.Import", "SoC", "Voltage"]),
        "unitOfMeasure": st.fixed_dictionaries(
            {},
            optional={
                "unit": st.sampled_from(["kWh", "Wh", "x"]),
                "multiplier": st.integers(),
            },
        ),
    },
)
meter_values = st.lists(
    st.fixed_dictionaries(
        {"timestamp": moments, "sampledValue": st.lists(samples, min_size=1, max_size=3)}
    ),
    min_size=1,
    max_size=3,
)
infos = st.fixed_dictionaries(
    {"transactionId": st.sampled_from(["A", "B"])},
    optional={
        "chargingState": st.sampled_from(["Charging", "SuspendedEV", "EVConnected", "Idle"]),
        "stoppedReason": st.just("Local"),
    },
)
told = st.fixed_dictionaries(
    {
        "eventType": st.sampled_from(["Started", "Updated", "Ended"]),
        "timestamp": moments,
        "triggerReason": st.just("Trigger"),
        "seqNo": st.integers(0, 6),
        "transactionInfo": infos,
    },
    optional={
        "offline": st.booleans(),
        "evse": st.fixed_dictionaries({"id": st.integers(0, 2)}),
        "idToken": st.fixed_dictionaries(
            {
                "idToken": st.sampled_from(["CARD1", "STRANGER"]),
                "type": st.sampled_from(["ISO14443", "Central", "NoAuthorization"]),
            }
        ),
        "meterValue": meter_values,
    },
)


@settings(max_examples=60, deadline=None)
@given(st.lists(told, max_size=12))
def test_whatever_a_station_tells_nothing_is_lost(events: list[dict[str, Any]]) -> None:
    clock = Clock("virtual")
    cpo = Cpo(CONFIG, clock=clock, chance=Chance(1), journal=Journal(clock))
    cpo.book.tokens.put("p1", token(whitelist="ALWAYS"))
    link: Any = SimpleNamespace(version=OcppVersion.V201)
    station = Station("CP201", link, accepted=True)
    check = validator(OcppVersion.V201, "TransactionEvent", 3)
    assert check is not None

    async def tell() -> None:
        for event in events:
            reply = await transaction_event(cpo.csms, station, event)
            assert check.is_valid(reply.payload)

    run(tell(), clock)
    kept = {
        (session.head.transaction_id, number)
        for name in ("A", "B")
        if (session := cpo.ledger.find("CP201", name)) is not None
        for number in range(7)
        if session.has_seen(number)
    }
    strays = cpo.book.sessions.strays("CP201")
    astray = {(s["transactionInfo"]["transactionId"], s["seqNo"]) for _, s in strays}
    assert kept | astray == {(e["transactionInfo"]["transactionId"], e["seqNo"]) for e in events}
    for name in ("A", "B"):
        session = cpo.ledger.find("CP201", name)
        stored = cpo.book.sessions.load_transaction("CP201", name)
        if session is not None and session.decision is not None:
            assert stored is not None
            assert session.to_ocpi() == stored.to_ocpi()
            assert errors("session", session.to_ocpi(), "2.2.1") == []
    cpo.book.close()
