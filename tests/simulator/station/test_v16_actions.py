"""Every action that a 1.6 station handles, asked by the `ocpp` package, and one it does not."""

from __future__ import annotations

from typing import Any

import ocpp.v16.call as ask
import pytest
from ocpp.exceptions import NotSupportedError
from ocpp.messages import Call

from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.station.ev import Car
from simulator.station.v16_actions import HANDLERS
from simulator.wire.ocpp_rpc import OcppVersion
from tests.simulator.station.csms import actions, events, flaws, sent, world

V16 = OcppVersion.V16


async def test_remote_start_waits_for_the_cable_and_remote_stop_ends_it(
    clock: Clock, journal: Journal
) -> None:
    async with world(clock, journal, V16) as (station, csms):
        assert (await csms.call(ask.RemoteStartTransaction("APP1", 1))).status == "Accepted"
        await clock.sleep(5)
        assert "Authorize" not in actions(journal)  # AuthorizeRemoteTxRequests is false
        assert (await csms.call(ask.RemoteStartTransaction("APP2", 1))).status == "Rejected"
        await station.plug(1, Car())
        await clock.sleep(60)
        assert (await csms.call(ask.RemoteStopTransaction(99))).status == "Rejected"
        assert (await csms.call(ask.RemoteStopTransaction(1))).status == "Accepted"
        await clock.sleep(1)
        assert station.snapshot()["evses"][0]["state"] == "finishing"
    assert sent(journal, "StartTransaction")[0]["idTag"] == "APP1"
    assert sent(journal, "StopTransaction")[0]["reason"] == "Remote"
    assert flaws(journal) == []


async def test_remote_start_chooses_where_a_cable_waits(clock: Clock, journal: Journal) -> None:
    async with world(clock, journal, V16) as (station, csms):
        await station.plug(2, Car())
        assert (await csms.call(ask.RemoteStartTransaction("APP1"))).status == "Accepted"
        await clock.sleep(1)
        assert (await csms.call(ask.RemoteStartTransaction("APP1", 7))).status == "Rejected"
    assert sent(journal, "StartTransaction")[0]["connectorId"] == 2


async def test_remote_start_asks_first_where_it_must(clock: Clock, journal: Journal) -> None:
    settings = {"authorize_remote": "true"}
    async with world(clock, journal, V16, settings=settings) as (station, csms):
        csms.tokens["APP1"] = {"status": "Expired"}
        await station.plug(1, Car())
        assert (await csms.call(ask.RemoteStartTransaction("APP1", 1))).status == "Accepted"
        await clock.sleep(5)
        assert station.snapshot()["evses"][0]["state"] == "plugged"
    assert sent(journal, "Authorize") == [{"idTag": "APP1"}]


@pytest.mark.parametrize(("kind", "reason"), [("Soft", "SoftReset"), ("Hard", "HardReset")])
async def test_reset_ends_what_goes_on_then_boots(
    clock: Clock, journal: Journal, kind: str, reason: str
) -> None:
    async with world(clock, journal, V16) as (station, csms):
        await station.plug(1, Car())
        await station.tap(1, "04A1")
        await clock.sleep(30)
        assert (await csms.call(ask.Reset(kind))).status == "Accepted"
        await clock.sleep(10)
        await station.wait_ready(30)
        assert csms.connections == 2
    told = actions(journal)
    assert told.count("BootNotification") == 2
    again = len(told) - 1 - told[::-1].index("BootNotification")
    assert told.index("StopTransaction") < again
    assert sent(journal, "StopTransaction")[0]["reason"] == reason
    assert flaws(journal) == []


async def test_unlock_ends_a_transaction_and_knows_its_locks(
    clock: Clock, journal: Journal
) -> None:
    async with world(clock, journal, V16) as (station, csms):
        await station.plug(1, Car())
        await station.tap(1, "04A1")
        await clock.sleep(10)
        assert (await csms.call(ask.UnlockConnector(1))).status == "Unlocked"
        assert (await csms.call(ask.UnlockConnector(2))).status == "NotSupported"  # tethered
        assert (await csms.call(ask.UnlockConnector(9))).status == "NotSupported"
        await clock.sleep(1)
    assert sent(journal, "StopTransaction")[0]["reason"] == "UnlockCommand"


