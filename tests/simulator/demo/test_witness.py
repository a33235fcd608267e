"""The witness: reads raw records, from a point on."""

from __future__ import annotations

from typing import Any

from simulator.demo.witness import (
    Claim,
    Witness,
    answer_of,
    answer_to,
    answered,
    asked,
    cdr_posts,
    data_of,
    event,
    finding,
    of_module,
    of_session,
    payload_of,
    request_of,
    sent,
)
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal, Record


def posted(journal: Journal, **changes: Any) -> Record:
    fields: dict[str, Any] = {
        "version": "2.2.1",
        "module": "cdrs",
        "method": "POST",
        "url": "http://h/cdrs",
        "direction": "sent",
        "request_headers": {},
        "request_body": '{"id":"1"}',
        "response_headers": {},
        "response_body": '{"status_code":1000,"data":{"allowed":"ALLOWED"}}',
        "http_status": 200,
        "status_code": 1000,
        "ms": 0,
        **changes,
    }
    return journal.ocpi("cpo", "plugsurfing", "s1", **fields)


def framed(journal: Journal, **changes: Any) -> Record:
    fields: dict[str, Any] = {
        "version": "1.6",
        "direction": "sent",
        "frame": '[2,"1","Authorize",{"idTag":"04AA"}]',
        "message_type": 2,
        "message_id": "1",
        "action": "Authorize",
        **changes,
    }
    return journal.ocpp("station/S", "cpo", None, **fields)


async def test_it_looks_from_a_point_on(journal: Journal) -> None:
    posted(journal)
    witness = Witness(journal, after=journal.seq)
    assert not witness.any(asked("POST", "cdrs"))
    posted(journal)
    assert len(witness.all(asked("POST", "cdrs"), answered(1000), of_session("s1"))) == 1
    assert not witness.any(asked("POST", "cdrs"), answered(2001))


async def test_it_waits_and_gives_up(clock: Clock, journal: Journal) -> None:
    witness = Witness(journal)
    clock.call_later(3, lambda: posted(journal))
    assert await witness.wait(asked("POST", "cdrs"), timeout_s=2) is None
    assert await witness.wait(asked("POST", "cdrs"), timeout_s=2) is not None


async def test_conditions_tell_records_apart(journal: Journal) -> None:
    call = framed(journal)
    seen = framed(journal, direction="received")
    answer = framed(journal, message_type=3, action="Authorize", frame='[3,"1",{}]')
    exchange = posted(journal)
    broken = journal.finding(
        "plugsurfing", "cpo", None, rule="cdr.valid", severity="reject", pointer="", seen=None,
        expected="", message_seq=None,
    )  # fmt: skip
    records = [call, seen, answer, exchange, broken]

    def matching(condition: Any) -> list[Record]:
        return [record for record in records if condition(record)]

    assert matching(sent("Authorize")) == [call]
    assert matching(sent("Authorize", by="cpo")) == []
    assert matching(asked("POST", "cdrs")) == [exchange]
    assert matching(asked("POST", "cdrs", by="plugsurfing")) == []
    assert matching(finding("cdr.valid")) == [broken]
    assert matching(finding("cdr.price")) == []
    assert cdr_posts(records) == [exchange]


async def test_bodies_are_read_as_they_stood_on_the_wire(journal: Journal) -> None:
    assert payload_of(framed(journal)) == {"idTag": "04AA"}
    assert payload_of(framed(journal, frame="[3,1]")) == {}
    exchange = posted(journal)
    assert request_of(exchange) == {"id": "1"}
    assert data_of(exchange) == {"allowed": "ALLOWED"}
    silent = posted(journal, http_status=None, response_body=None, request_body="")
    assert (request_of(silent), data_of(silent)) == ({}, None)
    assert data_of(posted(journal, response_body="<html>")) is None


def test_claims_are_kept(journal: Journal) -> None:
    witness = Witness(journal)
    witness.claim("so", True)
    witness.claim("not so", False)
    assert witness.claims == [Claim("so", True), Claim("not so", False)]


async def test_a_module_and_an_event_are_told_apart(journal: Journal) -> None:
    witness = Witness(journal)
    record = posted(journal)
    posted(journal, direction="received")
    told = journal.event("emp", "emp.cdr", agrees=True)
    assert witness.all(of_module("cdrs")) == [record]
    assert witness.all(of_module("cdrs", by="roam")) == []
    assert witness.all(event("emp.cdr")) == [told]
    assert not witness.any(event("emp.session"))


async def test_an_answer_is_its_callers(journal: Journal) -> None:
    witness = Witness(journal)
    said = '[3,"1",{"certificateStatus":"Accepted"}]'
    record = framed(journal, frame=said, message_type=3, direction="received")
    framed(journal, frame=said, message_type=3)
    assert witness.all(answer_to(record["action"], by=record["actor"])) == [record]
    assert answer_of(record) == {"certificateStatus": "Accepted"}
    assert answer_of(framed(journal, frame="[3]")) == {}
    assert not witness.any(answer_to(record["action"], by="station/other"))
