"""Small tests over evidence: each with what satisfies it and what does not."""

from __future__ import annotations

from typing import Any

import pytest

from mock_peer import check_rulings as judge
from mock_peer.check_model import Verdict
from mock_peer.rule import V22X
from tests.mock_peer.checking import envelope, evidence, exchange, record

IDS = {"X-Request-ID": "1", "X-Correlation-ID": "2"}


def test_a_probe_is_judged_by_its_answer() -> None:
    test = judge.probe("no token", "HTTP 401", judge.http(401))
    good = record(1, "GET", "versions", received=False, http=401)
    bad = record(1, "GET", "versions", received=False)
    assert test(evidence(good, probes={"no token": 1})).verdict is Verdict.PASS
    ruling = test(evidence(bad, probes={"no token": 1}))
    assert ruling.verdict is Verdict.FAIL
    assert ruling.why == "expected HTTP 401, not HTTP 200, OCPI 1000"
    assert ruling.shown == (1,)


def test_a_probe_that_was_not_sent_tells_nothing_and_why() -> None:
    test = judge.probe("no token", "HTTP 401", judge.http(401))
    assert test(evidence()).verdict is Verdict.NOT_EXERCISED
    assert test(evidence(notes={"no token": "kept"})).why == "kept"


def test_every_message_counts() -> None:
    test = judge.every(lambda e: e.exchanges, judge.not_ok, "none")
    good, bad = record(1, "POST", "cdrs"), record(2, "POST", "cdrs", answer=envelope(code=2001))
    assert test(evidence()).why == "none"
    assert test(evidence(good)).why == "in 1 message"
    ruling = test(evidence(good, bad, {**bad, "seq": 3}))
    assert ruling.verdict is Verdict.FAIL
    assert ruling.shown == (2, 3)
    assert ruling.why.endswith("(2 of 3 messages)")


def test_outcomes_are_words() -> None:
    assert judge.outcome(exchange(1, "GET", "cdrs", http=None)) == "no answer"
    assert judge.outcome(exchange(1, "GET", "cdrs", http=502, answer="no")) == "HTTP 502"
    assert judge.counted(2) == "in 2 messages"


@pytest.mark.parametrize(
    ("problem", "good", "bad"),
    [
        (judge.not_ok, {}, {"answer": envelope(code=3000)}),
        (judge.not_ok, {}, {"http": None}),
        (judge.no_envelope, {}, {"answer": "[]"}),
        (judge.bad_timestamp, {}, {"answer": {"status_code": 1000}}),
        (judge.bad_timestamp, {}, {"answer": envelope(timestamp="2026-01-15T07:00:00+00:00")}),
        (judge.not_json, {}, {"answered": {"Content-Type": "text/plain"}}),
        (
            judge.ids_not_echoed,
            {"headers": IDS, "answered": IDS},
            {"headers": IDS, "answered": {"X-Request-ID": "1"}},
        ),
        (
            judge.uncounted,
            {"answered": {"X-Total-Count": "1", "X-Limit": "100"}},
            {"answered": {"X-Total-Count": "1"}},
        ),
        (
            judge.invalid("version_details", "2.2.1"),
            {"answer": envelope({"version": "2.2.1", "endpoints": [
                {"identifier": "cdrs", "role": "SENDER", "url": "http://a/b"}]})},
            {"answer": envelope({"version": "2.2.1", "endpoints": [{"identifier": "cdrs"}]})},
        ),
    ],
)  # fmt: skip
def test_a_problem_is_seen_and_named(
    problem: judge.Problem, good: dict[str, Any], bad: dict[str, Any]
) -> None:
    assert problem(exchange(1, "GET", "cdrs", received=False, **good)) == ""
    assert problem(exchange(1, "GET", "cdrs", received=False, **bad))


def test_selections_are_what_we_asked() -> None:
    records = [
        record(1, "GET", "versions", received=False),
        record(2, "GET", "locations", received=False, answer=envelope([])),
        record(3, "PUT", "tokens", received=False, http=None),
        record(4, "PUT", "tokens", received=False, http=500),
        record(5, "POST", "cdrs"),
    ]
    said = evidence(*records)
    assert [e.seq for e in judge.our_requests(said)] == [1, 2, 4]
    assert [e.seq for e in judge.our_data(said)] == [2, 4]
    assert [e.seq for e in judge.good_answers(said)] == [1, 2]
    assert [e.seq for e in judge.lists(said)] == [2]


def test_a_refusal_in_good_form_is_4xx_or_2xxx() -> None:
    assert judge.is_refused(exchange(1, "PUT", "tokens", http=400))
    assert judge.is_refused(exchange(1, "PUT", "tokens", answer=envelope(code=2001)))
    assert not judge.is_refused(exchange(1, "PUT", "tokens"))
    assert not judge.is_refused(exchange(1, "PUT", "tokens", http=500))


def test_a_row_of_another_version_is_not_applicable() -> None:
    row = judge.Check(
        "check.x", "cdrs", V22X, "SPEC", "s", "h", judge.every(lambda e: [], judge.not_ok, "none")
    )
    lines = judge.check_lines([row], evidence(version="2.1.1"))
    assert lines[0].verdict is Verdict.NOT_APPLICABLE
    assert judge.check_lines([row], evidence())[0].verdict is Verdict.NOT_EXERCISED