async def test_availability_waits_for_the_transaction_and_persists(
    clock: Clock, journal: Journal
) -> None:
    async with world(clock, journal, V16) as (station, csms):

        async def change(connector: int, kind: str) -> str:
            return str((await csms.call(ask.ChangeAvailability(connector, kind))).status)

        await station.plug(1, Car())
        await station.tap(1, "04A1")
        await clock.sleep(10)
        assert await change(0, "Inoperative") == "Scheduled"
        assert await change(2, "Inoperative") == "Accepted"  # it is so already
        assert await change(5, "Inoperative") == "Rejected"
        await clock.sleep(1)
        states = [evse["status"] for evse in station.snapshot()["evses"]]
        assert states == ["Charging", "Unavailable"]
        await station.tap(1, "04A1")
        await clock.sleep(1)
        assert station.snapshot()["evses"][0]["status"] == "Unavailable"
        assert not await station.tap(1, "04A1")
        await station.power_cut(5)
        await clock.sleep(10)
        assert {e["status"] for e in station.snapshot()["evses"]} == {"Unavailable"}
        assert await change(0, "Operative") == "Accepted"
        await clock.sleep(1)
        states = [evse["status"] for evse in station.snapshot()["evses"]]
        assert states == ["Preparing", "Available"]
    assert flaws(journal) == []


async def test_configuration_is_read(clock: Clock, journal: Journal) -> None:
    async with world(clock, journal, V16) as (_, csms):
        some = await csms.call(ask.GetConfiguration(["heartbeatinterval", "NoSuchKey"]))
        assert some.configuration_key == [
            {"key": "HeartbeatInterval", "readonly": False, "value": "300"}
        ]
        assert some.unknown_key == ["NoSuchKey"]
        all_of_it = (await csms.call(ask.GetConfiguration())).configuration_key
        rows = {row["key"]: row for row in all_of_it}
        assert rows["NumberOfConnectors"] == {
            "key": "NumberOfConnectors",
            "readonly": True,
            "value": "2",
        }
        assert "value" not in rows["AuthorizationKey"]
        assert len(rows) == len(all_of_it) > 20


@pytest.mark.parametrize(
    ("key", "value", "status"),
    [
        ("HeartbeatInterval", "60", "Accepted"),
        ("HeartbeatInterval", "-1", "Rejected"),
        ("HeartbeatInterval", "soon", "Rejected"),
        ("LocalPreAuthorize", "yes", "Rejected"),
        ("LocalPreAuthorize", "TRUE", "Accepted"),
        ("MeterValuesSampledData", "Voltage,SoC", "Accepted"),
        ("MeterValuesSampledData", "Voltage,Temperature", "Rejected"),
        ("NumberOfConnectors", "7", "Rejected"),
        ("WebSocketPingInterval", "20", "RebootRequired"),
        ("WebSocketPingInterval", "-1", "Rejected"),
        ("AuthorizationKey", "short", "Rejected"),
        ("NoSuchKey", "1", "NotSupported"),
    ],
)
async def test_configuration_is_changed_by_the_rules(
    clock: Clock, journal: Journal, key: str, value: str, status: str
) -> None:
    async with world(clock, journal, V16) as (_, csms):
        assert (await csms.call(ask.ChangeConfiguration(key, value))).status == status
        rows = (await csms.call(ask.GetConfiguration([key]))).configuration_key or []
        kept = bool(rows) and rows[0].get("value") == value
        assert kept is (status in ("Accepted", "RebootRequired"))


