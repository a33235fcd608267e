"""OCPP 1.6 at the CSMS, with the `ocpp` package's charge point at the other end."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from ocpp.v16 import call

from simulator.cpo.csms_v16 import ROUTES
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock, rfc3339
from simulator.kernel.journal import Journal
from simulator.wire.ocpp_messages import OcppVersion
from simulator.wire.ocpp_schema import actions
from tests.simulator.cpo.stations import station16
from tests.simulator.cpo.world import running, token

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def test_every_row_is_an_action_of_16() -> None:
    assert set(ROUTES) <= set(actions(OcppVersion.V16))


async def test_from_plug_in_to_cdr(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with running(clock, chance, journal) as world, station16(world.cpo, clock) as station:
        boot = await station.boot()
        assert (boot.status, boot.interval) == ("Accepted", 300)
        await station.status("Available")
        assert (await station.call(call.Authorize("CARD1"))).id_tag_info["status"] == "Accepted"
        await station.status("Preparing")
        begun = await station.begin(wh=1000)
        assert begun.id_tag_info["status"] == "Accepted"
        await station.status("Charging")
        for minute in range(1, 31):
            await clock.sleep(60)
            await station.meter(begun.transaction_id, 1000 + 200 * minute)
        await station.status("SuspendedEV")
        await clock.sleep(600)
        ended = await station.end(begun.transaction_id, 7000, id_tag="CARD1", reason="Local")
        assert ended.id_tag_info["status"] == "Accepted"
        await world.told("cdr.accepted")
        (cdr,) = world.emsp.cdrs.values()
        assert cdr["total_energy"] == 6
        assert [p["dimensions"][0]["type"] for p in cdr["charging_periods"]] == [
            "TIME",
            "PARKING_TIME",
        ]
        # 1 to begin, 6 kWh at 0.5, ten minutes of parking at 6
        assert float(cdr["total_cost"]["excl_vat"]) == pytest.approx(5, abs=0.01)
        assert cdr["authorization_reference"] == "AUTH-1"
        assert world.emsp.asked == 1  # the card was held up once
        verbs = [verb for verb, _ in world.emsp.of("sessions")]
        assert verbs[0] == verbs[-1] == "PUT"
        assert set(verbs[1:-1]) == {"PATCH"}
        statuses = [b["status"] for v, b in world.emsp.of("locations") if v == "PATCH"]
        assert statuses == ["AVAILABLE", "CHARGING"]


async def test_a_start_told_again_is_the_same_transaction(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world, station16(world.cpo, clock) as station:
        await station.boot()
        at = station.now
        first = await station.begin(at=at)
        again = await station.begin(at=at)
        other = await station.begin(at=at, connector=2)
        assert first == again
        assert other.transaction_id == first.transaction_id + 1
        assert len(world.cpo.ledger.open_sessions()) == 2
        await station.end(first.transaction_id, 1500)
        await station.end(first.transaction_id, 1500)
        await world.told("cdr.accepted")
        assert await station.begin(at=at) == first  # even after it has ended
        assert len(world.emsp.of("cdrs")) == 1


async def test_a_clock_that_was_never_set_tells_the_same_start_again(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world, station16(world.cpo, clock) as station:
        await station.boot()
        first = await station.begin(at="1970-01-01T00:00:07Z")
        await clock.sleep(60)
        assert await station.begin(at="1970-01-01T00:00:07Z") == first
        (session,) = world.cpo.ledger.open_sessions()
        assert session.active_at is not None
        assert clock.now() - session.active_at < timedelta(minutes=2)


async def test_a_start_that_was_never_decided_is_decided_when_told_again(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world:
        ledger, sites = world.cpo.ledger, world.cpo.sites
        spot = sites.spot("CP16", 1)
        assert spot is not None
        async with station16(world.cpo, clock) as station:
            await station.boot()
            at = station.now
            ledger.begin(spot, "77", None, start_key=f"CP16/1/card1/{at}/1000")  # then it crashed
            begun = await station.begin(at=at)
            assert begun.transaction_id == 77
            assert begun.id_tag_info["status"] == "Accepted"
            await station.end(begun.transaction_id, 2000)
            await world.told("cdr.accepted")


async def test_a_refused_card_begins_no_paid_session(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world, station16(world.cpo, clock) as station:
        await station.boot()
        world.emsp.verdict = "BLOCKED"
        assert (await station.call(call.Authorize("CARD1"))).id_tag_info["status"] == "Blocked"
        stranger = await station.call(call.Authorize("STRANGER"))
        assert stranger.id_tag_info["status"] == "Invalid"
        begun = await station.begin()
        assert begun.id_tag_info["status"] == "Blocked"
        await station.end(begun.transaction_id, 1000, reason="DeAuthorized")
        await clock.sleep(60)
        assert world.emsp.of("cdrs") == world.emsp.of("sessions") == []
        session = world.cpo.ledger.find("CP16", str(begun.transaction_id))
        assert session is not None
        assert session.status == "INVALID"


async def test_what_happened_offline_is_taken_as_it_was(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    tokens = [token("CARD1", whitelist="ALLOWED_OFFLINE")]
    async with (
        running(clock, chance, journal, tokens=tokens) as world,
        station16(world.cpo, clock) as station,
    ):
        await station.boot()
        begun = await station.begin(at=rfc3339(clock.now() - timedelta(minutes=30)))
        assert begun.id_tag_info["status"] == "Accepted"
        assert world.emsp.asked == 0
        await station.end(begun.transaction_id, 3000)
        await world.told("cdr.accepted")
        (cdr,) = world.emsp.cdrs.values()
        assert cdr["remark"] == "Authorized locally: the station was offline"
        assert cdr["auth_method"] == "WHITELIST"
        assert float(cdr["total_time"]) == pytest.approx(0.5, abs=0.001)


async def test_transactions_that_nobody_knows_are_kept(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world, station16(world.cpo, clock) as station:
        await station.boot()
        ended = await station.end(4711, 5000, id_tag="CARD1")
        assert ended.id_tag_info["status"] == "Invalid"
        await station.meter(4711, 4000)
        begun = await station.begin(connector=9)  # the station has two
        assert begun.id_tag_info["status"] == "Invalid"
        strays = world.cpo.book.sessions.strays("CP16")
        assert [action for action, _ in strays] == [
            "StopTransaction",
            "MeterValues",
            "StartTransaction",
        ]
        assert strays[0][1]["meterStop"] == 5000


async def test_readings_without_a_transaction_id_belong_to_the_one_there_is(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world, station16(world.cpo, clock) as station:
        await station.boot()
        begun = await station.begin(wh=0)
        session = world.cpo.ledger.find("CP16", str(begun.transaction_id))
        assert session is not None
        await clock.sleep(1)
        later = {"timestamp": station.now, "sampledValue": [{"value": "2500"}]}
        await station.call(call.MeterValues(1, [later]), suppress=False)
        assert session.kwh == 2.5
        await station.call(call.MeterValues(2, [later]), suppress=False)
        assert [a for a, _ in world.cpo.book.stations.notices("CP16")] == ["MeterValues"]


async def test_a_group_may_stop_what_it_started(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    tokens = [token("CARD1", group_id="G1"), token("CARD2", group_id="G1"), token("CARD3")]
    async with (
        running(clock, chance, journal, tokens=tokens) as world,
        station16(world.cpo, clock) as station,
    ):
        await station.boot()
        for stopper, status in (("CARD2", "Accepted"), ("CARD3", "Invalid")):
            begun = await station.begin()
            assert begun.id_tag_info["parent_id_tag"] == "G1"
            ended = await station.end(begun.transaction_id, 1000, id_tag=stopper)
            assert ended.id_tag_info["status"] == status
            await clock.sleep(1)


async def test_a_token_that_must_be_asked_about_is_not_for_the_cache(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    tokens = [token("CARD1", whitelist="NEVER")]
    async with (
        running(clock, chance, journal, tokens=tokens) as world,
        station16(world.cpo, clock) as station,
    ):
        await station.boot()
        for asked in (1, 2):
            info = (await station.call(call.Authorize("CARD1"))).id_tag_info
            assert info["expiry_date"] == station.now
            assert world.emsp.asked == asked  # each showing is a use


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        (call.Heartbeat(), {}),
        (call.FirmwareStatusNotification("Downloaded"), {}),
        (call.DiagnosticsStatusNotification("Uploaded"), {}),
        (call.SecurityEventNotification("X", "2026-01-15T07:00:00Z", "y"), {}),
        (call.LogStatusNotification("Idle", 1), {}),
        (call.DataTransfer("com.example"), {"status": "UnknownVendorId"}),
    ],
    ids=lambda v: type(v).__name__,
)
async def test_the_rest_is_answered_and_kept(
    request_: object, answer: dict[str, str], clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with (
        running(clock, chance, journal, registered=False) as world,
        station16(world.cpo, clock) as station,
    ):
        await station.boot()
        got = await station.call(request_, suppress=False)
        for name, value in answer.items():
            assert getattr(got, name) == value
        kept = [action for action, _ in world.cpo.book.stations.notices("CP16")]
        expected = type(request_).__name__
        assert kept == ([] if expected == "Heartbeat" else [expected])


async def test_a_transaction_counts_though_its_messages_break_the_schema(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world, station16(world.cpo, clock) as station:
        await station.boot()
        start = {"connectorId": 1, "idTag": "CARD1", "meterStart": 1000}
        naive = rfc3339(clock.now()).removesuffix("Z")
        await station.raw("StartTransaction", {**start, "timestamp": naive})
        value = {"timestamp": naive, "sampledValue": [{"value": "5000", "unit": "Wh", "x": 1}]}
        values = {"connectorId": 1, "transactionId": 1, "meterValue": [value]}
        await station.raw("MeterValues", values)
        await clock.sleep(1800)
        stop = {"transactionId": 1, "meterStop": 11000, "reason": "Weather"}
        naive = rfc3339(clock.now()).removesuffix("Z")
        await station.raw("StopTransaction", {**stop, "timestamp": naive})
        await world.told("cdr.accepted")
        (cdr,) = world.emsp.cdrs.values()
        assert (cdr["total_energy"], cdr["total_time"]) == (10, Decimal("0.5"))
        told = [(r["data"]["action"], r["session"]) for r in world.events("message.forgiven")]
        assert [action for action, _ in told] == [
            "StartTransaction",
            "MeterValues",
            "StopTransaction",
        ]
        assert "/timestamp" in world.events("message.forgiven")[0]["data"]["errors"][0]


async def test_an_end_that_tells_too_little_is_an_end(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world, station16(world.cpo, clock) as station:
        await station.boot()
        begun = await station.begin()
        await clock.sleep(600)
        await station.meter(begun.transaction_id, 4000)
        stop = {"transactionId": begun.transaction_id}
        assert await station.raw("StopTransaction", stop) == [{}]
        await world.told("cdr.accepted")
        (cdr,) = world.emsp.cdrs.values()
        assert cdr["total_energy"] == 3


@pytest.mark.parametrize(
    ("action", "payload", "code"),
    [
        ("MeterValues", {"transactionId": 1, "connectorId": 1}, "ProtocolError"),
        (
            "StopTransaction",
            {"transactionId": [], "timestamp": "2026-01-15T07:00:00Z", "meterStop": 1},
            "TypeConstraintViolation",
        ),
        ("BootNotification", {"chargePointVendor": "v" * 99}, "ProtocolError"),
        *(
            (
                "StatusNotification",
                {"connectorId": number, "errorCode": "NoError", "status": "Charging"},
                "PropertyConstraintViolation",
            )
            for number in (-1, 10**25, -(10**25))
        ),
    ],
)
async def test_what_cannot_be_used_is_refused(
    action: str,
    payload: dict[str, Any],
    code: str,
    clock: Clock,
    chance: Chance,
    journal: Journal,
) -> None:
    async with running(clock, chance, journal) as world, station16(world.cpo, clock) as station:
        await station.boot()
        assert (await station.raw(action, payload))[:1] == [code]
        assert (await station.boot()).status == "Accepted"
