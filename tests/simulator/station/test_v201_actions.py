"""Every action that a 2.0.1 station handles, asked by the `ocpp` package, and some it does not."""

from __future__ import annotations

from typing import Any

import ocpp.v201.call as ask
import pytest
from ocpp.exceptions import NotSupportedError, OccurrenceConstraintViolationError

from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.station.ev import Car
from simulator.station.v201_actions import HANDLERS
from simulator.wire.ocpp_rpc import OcppVersion
from tests.simulator.station.csms import actions, flaws, sent, world

V201 = OcppVersion.V201
APP = {"id_token": "APP1", "type": "Central"}


def variable(component: str, name: str, **more: Any) -> dict[str, Any]:
    return {"component": {"name": component}, "variable": {"name": name}, **more}


async def test_remote_start_waits_for_the_cable_and_remote_stop_ends_it(
    clock: Clock, journal: Journal
) -> None:
    async with world(clock, journal, V201) as (station, csms):
        start = ask.RequestStartTransaction(APP, 4711, evse_id=1)
        assert (await csms.call(start)).status == "Accepted"
        await clock.sleep(5)
        assert (await csms.call(start)).status == "Rejected"
        await station.plug(1, Car())
        await clock.sleep(60)
        name = sent(journal, "TransactionEvent")[0]["transactionInfo"]["transactionId"]
        assert (await csms.call(ask.RequestStopTransaction("no such"))).status == "Rejected"
        assert (await csms.call(ask.RequestStopTransaction(name))).status == "Accepted"
        await clock.sleep(1)
        assert station.snapshot()["evses"][0]["state"] == "finishing"
    first, *_, last = sent(journal, "TransactionEvent")
    assert first["triggerReason"] == "CablePluggedIn"
    assert first["idToken"] == {"idToken": "APP1", "type": "Central"}
    assert first["transactionInfo"]["remoteStartId"] == 4711
    assert last["triggerReason"] == "RemoteStop"
    assert last["transactionInfo"]["stoppedReason"] == "Remote"
    assert flaws(journal) == []


async def test_remote_start_at_a_waiting_cable(clock: Clock, journal: Journal) -> None:
    async with world(clock, journal, V201) as (station, csms):
        await station.plug(2, Car())
        assert (await csms.call(ask.RequestStartTransaction(APP, 1))).status == "Accepted"
        await clock.sleep(5)
        assert (await csms.call(ask.RequestStartTransaction(APP, 2, evse_id=9))).status == (
            "Rejected"
        )
    first = sent(journal, "TransactionEvent")[0]
    assert (first["triggerReason"], first["evse"]["id"]) == ("RemoteStart", 2)


async def test_immediate_reset_ends_what_goes_on_then_boots(clock: Clock, journal: Journal) -> None:
    async with world(clock, journal, V201) as (station, csms):
        await station.plug(1, Car())
        await station.tap(1, "04A1")
        await clock.sleep(30)
        assert (await csms.call(ask.Reset("Immediate"))).status == "Accepted"
        await clock.sleep(10)
        await station.wait_ready(30)
    last = sent(journal, "TransactionEvent")[-1]
    assert last["triggerReason"] == "ResetCommand"
    assert last["transactionInfo"]["stoppedReason"] == "ImmediateReset"
    assert [p["reason"] for p in sent(journal, "BootNotification")] == ["PowerUp", "RemoteReset"]
    assert flaws(journal) == []


async def test_reset_on_idle_waits_for_the_transaction(clock: Clock, journal: Journal) -> None:
    async with world(clock, journal, V201) as (station, csms):
        await station.plug(1, Car())
        await station.tap(1, "04A1")
        await clock.sleep(30)
        assert (await csms.call(ask.Reset("OnIdle"))).status == "Scheduled"
        await clock.sleep(30)
        assert csms.connections == 1
        await station.tap(1, "04A1")
        await clock.sleep(10)
        await station.wait_ready(30)
        assert csms.connections == 2
        assert (await csms.call(ask.Reset("OnIdle"))).status == "Accepted"
        await clock.sleep(10)
        assert csms.connections == 3
    assert [p["reason"] for p in sent(journal, "BootNotification")][1] == "ScheduledReset"
    ended = [e for e in sent(journal, "TransactionEvent") if e["eventType"] == "Ended"]
    assert [e["transactionInfo"]["stoppedReason"] for e in ended] == ["Local"]