async def test_new_values_act_at_once(clock: Clock, journal: Journal) -> None:
    async with world(clock, journal, V16) as (station, csms):
        await csms.call(ask.ChangeConfiguration("HeartbeatInterval", "10"))
        await clock.sleep(35)
        assert actions(journal).count("Heartbeat") == 3
        await csms.call(ask.ChangeConfiguration("MeterValuesSampledData", "SoC,Voltage"))
        await csms.call(ask.ChangeConfiguration("MeterValueSampleInterval", "5"))
        await station.plug(2, Car())
        await station.tap(2, "04A1")
        await clock.sleep(11)
    values = [p["meterValue"][0]["sampledValue"] for p in sent(journal, "MeterValues")]
    assert len(values) == 2
    assert [v["measurand"] for v in values[0]] == ["SoC", "Voltage"]


async def test_a_new_password_reconnects(clock: Clock, journal: Journal) -> None:
    async with world(clock, journal, V16) as (_, csms):
        answer = await csms.call(ask.ChangeConfiguration("AuthorizationKey", "0123456789abcdef"))
        assert answer.status == "Accepted"
        await clock.sleep(5)
        assert csms.connections == 2
        header = csms.point._connection.request.headers["Authorization"]
        assert header == "Basic Q1AxOjAxMjM0NTY3ODlhYmNkZWY="
        assert actions(journal).count("BootNotification") == 1


async def test_clear_cache(clock: Clock, journal: Journal) -> None:
    settings = {"local_pre_authorize": "true"}
    async with world(clock, journal, V16, settings=settings) as (station, csms):
        for expected in (1, 1, 2):
            await station.tap(1, "04A1")
            await station.tap(1, "04A1")
            assert actions(journal).count("Authorize") == expected
            if expected == 1 and len(events(journal, "card.accepted")) == 2:
                assert (await csms.call(ask.ClearCache())).status == "Accepted"
        await csms.call(ask.ChangeConfiguration("AuthorizationCacheEnabled", "false"))
        assert (await csms.call(ask.ClearCache())).status == "Rejected"
    assert [e["why"] for e in events(journal, "card.accepted")] == ["online", "cache", "online"]


@pytest.mark.parametrize(
    ("request_", "status", "told"),
    [
        (("BootNotification", None), "Accepted", ["BootNotification"]),
        (("Heartbeat", None), "Accepted", ["Heartbeat"]),
        (("MeterValues", 1), "Accepted", ["MeterValues"]),
        (("MeterValues", None), "Accepted", ["MeterValues"] * 2),
        (("MeterValues", 0), "Rejected", []),  # the main controller has no meter
        (("StatusNotification", 0), "Accepted", ["StatusNotification"]),
        (("StatusNotification", 2), "Accepted", ["StatusNotification"]),
        (("StatusNotification", None), "Accepted", ["StatusNotification"] * 3),
        (("StatusNotification", 8), "Rejected", []),
        (("FirmwareStatusNotification", None), "NotImplemented", []),
        (("DiagnosticsStatusNotification", None), "NotImplemented", []),
    ],
)
async def test_trigger_message(
    clock: Clock, journal: Journal, request_: tuple[str, int | None], status: str, told: list[str]
) -> None:
    async with world(clock, journal, V16) as (_, csms):
        await clock.sleep(1)
        before = len(actions(journal))
        assert (await csms.call(ask.TriggerMessage(*request_))).status == status
        await clock.sleep(1)
        after = actions(journal)[before:]
        if told == ["BootNotification"]:  # a boot tells its connectors as well
            after = after[:1]
        assert after == told
    assert flaws(journal) == []


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("BootNotification", ["BootNotification"]),
        ("Heartbeat", ["Heartbeat"]),
        ("MeterValues", ["MeterValues"] * 2),
        ("StatusNotification", ["StatusNotification"] * 3),
        ("FirmwareStatusNotification", None),
        ("DiagnosticsStatusNotification", None),
    ],
)
async def test_what_is_accepted_while_pending_is_sent(
    clock: Clock, journal: Journal, what: str, told: list[str] | None
) -> None:
    async with world(clock, journal, V16, ready=False) as (station, csms):
        csms.boots.extend([("Pending", 600), ("Pending", 600)])
        await station.start()
        await clock.sleep(1)
        answer = await csms.call(ask.TriggerMessage(what))
        await clock.sleep(1)
        assert answer.status == ("NotImplemented" if told is None else "Accepted")
        assert actions(journal) == ["BootNotification", *(told or [])]
    assert flaws(journal) == []


