"""The checks of a CPO: each that is a test of its own, kept and broken."""

from __future__ import annotations

from typing import Any

import pytest

from mock_peer.check_model import Verdict
from mock_peer.check_rulings import check_lines
from mock_peer.check_table_cpo import CPO_CHECKS, NEEDED
from mock_peer.profile import Profile
from simulator.kernel.journal import Record
from tests.mock_peer.checking import envelope, evidence, record, told

OFFERED = [("locations", "SENDER"), ("tariffs", "SENDER"), ("tokens", "RECEIVER")]
DETAILS = envelope({"version": "2.2.1", "endpoints": [{"identifier": "tokens"}]})


def verdict(name: str, *records: Record, **more: Any) -> Verdict:
    return told(check_lines(CPO_CHECKS, evidence(*records, **more)))[name]


def test_ids_are_unique() -> None:
    ids = [row.id for row in CPO_CHECKS]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("version", NEEDED)
def test_the_modules_that_are_required_are_looked_for(version: str) -> None:
    details = record(1, "GET", "versions", received=False, answer=DETAILS)
    whole = {"version": version, "offered": OFFERED}
    assert verdict("check.modules", details, **whole) is Verdict.PASS
    whole["offered"] = OFFERED[:1]
    assert verdict("check.modules", details, **whole) is Verdict.FAIL
    assert verdict("check.modules", version=version) is Verdict.NOT_EXERCISED


def page(listed: list[Any], **headers: str) -> dict[str, Any]:
    return {"answer": envelope(listed), "answered": headers}


@pytest.mark.parametrize(
    ("kept", "answer"),
    [
        (True, page([{"id": "1"}], **{"X-Total-Count": "1"})),
        (True, page([{"id": "1"}], **{"X-Total-Count": "2", "Link": '<u>; rel="next"'})),
        (False, page([{"id": "1"}], **{"X-Total-Count": "2"})),
        (False, page([{"id": "1"}, {"id": "2"}])),
        (False, {"answer": envelope(code=2001)}),
    ],
)
def test_a_page_holds_one_and_leads_on(kept: bool, answer: dict[str, Any]) -> None:
    sent = record(1, "GET", "locations", received=False, **answer)
    found = verdict("check.page-limit", sent, probes={"first page": 1})
    assert found is (Verdict.PASS if kept else Verdict.FAIL)


def test_a_location_comes_by_its_id_whatever_the_case() -> None:
    for told_id, expected in (("loc1", Verdict.PASS), ("LOC2", Verdict.FAIL)):
        sent = record(
            1, "GET", "locations", "/LOC1", received=False, answer=envelope({"id": told_id})
        )
        assert verdict("check.one-location", sent, probes={"one location": 1}) is expected


def token(kind: str, **more: Any) -> Record:
    return record(1, "PUT", "tokens", "/DE/8PS/T", received=False, body={"type": kind}, **more)


def test_tokens_are_taken_and_contracts_too() -> None:
    assert verdict("check.tokens", token("RFID")) is Verdict.PASS
    assert verdict("check.token-pnc", token("RFID")) is Verdict.NOT_EXERCISED
    refused = token("OTHER", answer=envelope(code=2001))
    assert verdict("check.token-pnc", refused) is Verdict.FAIL


def start(result: str, seq: int = 1) -> Record:
    answer = envelope({"result": result, "timeout": 30})
    return record(seq, "POST", "commands", "/START_SESSION", received=False, answer=answer)


def test_a_remote_start_is_accepted_where_it_is_supported() -> None:
    name = "check.start-session"
    assert verdict(name, start("ACCEPTED")) is Verdict.PASS
    assert verdict(name, start("REJECTED")) is Verdict.FAIL
    assert verdict(name) is Verdict.NOT_EXERCISED
    assert verdict(name, offered=OFFERED) is Verdict.NOT_APPLICABLE
    assert verdict(name, profile=Profile(remote_start=False)) is Verdict.NOT_APPLICABLE
    assert verdict(name, version="2.1.1") is Verdict.NOT_APPLICABLE


def test_accepted_commands_get_their_results() -> None:
    name = "check.command-results"
    done = record(2, "POST", "commands", "/START_SESSION/1", body={"result": "ACCEPTED"})
    unlucky = record(2, "POST", "commands", "/START_SESSION/1", body={"result": "FAILED"})
    assert verdict(name, start("ACCEPTED"), done) is Verdict.PASS
    assert verdict(name, start("ACCEPTED")) is Verdict.FAIL
    assert verdict(name, start("ACCEPTED"), unlucky) is Verdict.FAIL
    assert verdict(name, start("REJECTED")) is Verdict.NOT_EXERCISED


def session(seq: int, status: str) -> Record:
    return record(seq, "PUT", "sessions", "/DE/ABC/S1", body={"id": "S1", "status": status})


def test_a_session_is_told_to_its_end() -> None:
    name, cdr = "check.sessions-end", record(9, "POST", "cdrs", body={"session_id": "s1"})
    assert verdict(name, session(1, "ACTIVE"), session(2, "COMPLETED"), cdr) is Verdict.PASS
    assert verdict(name, session(1, "ACTIVE"), cdr) is Verdict.FAIL
    assert verdict(name, session(1, "ACTIVE")) is Verdict.NOT_EXERCISED