async def test_reset_of_one_evse_leaves_the_other(clock: Clock, journal: Journal) -> None:
    async with world(clock, journal, V201) as (station, csms):
        for evse_id in (1, 2):
            await station.plug(evse_id, Car())
            await station.tap(evse_id, "04A1")
        await clock.sleep(10)
        assert (await csms.call(ask.Reset("Immediate", evse_id=1))).status == "Accepted"
        assert (await csms.call(ask.Reset("Immediate", evse_id=3))).status == "Rejected"
        await clock.sleep(10)
        states = [evse["state"] for evse in station.snapshot()["evses"]]
        assert states == ["finishing", "charging"]
        assert csms.connections == 1


async def test_unlock(clock: Clock, journal: Journal) -> None:
    async with world(clock, journal, V201) as (station, csms):

        async def unlock(evse_id: int, connector_id: int) -> str:
            return str((await csms.call(ask.UnlockConnector(evse_id, connector_id))).status)

        assert await unlock(1, 1) == "Unlocked"
        assert await unlock(2, 1) == "UnlockFailed"  # tethered
        assert await unlock(1, 2) == "UnknownConnector"
        assert await unlock(3, 1) == "UnknownConnector"
        await station.plug(1, Car())
        await station.tap(1, "04A1")
        await clock.sleep(1)
        assert await unlock(1, 1) == "OngoingAuthorizedTransaction"


async def test_availability(clock: Clock, journal: Journal) -> None:
    async with world(clock, journal, V201) as (station, csms):

        async def change(kind: str, evse: dict[str, int] | None = None) -> str:
            return str((await csms.call(ask.ChangeAvailability(kind, evse))).status)

        assert await change("Inoperative", {"id": 1}) == "Accepted"
        assert await change("Inoperative", {"id": 9}) == "Rejected"
        assert await change("Inoperative", {"id": 1, "connector_id": 2}) == "Rejected"
        await station.plug(2, Car())
        await station.tap(2, "04A1")
        await clock.sleep(1)
        assert await change("Inoperative") == "Scheduled"
        assert await change("Operative", {"id": 1, "connector_id": 1}) == "Accepted"
        await station.tap(2, "04A1")
        await clock.sleep(1)
        statuses = [evse["status"] for evse in station.snapshot()["evses"]]
        assert statuses == ["Available", "Unavailable"]
    assert flaws(journal) == []


@pytest.mark.parametrize(
    ("data", "status", "value"),
    [
        (variable("TxCtrlr", "EVConnectionTimeOut"), "Accepted", "120"),
        (variable("txctrlr", "evconnectiontimeout"), "Accepted", "120"),
        (variable("TxCtrlr", "NoSuch"), "UnknownVariable", None),
        (variable("NoSuchCtrlr", "Enabled"), "UnknownComponent", None),
        (variable("TxCtrlr", "TxStartPoint", attribute_type="Target"), None, None),
        (variable("SecurityCtrlr", "BasicAuthPassword"), "Rejected", None),
        (variable("SecurityCtrlr", "Identity"), "Accepted", "CP1"),
        (variable("ClockCtrlr", "DateTime"), "Accepted", "2026-01-15T07:00:00.000Z"),
        (
            {
                "component": {"name": "OCPPCommCtrlr"},
                "variable": {"name": "MessageAttempts", "instance": "TransactionEvent"},
            },
            "Accepted",
            "3",
        ),
        (
            {
                "component": {"name": "Connector", "evse": {"id": 2, "connector_id": 1}},
                "variable": {"name": "ConnectorType"},
            },
            "Accepted",
            "cCCS2",
        ),
        (
            {
                "component": {"name": "EVSE", "evse": {"id": 9}},
                "variable": {"name": "AvailabilityState"},
            },
            "UnknownComponent",
            None,
        ),
    ],
)
async def test_get_variables(
    clock: Clock, journal: Journal, data: dict[str, Any], status: str | None, value: str | None
) -> None:
    async with world(clock, journal, V201) as (_, csms):
        result = (await csms.call(ask.GetVariables([data]))).get_variable_result[0]
    assert result["attribute_status"] == (status or "NotSupportedAttributeType")
    assert result.get("attribute_value") == value
    assert flaws(journal) == []


