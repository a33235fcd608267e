"""The tables at the end: what was told to the peer, and what became of it."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from rich.console import Console

from simulator.demo import ledger
from simulator.kernel.journal import Journal, Record

SESSION = {
    "id": "S1",
    "evse_uid": "CP1-1",
    "cdr_token": {"uid": "04AA"},
    "auth_method": "AUTH_REQUEST",
    "start_date_time": "2026-01-15T07:00:00Z",
}
CDR = {
    "id": "C1",
    "session_id": "S1",
    "start_date_time": "2026-01-15T07:00:00Z",
    "end_date_time": "2026-01-15T07:40:30Z",
    "total_energy": 7.281,
    "total_cost": {"excl_vat": 3.9177, "incl_vat": 4.6621},
    "currency": "EUR",
}


def exchange(
    journal: Journal, method: str, module: str, body: Any, code: int | None, actor: str = "cpo"
) -> Record:
    return journal.ocpi(
        actor, "plugsurfing", "CP1-1-1", version="2.2.1", module=module, method=method, url="",
        direction="sent", request_headers={}, request_body=json.dumps(body), response_headers={},
        response_body="{}", http_status=200, status_code=code, ms=0,
    )  # fmt: skip


@pytest.fixture
def rows(journal: Journal) -> list[ledger.Row]:
    exchange(journal, "PUT", "sessions", SESSION, 1000)
    exchange(journal, "PUT", "sessions", SESSION, 1000)
    exchange(journal, "PUT", "sessions", {**SESSION, "id": "S2"}, 1000)
    exchange(journal, "POST", "cdrs", CDR, 1000)
    exchange(journal, "POST", "cdrs", {**CDR, "session_id": "S2"}, 2001)
    exchange(journal, "PUT", "sessions", {**SESSION, "id": "S3"}, 1000)
    exchange(journal, "POST", "cdrs", {**CDR, "session_id": "unheard of"}, 1000)
    return ledger.sessions(journal.records)


def printed(table: Any, width: int = 80) -> str:
    page = io.StringIO()
    Console(file=page, width=width).print(table)
    return page.getvalue()


def test_a_row_for_each_session_with_its_cdrs_fate(rows: list[ledger.Row]) -> None:
    assert [(row.session_id, row.verdict) for row in rows] == [
        ("S1", "accepted"),
        ("S2", "refused 2001"),
        ("S3", "no CDR"),
    ]
    first = ledger.as_json(rows)[0]
    assert (first["minutes"], first["kwh"], first["incl_vat"]) == (40.5, 7.281, 4.6621)
    assert (first["session"], first["token_uid"], first["currency"]) == ("CP1-1-1", "04AA", "EUR")
    json.dumps(ledger.as_json(rows))


def test_a_cdr_that_names_no_session_is_a_row_of_its_own(journal: Journal) -> None:
    old = {
        "id": "C9",
        "start_date_time": "2026-01-15T07:00:00Z",
        "stop_date_time": "2026-01-15T07:40:00Z",
        "auth_id": "DE-8PS-C1",
        "auth_method": "AUTH_REQUEST",
        "location": {"id": "L1", "evses": [{"uid": "CP1-1"}]},
        "currency": "EUR",
        "total_cost": 3.5,
        "total_energy": 7.1,
    }
    exchange(journal, "POST", "cdrs", old, 2001)
    exchange(journal, "POST", "cdrs", old, 1000)
    (row,) = ledger.sessions(journal.records)
    assert (row.session_id, row.evse_uid, row.token_uid) == (None, "CP1-1", "DE-8PS-C1")
    assert (row.minutes, row.excl_vat, row.incl_vat) == (40.0, 3.5, None)
    assert row.verdict == "accepted"


@pytest.mark.parametrize(("agrees", "word"), [(True, "agrees"), (False, "differs"), (None, "-")])
def test_the_emps_cdr_is_shown_with_what_it_makes_of_it(
    journal: Journal, agrees: bool | None, word: str
) -> None:
    evse = "ee0123456789abcdef0123456789abcdef"
    cdr = {**CDR, "cdr_token": {"uid": "04EE"}, "cdr_location": {"evse_uid": evse}}
    journal.event("emp", "emp.cdr", cdr="C1", agrees=agrees)
    exchange(journal, "POST", "cdrs", cdr, 1000, actor="roam")
    exchange(journal, "POST", "cdrs", {**cdr, "id": "C2"}, 3000, actor="roam")
    journal.event("emp", "emp.cdr", cdr="never recorded", agrees=True)
    rows = ledger.passed_on(journal.records)
    assert [(r.cdr_id, r.verdict, r.agrees) for r in rows] == [
        ("C1", "accepted", agrees),
        ("C2", "refused 3000", None),
    ]
    assert ledger.as_json(rows)[0]["token_uid"] == "04EE"
    table = printed(ledger.passed_table(rows))
    assert all(part in table for part in ("04EE", "ee0123456789…", "4.66 EUR", "accepted", word))
    assert "EUR" not in printed(ledger.passed_table(rows, narrow=True), 50)
    assert ledger.sessions(journal.records) == [], "what the CPO told is another table"


def test_the_table_fits_80_columns_and_a_narrow_one_50(rows: list[ledger.Row]) -> None:
    wide = printed(ledger.session_table(rows))
    assert "CP1-1" in wide
    assert "4.66 EUR" in wide
    assert "…" not in wide
    narrow = printed(ledger.session_table(rows, narrow=True), 50)
    assert "refused 2001" in narrow
    assert "EUR" not in narrow


def test_findings_are_listed(journal: Journal) -> None:
    journal.finding(
        "plugsurfing", "cpo", "CP1-1-1", rule="cdr.valid", severity="reject", pointer="/id",
        seen=1, expected="an id", message_seq=3, objects=("cdr/1",),
    )  # fmt: skip
    (found,) = ledger.findings(journal.records)
    assert (found["rule"], found["pointer"], found["seen"]) == ("cdr.valid", "/id", 1)
    assert "an id" in printed(ledger.finding_table([found]))
    assert "an id" not in printed(ledger.finding_table([found], narrow=True), 50)


@pytest.mark.parametrize(
    ("uid", "method", "by", "shown"),
    [
        ("DE-8PS-CE7A2K7M9-I", "AUTH_REQUEST", "car", "DE8PSCE7A2K7M9"),
        ("DE8PSCB7K2M9Q1", "COMMAND", "app", "DE8PSCB7K2M9Q1"),
        ("04A1B2C3D4E580", "AUTH_REQUEST", "card", "04A1B2C3D4E580"),
    ],
)
def test_who_began_a_session(journal: Journal, uid: str, method: str, by: str, shown: str) -> None:
    session = {**SESSION, "cdr_token": {"uid": uid}, "auth_method": method}
    exchange(journal, "PUT", "sessions", session, 1000)
    line = next(
        line
        for line in printed(ledger.session_table(ledger.sessions(journal.records))).splitlines()
        if "CP1-1" in line
    )
    assert line.split()[1:3] == [shown, by]
