"""Records in words: one line an exchange, told once, by the side that began it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from simulator.kernel.journal import Journal, Record
from simulator.wording import Line, Wording, short


def frame(journal: Journal, direction: Any, parts: list[Any], **more: Any) -> Record:
    return journal.ocpp(
        more.get("actor", "station/CP1"),
        more.get("peer", "cpo"),
        None,
        version="1.6",
        direction=direction,
        frame=json.dumps(parts),
        message_type=parts[0],
        message_id=parts[1],
        action=parts[2] if parts[0] == 2 else None,
    )


def told(journal: Journal, action: str, payload: Any, answer: Any) -> Line:
    """The line of an exchange that a station began."""
    wording = Wording()
    assert wording.line(frame(journal, "sent", [2, "1", action, payload])) is None
    line = wording.line(frame(journal, "received", [3, "1", answer]))
    assert line is not None
    return line


async def test_an_exchange_is_told_when_its_answer_comes(journal: Journal) -> None:
    line = told(journal, "Authorize", {"idTag": "04AA"}, {"idTagInfo": {"status": "Blocked"}})
    assert line == Line(
        "2026-01-15T07:00:00.000Z",
        "ocpp",
        "CP1",
        "cpo",
        "Authorize",
        "04AA",
        "Blocked",
        "bad",
    )


@pytest.mark.parametrize(
    ("status", "certificate", "outcome", "tone"),
    [
        ("Accepted", "Accepted", "Accepted", "good"),
        ("Invalid", "CertificateRevoked", "Invalid CertificateRevoked", "bad"),
        ("Accepted", "CertChainError", "Accepted CertChainError", "bad"),
        ("NoCredit", "Accepted", "NoCredit", "bad"),
    ],
)
async def test_a_contract_has_two_verdicts(
    status: str, certificate: str, outcome: str, tone: str, journal: Journal
) -> None:
    answer = {"idTokenInfo": {"status": status}, "certificateStatus": certificate}
    line = told(journal, "Authorize", {}, answer)
    assert (line.outcome, line.tone) == (outcome, tone)


@pytest.mark.parametrize(
    ("action", "payload", "detail"),
    [
        ("Authorize", {"idToken": {"idToken": "04AA", "type": "ISO14443"}}, "04AA"),
        ("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"}, "V M"),
        ("BootNotification", {"chargingStation": {"vendorName": "V", "model": "M"}}, "V M"),
        ("StatusNotification", {"connectorId": 2, "status": "Charging"}, "EVSE 2 Charging"),
        ("StatusNotification", {"evseId": 1, "connectorStatus": "Occupied"}, "EVSE 1 Occupied"),
        ("StatusNotification", {"connectorId": 0, "status": "Available"}, "Available"),
        (
            "TransactionEvent",
            {"eventType": "Updated", "seqNo": 0, "triggerReason": "Trigger", "offline": True},
            "Updated #0 Trigger offline",
        ),
        ("StartTransaction", {"connectorId": 1, "idTag": "04AA"}, "EVSE 1 04AA"),
        ("StopTransaction", {"meterStop": 5, "reason": "Local"}, "meter 5 Wh Local"),
        ("RemoteStopTransaction", {"transactionId": 7}, "transaction 7"),
        ("RequestStopTransaction", {"transactionId": "0123456789"}, "transaction 01234567"),
        ("SomethingNew", {"a": 1}, ""),
    ],
)
async def test_what_is_worth_a_word(
    journal: Journal, action: str, payload: Any, detail: str
) -> None:
    assert told(journal, action, payload, {}).detail == detail


async def test_an_error_is_bad_news(journal: Journal) -> None:
    wording = Wording()
    wording.line(frame(journal, "sent", [2, "1", "Reset", {}]))
    line = wording.line(frame(journal, "received", [4, "1", "NotSupported", "", {}]))
    assert line is not None
    assert (line.outcome, line.tone) == ("NotSupported", "bad")


async def test_the_far_end_and_nonsense_add_nothing(journal: Journal) -> None:
    wording = Wording()
    for record in (
        frame(journal, "received", [2, "1", "Heartbeat", {}], actor="cpo"),
        frame(journal, "sent", [3, "1", {}], actor="cpo"),
        frame(journal, "received", [3, "never asked", {}]),
        frame(journal, "received", [3, "1"]),
        journal.event("cpo", "cpo.started"),
    ):
        assert wording.line(record) is None


async def test_a_frame_nested_deeper_than_can_be_read_adds_nothing(journal: Journal) -> None:
    record = frame(journal, "sent", [2, "1", "Heartbeat", {}])
    record["frame"] = "[" * 5000 + "]" * 5000
    assert Wording().line(record) is None


def exchange(journal: Journal, **changes: Any) -> Record:
    fields: dict[str, Any] = {
        "version": "2.2.1",
        "module": "tokens",
        "method": "POST",
        "url": "http://h/ocpi/2.2.1/receiver/tokens/DE/8PS/04AA",
        "direction": "sent",
        "request_headers": {},
        "request_body": "",
        "response_headers": {},
        "response_body": '{"status_code":1000,"data":{"allowed":"ALLOWED"}}',
        "http_status": 200,
        "status_code": 1000,
        "ms": 1.0,
        **changes,
    }
    return journal.ocpi("cpo", "plugsurfing", "s", **fields)


@pytest.mark.parametrize(
    ("changes", "detail", "outcome", "tone"),
    [
        ({}, "04AA", "1000 ALLOWED", "good"),
        (
            {
                "response_body": '{"data":{"allowed":"BLOCKED"}}',
                "url": "http://h/tokens/04AA/authorize",
            },
            "authorize 04AA",
            "1000 BLOCKED",
            "bad",
        ),
        (
            {"response_body": '{"data":[1,2]}', "url": "http://h/x/tokens"},
            "",
            "1000 2 objects",
            "good",
        ),
        ({"response_body": "{}", "url": "http://h/elsewhere"}, "", "1000", "good"),
        (
            {"status_code": 2001, "response_body": '{"status_message":"no reference"}'},
            "04AA",
            "2001 no reference",
            "bad",
        ),
        (
            {"status_code": None, "http_status": 502, "response_body": "<html>"},
            "04AA",
            "HTTP 502",
            "bad",
        ),
        (
            {"status_code": None, "http_status": None, "response_body": None},
            "04AA",
            "no answer",
            "bad",
        ),
    ],
)
async def test_an_ocpi_exchange_in_words(
    journal: Journal, changes: Any, detail: str, outcome: str, tone: str
) -> None:
    line = Wording().line(exchange(journal, **changes))
    assert line is not None
    assert (line.what, line.detail, line.outcome, line.tone) == (
        "POST tokens",
        detail,
        outcome,
        tone,
    )


async def test_the_side_that_was_asked_tells_nothing(journal: Journal) -> None:
    assert Wording().line(exchange(journal, direction="received")) is None


async def test_a_finding_in_words(journal: Journal) -> None:
    line = Wording().line(
        journal.finding(
            "plugsurfing",
            "cpo",
            None,
            rule="cdr.valid",
            severity="reject",
            pointer="/id",
            seen=None,
            expected="an id",
            message_seq=1,
        )
    )
    assert line is not None
    assert (line.what, line.detail, line.outcome) == (
        "cdr.valid",
        "at /id expected an id",
        "reject",
    )


def test_actors_by_their_short_names() -> None:
    assert [short(name) for name in ("station/CP1", "cpo")] == ["CP1", "cpo"]