@pytest.mark.parametrize(
    ("component", "name", "value", "status"),
    [
        ("TxCtrlr", "TxStartPoint", "EVConnected,Authorized", "Accepted"),
        ("TxCtrlr", "TxStartPoint", "DataSigned", "Rejected"),
        ("TxCtrlr", "TxStopPoint", "", "Rejected"),
        ("TxCtrlr", "EVConnectionTimeOut", "0", "Rejected"),
        ("OCPPCommCtrlr", "WebSocketPingInterval", "30", "RebootRequired"),
        ("SecurityCtrlr", "SecurityProfile", "3", "Rejected"),
        ("SecurityCtrlr", "Identity", "CP2", "Rejected"),
        ("TxCtrlr", "NoSuch", "1", "UnknownVariable"),
        ("NoSuchCtrlr", "X", "1", "UnknownComponent"),
    ],
)
async def test_set_variables(
    clock: Clock, journal: Journal, component: str, name: str, value: str, status: str
) -> None:
    async with world(clock, journal, V201) as (_, csms):
        data = variable(component, name, attribute_value=value)
        result = (await csms.call(ask.SetVariables([data]))).set_variable_result[0]
        assert result["attribute_status"] == status
        wrong = variable(component, name, attribute_value=value, attribute_type="MaxSet")
        result = (await csms.call(ask.SetVariables([wrong]))).set_variable_result[0]
        known = not status.startswith("Unknown")
        expected = "NotSupportedAttributeType" if known else status
        assert result["attribute_status"] == expected


async def test_too_many_variables_are_refused(clock: Clock, journal: Journal) -> None:
    async with world(clock, journal, V201) as (_, csms):
        many = [variable("TxCtrlr", "TxStartPoint")] * 51
        with pytest.raises(OccurrenceConstraintViolationError):
            await csms.call(ask.GetVariables(many))


@pytest.mark.parametrize("base", ["FullInventory", "ConfigurationInventory", "SummaryInventory"])
async def test_base_report_comes_in_pages(clock: Clock, journal: Journal, base: str) -> None:
    async with world(clock, journal, V201) as (_, csms):
        assert (await csms.call(ask.GetBaseReport(7, base))).status == "Accepted"
        await clock.sleep(5)
    pages = sent(journal, "NotifyReport")
    assert [page["seqNo"] for page in pages] == list(range(len(pages)))
    assert [page["tbc"] for page in pages] == [True] * (len(pages) - 1) + [False]
    assert {page["requestId"] for page in pages} == {7}
    rows = [row for page in pages for row in page["reportData"]]
    names = {(r["component"]["name"], r["variable"]["name"]) for r in rows}
    assert (len(pages) > 1) is (base == "FullInventory")
    assert (("TxCtrlr", "TxStartPoint") in names) is (base != "SummaryInventory")
    assert (("EVSE", "AvailabilityState") in names) is (base != "ConfigurationInventory")
    passwords = [r for r in rows if r["variable"]["name"] == "BasicAuthPassword"]
    assert all("value" not in r["variableAttribute"][0] for r in passwords)
    assert flaws(journal) == []


@pytest.mark.parametrize(
    ("what", "evse", "status", "told"),
    [
        ("BootNotification", None, "Rejected", []),  # it is accepted already
        ("Heartbeat", None, "Accepted", ["Heartbeat"]),
        ("MeterValues", {"id": 1}, "Accepted", ["MeterValues"]),
        ("MeterValues", None, "Accepted", ["MeterValues"] * 2),
        ("StatusNotification", {"id": 1, "connector_id": 1}, "Accepted", ["StatusNotification"]),
        ("StatusNotification", {"id": 1}, "Rejected", []),
        ("StatusNotification", {"id": 5, "connector_id": 1}, "Rejected", []),
        ("TransactionEvent", {"id": 1}, "Accepted", ["TransactionEvent"]),
        ("TransactionEvent", {"id": 2}, "Rejected", []),
        ("FirmwareStatusNotification", None, "NotImplemented", []),
        ("SignChargingStationCertificate", None, "NotImplemented", []),
    ],
)
async def test_trigger_message(
    clock: Clock,
    journal: Journal,
    what: str,
    evse: dict[str, int] | None,
    status: str,
    told: list[str],
) -> None:
    async with world(clock, journal, V201) as (station, csms):
        await station.plug(1, Car())
        await station.tap(1, "04A1")
        await clock.sleep(1)
        before = len(actions(journal))
        assert (await csms.call(ask.TriggerMessage(what, evse=evse))).status == status
        await clock.sleep(1)
        assert actions(journal)[before:] == told
        if told == ["TransactionEvent"]:
            assert sent(journal)[-1]["triggerReason"] == "Trigger"
    assert flaws(journal) == []