@pytest.mark.parametrize(
    ("measurands", "place", "status", "told"),
    [
        ("", None, "Rejected", 0),
        ("SoC", 1, "Rejected", 0),
        ("SoC", 2, "Accepted", 1),  # DC: the car tells
        ("SoC", None, "Accepted", 1),
    ],
)
async def test_meter_values_of_nothing_are_refused(
    clock: Clock,
    journal: Journal,
    measurands: str,
    place: int | None,
    status: str,
    told: int,
) -> None:
    async with world(clock, journal, V16) as (station, csms):
        await station.plug(1, Car())
        await station.plug(2, Car())
        await csms.call(ask.ChangeConfiguration("MeterValuesSampledData", measurands))
        assert (await csms.call(ask.TriggerMessage("MeterValues", place))).status == status
        await clock.sleep(1)
    assert actions(journal).count("MeterValues") == told


@pytest.mark.parametrize(
    ("value", "status"),
    [
        ("0.RST, 1.RST, 2.RTS", "Accepted"),
        ("1.NotApplicable", "Accepted"),
        ("RST", "Rejected"),
        ("1.ABC", "Rejected"),
        ("1.RST,1.RTS", "Rejected"),
        ("3.RST", "Rejected"),  # there are two
        ("-1.RST", "Rejected"),
        ("1.RST,", "Rejected"),
        ("", "Rejected"),
    ],
)
async def test_phase_rotation_is_told_by_connector(
    clock: Clock, journal: Journal, value: str, status: str
) -> None:
    async with world(clock, journal, V16) as (_, csms):
        key = "ConnectorPhaseRotation"
        assert (await csms.call(ask.ChangeConfiguration(key, value))).status == status
        shown = (await csms.call(ask.GetConfiguration([key]))).configuration_key[0]["value"]
        assert shown == (value if status == "Accepted" else "1.Unknown,2.NotApplicable")


async def test_data_transfer_knows_no_vendor(clock: Clock, journal: Journal) -> None:
    async with world(clock, journal, V16) as (_, csms):
        assert (await csms.call(ask.DataTransfer("org.example"))).status == "UnknownVendorId"


async def test_what_is_not_handled_is_refused(clock: Clock, journal: Journal) -> None:
    async with world(clock, journal, V16) as (_, csms):
        for request in (
            ask.GetDiagnostics("ftp://127.0.0.1/"),
            ask.GetLocalListVersion(),
            ask.CancelReservation(1),
            ask.ClearChargingProfile(),
        ):
            with pytest.raises(NotSupportedError):
                await csms.call(request)
        # An action of no specification: NotImplemented. Sent raw, for the package would not.
        frame = Call("u1", "MakeCoffee", {}).to_json()
        await csms.point._connection.send(frame)
        await clock.sleep(1)
    answers = [r["frame"] for r in journal.records if r.get("message_type") == 4]
    assert sum('"NotSupported"' in text for text in answers) == 4
    assert '"NotImplemented"' in answers[-1]


async def test_while_pending_the_csms_configures_and_starts_nothing(
    clock: Clock, journal: Journal
) -> None:
    async with world(clock, journal, V16, ready=False) as (station, csms):
        csms.boots.extend([("Pending", 60)])
        await station.start()
        await clock.sleep(1)
        assert (await csms.call(ask.RemoteStartTransaction("APP1", 1))).status == "Rejected"
        answer: Any = await csms.call(ask.ChangeConfiguration("HeartbeatInterval", "77"))
        assert answer.status == "Accepted"
        await csms.call(ask.TriggerMessage("StatusNotification", 1))
        await clock.sleep(1)
        assert actions(journal) == ["BootNotification", "StatusNotification"]
        await clock.sleep(60)
        assert actions(journal)[2] == "BootNotification"
        assert station.snapshot()["boot"] == "Accepted"


def test_the_table_names_what_the_readme_may_promise() -> None:
    assert len(HANDLERS) == 15
    assert list(HANDLERS) == sorted(HANDLERS)
