"""What is said, in words for people who know neither protocol."""

from __future__ import annotations

from typing import Any

import pytest
from rich.cells import cell_len

from simulator.kernel.journal import Record
from simulator.tui import plainly
from simulator.tui.pairing import Pairing
from simulator.tui.plainly import CAR, CPO, EMP, HUB, STATION, Plainly, Said, event
from tests.simulator.tui.stage import ANNA, Wire
from tests.simulator.tui.test_pairing import paired


def told(wire: Wire, *emps: str) -> list[Said]:
    """All that was said, in its order."""
    pairing, found = Pairing(), {}
    for record in wire.records:
        for ex, _ in pairing.take(record):
            found[ex.number] = ex
    said = [one for ex in found.values() for one in Plainly(emps).exchange(ex)]
    return sorted(said, key=lambda one: one.seq)


def words(wire: Wire, *emps: str) -> list[tuple[int, int, str]]:
    """Who said what to whom."""
    return [(one.sender, one.receiver, one.words) for one in told(wire, *emps)]


def test_a_question_goes_through_and_its_answer_comes_back() -> None:
    wire = Wire()
    about: Any = {"action": "Authorize", "ident": "1"}
    wire.ocpp(2, "station/CP1", "sent", {"idTag": ANNA}, **about)
    wire.ocpp(2, "cpo", "received", {"idTag": ANNA}, **about)
    wire.ocpi("POST", "tokens", {}, data={"allowed": "ALLOWED"}, direction="received")
    wire.ocpi("POST", "tokens", {}, data={"allowed": "ALLOWED"})
    wire.ocpp(3, "cpo", "sent", {"idTagInfo": {"status": "Accepted"}}, **about)
    wire.ocpp(3, "station/CP1", "received", {"idTagInfo": {"status": "Accepted"}}, **about)
    assert words(wire) == [
        (STATION, CPO, "may this card charge?"), (CPO, HUB, "may this card charge?"),
        (HUB, CPO, "yes"), (CPO, STATION, "yes"),
    ]  # fmt: skip
    assert [one.small for one in told(wire)] == [
        "Authorize", "POST tokens", "1000 ALLOWED", "Accepted"
    ]  # fmt: skip


def test_a_refusal_is_told_whoever_refuses() -> None:
    wire = Wire()
    wire.call("Authorize", {"idTag": ANNA}, {"idTagInfo": {"status": "Blocked"}})
    wire.ocpi("POST", "tokens", {}, data={"allowed": "BLOCKED"})
    wire.ocpi("POST", "cdrs", {"total_energy": 3.64, "total_cost": {"excl_vat": 2.1354},
                               "currency": "EUR"}, code=2001, ident="r2")  # fmt: skip
    wire.call("StartTransaction", kind=4)
    said = told(wire)
    assert [(one.words, one.tone) for one in said if one.tone] == [
        ("no", "bad"), ("no", "bad"), ("refused", "bad"), ("refused", "bad")
    ]  # fmt: skip
    assert [one.words for one in said if "bill" in one.words] == ["the bill: 3.6 kWh, 2.14 EUR"]


def test_what_a_meter_says_stands_in_traffic_too() -> None:
    wire = Wire()
    wire.call(
        "MeterValues", {"connectorId": 1, "meterValue": [{"sampledValue": [{"value": 1960}]}]}
    )
    (ex,) = paired(wire.records)
    assert ex.line.detail == "2.0 kWh EVSE 1"


@pytest.mark.parametrize(
    ("name", "payload", "spoken"),
    [
        ("Heartbeat", {}, None),
        ("StatusNotification", {"status": "Charging"}, None),
        ("MeterValues", {}, "so much has flowed"),
        ("MeterValues", {"meterValue": [{"sampledValue": [
            {"value": "41250"}, {"measurand": "Power.Active.Import", "unit": "kW", "value": "7.4"},
            {"measurand": "SoC", "value": "50"}]}]}, "7.4 kW, 41.2 kWh"),
        ("TransactionEvent", {"eventType": "Updated", "meterValue": [{"sampledValue": [
            {"value": 4, "unitOfMeasure": {"unit": "Wh", "multiplier": 3}}]}]}, "4.0 kWh"),
        ("MeterValues", {"meterValue": [{"sampledValue": [{"value": "x"}]}]}, "so much has flowed"),
        ("TransactionEvent", {"eventType": "Started"}, "a session begins"),
        ("TransactionEvent", {"eventType": "Updated"}, "so much has flowed"),
        ("TransactionEvent", {"eventType": "Ended", "offline": True},
         "told late: charging has ended"),
        ("GetBaseReport", {}, "get base report"),
    ],
)  # fmt: skip
def test_what_a_station_says(name: str, payload: dict[str, Any], spoken: str | None) -> None:
    wire = Wire()
    wire.call(name, payload)
    assert [one.words for one in told(wire)] == ([] if spoken is None else [spoken])


