"""What a filter sees of the journal's records."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.kernel.clock import Clock
from simulator.kernel.filter_rows import LACKING, NAMES, OfRecord, ocpi_outcome, ocpp_outcome
from simulator.kernel.filters import FLAGS, NUMBERS, WORDS, Filter, parse
from simulator.kernel.journal import Journal

from .test_filters import FILTERS


@pytest.fixture
def told() -> Journal:
    """1 a call, 2 its answer, 3 a CALLERROR, 4 an exchange, 5 a finding, 6 a fault, 7 a step, 8 an
    event.
    """
    journal = Journal(Clock("virtual"))
    frames: list[tuple[Any, str, str | None]] = [
        ([2, "m1", "Authorize", {"idTag": "X1"}], "sent", "S1"),
        ([3, "m1", {"idTagInfo": {"status": "Accepted"}}], "received", None),
        ([4, "m2", "NotSupported", "no", {}], "received", None),
    ]
    for frame, direction, session in frames:
        journal.ocpp(
            "station/CP1", "cpo", session, version="1.6", direction=direction,  # type: ignore[arg-type]
            frame=json.dumps(frame), message_type=frame[0], message_id=frame[1],
            action="Authorize" if frame[1] == "m1" else None,
        )  # fmt: skip
    journal.ocpi(
        "cpo", "plugsurfing", "S1", version="2.2.1", module="cdrs", method="POST",
        url="http://127.0.0.1:1/ocpi/cdrs", direction="sent", request_headers={},
        request_body='{"id":"C1"}', response_headers={}, http_status=200, status_code=2001,
        response_body='{"status_code":2001,"data":{"result":"REJECTED"}}', ms=12.5,
    )  # fmt: skip
    journal.finding(
        "plugsurfing", "cpo", None, rule="cdr.price", severity="reject", pointer="/x", seen=1,
        expected="2", message_seq=4,
    )  # fmt: skip
    journal.append("fault", "cpo", fault="drop", data={"id": "fault-1"})
    journal.append("step", "scenario", step="plug", arguments={"car": "anna"})
    journal.event("cpo", "session.ended")
    return journal


@pytest.mark.parametrize(
    ("text", "picked"),
    [
        ("", [1, 2, 3, 4, 5, 6, 7, 8]),
        ("~cp CP1", [1, 2, 3]),
        ("~cp station/CP?", [1, 2, 3]),
        ("~cp plug*", [4, 5]),
        ("~a Authorize", [1, 2]),
        ("~a 'POST", []),
        ('~a "POST cdrs"', [4]),
        ("~a cdr.price | ~a plug | ~a drop | ~a session.ended", [5, 6, 7, 8]),
        ("~s Accepted", [2]),
        ("~s NotSupported", [3]),
        ('~s "2001 REJECTED HTTP 200"', [4]),
        ("~s reject", [4, 5]),
        ("~leg fault", [6]),
        ("~u /ocpi/cdrs", [4]),
        ("~tok X1", [1]),
        ("~body C1", [4]),
        ("~lat>12", [4]),
        ("~err", [3, 4, 5]),
        ("~fault", [6]),
        ("~sess S1", [1, 2, 4]),
        ("~rule price", [5]),
        ("anna", [7]),
        ("X1", [1]),
    ],
)
def test_records(told: Journal, text: str, picked: list[int]) -> None:
    read = parse(text, lacking=LACKING)
    assert [r["seq"] for r in told.records if read.matches(OfRecord(r))] == picked


def test_a_call_and_its_answer_are_one_row(told: Journal) -> None:
    call, answer, *_ = told.records
    row = OfRecord(call, {**answer, "at": "2026-01-15T07:00:01.500Z"})
    for text in ("~tok X1 & ~s Accepted", "~lat=1500", "!~err", "~body idTagInfo & ~body idTag"):
        assert parse(text).matches(row), text
    assert parse("~err").matches(OfRecord(call, {**answer, "errors": ["/x: no"]}))


def test_every_operator_is_known_to_some_record(told: Journal) -> None:
    rows = [OfRecord(record) for record in told.records]
    for name in {*WORDS, *FLAGS, *NUMBERS} - LACKING:
        assert any(row.field(name) is not None for row in rows), name
    assert set(NAMES) == {"event", "finding", "fault", "step"}


@pytest.mark.parametrize(
    ("parts", "outcome"),
    [
        ([3, "1", {"status": "Accepted"}], "Accepted"),
        ([3, "1", {"idTokenInfo": {"status": "Invalid"}, "certificateStatus": "Expired"}],
         "Invalid Expired"),
        ([3, "1", {}], ""),
        ([3, "1", [1]], ""),
        ([5, "1", "FormatViolation"], "FormatViolation"),
        ([2, "1", "Reset", {"status": "x"}], None),
        ("nonsense", None),
        ([3], None),
    ],
)  # fmt: skip
def test_how_a_frame_came_out(parts: Any, outcome: str | None) -> None:
    assert ocpp_outcome(parts) == outcome


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda some: st.lists(some, max_size=4)
    | st.dictionaries(
        st.sampled_from(["status", "idTagInfo", "idTokenInfo", "certificateStatus", "data",
                         "result", "allowed", "status_code"]), some, max_size=3),
    max_leaves=6,
)  # fmt: skip


@given(st.sampled_from([3, 4, 5, 2, None]), JSON, JSON)
def test_whatever_was_answered_has_an_outcome_or_none(kind: Any, one: Any, other: Any) -> None:
    for parts in ([kind, "1", one, other], one):
        assert isinstance(ocpp_outcome(parts), str | None)
    assert ocpi_outcome(None, one).endswith("no answer")


TEXTS = st.text(max_size=12) | JSON.map(json.dumps)


@given(FILTERS, TEXTS, st.none() | TEXTS, st.none() | st.integers(0, 9), st.booleans())
def test_no_filter_breaks_on_any_record(
    wanted: Filter, asked: str, answered: str | None, number: int | None, paired: bool
) -> None:
    journal = Journal(Clock("virtual"))
    frames = [
        journal.ocpp("a", "b", None, version="1.6", direction="sent", frame=text or "",
                     message_type=number, message_id=None, action=None)
        for text in (asked, answered)
    ]  # fmt: skip
    exchange = journal.ocpi(
        "cpo", "p", None, version=None, module=None, method="GET", url=asked, direction="sent",
        request_headers={}, request_body=asked, response_headers=None, response_body=answered,
        http_status=None if answered is None else 200, status_code=number, ms=0,
    )  # fmt: skip
    for row in (OfRecord(frames[0], frames[1] if paired else None), OfRecord(exchange)):
        assert wanted.matches(row) is not parse(f"!({wanted})").matches(row)