@pytest.mark.parametrize(
    ("what", "evse", "told"),
    [
        ("BootNotification", None, ["BootNotification"]),
        ("Heartbeat", None, ["Heartbeat"]),
        ("MeterValues", None, ["MeterValues"] * 2),
        ("StatusNotification", {"id": 1, "connector_id": 1}, ["StatusNotification"]),
        ("TransactionEvent", None, []),
        ("FirmwareStatusNotification", None, None),
        ("LogStatusNotification", None, None),
    ],
)
async def test_what_is_accepted_while_pending_is_sent(
    clock: Clock,
    journal: Journal,
    what: str,
    evse: dict[str, int] | None,
    told: list[str] | None,
) -> None:
    async with world(clock, journal, V201, ready=False) as (station, csms):
        csms.boots.extend([("Pending", 600), ("Pending", 600)])
        await station.start()
        await clock.sleep(1)
        answer = await csms.call(ask.TriggerMessage(what, evse=evse))
        await clock.sleep(1)
        wanted = "NotImplemented" if told is None else "Accepted" if told else "Rejected"
        assert answer.status == wanted
        assert actions(journal) == ["BootNotification", *(told or [])]
    assert flaws(journal) == []


async def test_a_transaction_that_waits_for_the_queue_is_not_promised(
    clock: Clock, journal: Journal
) -> None:
    settings = {"tx_start_points": "EVConnected"}
    async with world(clock, journal, V201, ready=False, settings=settings) as (station, csms):
        csms.boots.append(("Pending", 600))
        await station.start()
        await clock.sleep(1)
        await station.plug(1, Car())
        answer = await csms.call(ask.TriggerMessage("TransactionEvent"))
        assert (answer.status, answer.status_info["reason_code"]) == ("Rejected", "NotAccepted")


async def test_meter_values_of_nothing_are_refused(clock: Clock, journal: Journal) -> None:
    settings = {"aligned_measurands": ""}
    async with world(clock, journal, V201, settings=settings) as (_, csms):
        answer = await csms.call(ask.TriggerMessage("MeterValues"))
        assert (answer.status, answer.status_info["reason_code"]) == ("Rejected", "NoMeasurands")
        await clock.sleep(1)
    assert "MeterValues" not in actions(journal)


async def test_transaction_status(clock: Clock, journal: Journal) -> None:
    async with world(clock, journal, V201) as (station, csms):
        await station.plug(1, Car())
        await station.tap(1, "04A1")
        await clock.sleep(1)
        name = sent(journal, "TransactionEvent")[0]["transactionInfo"]["transactionId"]
        answer = await csms.call(ask.GetTransactionStatus(name))
        assert (answer.ongoing_indicator, answer.messages_in_queue) == (True, False)
        csms.broken.add("TransactionEvent")
        await station.tap(1, "04A1")
        await clock.sleep(1)
        answer = await csms.call(ask.GetTransactionStatus(name))
        assert (answer.ongoing_indicator, answer.messages_in_queue) == (False, True)
        answer = await csms.call(ask.GetTransactionStatus())
        assert (answer.ongoing_indicator, answer.messages_in_queue) == (None, True)


async def test_the_rest(clock: Clock, journal: Journal) -> None:
    async with world(clock, journal, V201) as (_, csms):
        assert (await csms.call(ask.ClearCache())).status == "Accepted"
        assert (await csms.call(ask.DataTransfer("org.example"))).status == "UnknownVendorId"
        for request in (
            ask.GetReport(1),
            ask.GetLocalListVersion(),
            ask.CancelReservation(1),
            ask.GetInstalledCertificateIds(),
        ):
            with pytest.raises(NotSupportedError):
                await csms.call(request)


def test_the_table_names_what_the_readme_may_promise() -> None:
    assert len(HANDLERS) == 16
    assert list(HANDLERS) == sorted(HANDLERS)