@pytest.mark.parametrize(
    ("name", "body", "spoken"),
    [
        ("PATCH locations", {}, None),
        ("PATCH sessions", {"kwh": 3.44}, "3.4 kWh so far"),
        ("PATCH sessions", {"kwh": "x"}, "nobody knows how much so far"),
        ("PUT sessions", {"status": "COMPLETED"}, "the session is over"),
        ("PUT sessions", [], "how the session stands"),
        ("POST cdrs", {"total_energy": 1, "total_cost": 2}, "the bill: 1.0 kWh, 2.00"),
        ("POST cdrs", {}, "the bill: nobody knows how much"),
        ("POST commands", {"result": "ACCEPTED"}, "done"),
        ("POST commands", {"result": "FAILED"}, "no: FAILED"),
        ("POST commands", {}, "do this, please"),
        ("GET hubclientinfo", {}, "get hubclientinfo"),
    ],
)
def test_what_a_cpo_says(name: str, body: Any, spoken: str | None) -> None:
    wire = Wire()
    method, module = name.split()
    wire.ocpi(method, module, body)
    assert [one.words for one in told(wire)][:1] == ([] if spoken is None else [spoken])


def test_a_command_is_told_by_its_address() -> None:
    wire = Wire()
    record = wire.ocpi("POST", "commands", {"token": {}}, direction="received")
    record["url"] += "/START_SESSION"
    assert words(wire) == [(CPO, HUB, "start charging, please")]


def test_an_emp_has_a_lane_of_its_own() -> None:
    wire = Wire()
    wire.journal.ocpi(
        "roam", "emp", None, version="2.2.1", module="cdrs", method="POST", url="http://x/",
        direction="sent", request_headers={}, request_body='{"total_energy": 3}',
        response_headers={}, response_body='{"status_code": 1000}', http_status=200,
        status_code=1000, ms=1,
    )  # fmt: skip
    assert words(wire, "emp") == [(HUB, EMP, "the bill: 3.0 kWh"), (EMP, HUB, "accepted")]
    assert words(wire) == [], "without EMPs nobody speaks beyond Plugsurfing"


def test_nobody_answers_and_a_fault_strikes() -> None:
    wire = Wire()
    record = wire.ocpi("POST", "cdrs", {}, code=0)
    record.update(http_status=None, status_code=None)
    wire.journal.append("fault", "cpo", fault="alter", data={})
    wire.journal.append("fault", "cpo", fault="hold", data={"held": "held-1"})
    said = told(wire)
    assert [(one.words, one.small) for one in said[1:]] == [
        ("no answer", "no answer"), ("▲ something goes wrong", "alter"),
        ("▲ held back", "hold"),
    ]  # fmt: skip


def _event(what: str, **data: Any) -> Record:
    return Wire().journal.event("station/CP1", what, **data)


def test_what_happens() -> None:
    plugged = event(_event("car.plugged", model="compact", evse=1))
    assert plugged is not None and (plugged.sender, plugged.receiver) == (CAR, STATION)
    assert (plugged.words, plugged.small) == ("a car plugs in", "compact")
    refused = event(_event("card.refused", token=ANNA))
    assert refused is not None and (refused.receiver, refused.tone) == (CAR, "bad")
    kept = event(_event("message.queued", action="MeterValues"))
    assert kept is not None and kept.routine and kept.sender == kept.receiver == STATION
    assert event(_event("connector.changed")) is None
    for agrees, said in ((True, "checks the bill: right"), (False, "the bill is wrong")):
        bill = event(_event("emp.cdr", agrees=agrees))
        assert bill is not None and (bill.words, bill.sender) == (said, EMP)


def test_no_letter_is_wider_than_its_place() -> None:
    spoken = [told[2] for told in plainly._EVENTS.values()]
    assert all(cell_len(text) == len(text) for text in spoken)
