"""A match is checked when it is read, and says what differs."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.kernel.journal import Journal
from simulator.scenario.match import FIELDS, SUBJECTS, Match, MatchError, Miss
from simulator.scenario.sights import sights

from .stage import answer, call, ocpi, refusal
from .test_compare import JSON


def fits(journal: Journal, **given: Any) -> bool:
    match = Match.parse(given)
    return any(match.of_kind(s) and not match.misses(s) for s in sights(journal.records))


@pytest.mark.parametrize(
    ("given_", "yes"),
    [
        ({"ocpi": "POST cdrs"}, True),
        ({"ocpi": "cdrs"}, True),
        ({"ocpi": "POST"}, True),
        ({"ocpi": "*"}, True),
        ({"ocpi": "PUT cdrs"}, False),
        ({"ocpi": "POST cdrs", "status": 1000}, True),
        ({"ocpi": "cdrs", "status": {"ge": 2000}}, False),
        ({"ocpi": "cdrs", "http": 200}, True),
        ({"ocpi": "cdrs", "path": "/ocpi/*/cdrs"}, True),
        ({"ocpi": "cdrs", "path": "/ocpi"}, False),
        ({"ocpi": "cdrs", "where": {"/id": "C1"}}, True),
        ({"ocpi": "cdrs", "where": {"/id": "C2"}}, False),
        ({"ocpi": "cdrs", "answer": {"/url": {"exists": True}}}, True),
        ({"ocpi": "cdrs", "by": "c?o"}, True),
        ({"ocpi": "cdrs", "headers": {"x-request-id": "r1"}}, True),
        ({"ocpi": "cdrs", "direction": "received"}, False),
        ({"ocpi": "cdrs", "version": "2.2.1"}, True),
        ({"ocpi": "cdrs", "session": {"exists": False}}, True),
        ({"ocpp": "Authorize"}, True),
        ({"ocpp": "Auth*", "by": "station/*"}, True),
        ({"ocpp": "Authorize", "answer": {"/ok": True}}, True),
        ({"ocpp": "Authorize", "answer": {"/ok": False}}, False),
        ({"ocpp": "Reset", "error": "NotSupported"}, True),
        ({"ocpp": "Reset", "error": "GenericError"}, False),
        ({"ocpp": "Reset", "answer": {"/x": {"exists": False}}}, True),
        ({"event": "session.*", "where": {"/kwh": {"gt": 1}}}, True),
        ({"finding": "cdr.price", "severity": "reject", "pointer": "/total*"}, True),
        ({"finding": "*", "severity": "warn"}, False),
        ({"step": "plug"}, True),
        ({"filter": "~cp station/1 & ~a Authorize"}, True),
        ({"filter": "~a Authorize & ~cp 9"}, False),
        ({"filter": "~a Authorize & ~body ok"}, True),
        ({"filter": "~a Reset & ~s NotSupported"}, True),
        ({"filter": "~a Reset & !~err"}, False),
        ({"filter": "~leg finding"}, True),
        ({"ocpi": "POST cdrs", "filter": "~body C1", "where": {"/id": "C1"}}, True),
        ({"ocpi": "POST cdrs", "filter": "~err"}, False),
        ({"filter": "~u cdrs", "http": 200}, True),
        ({"fault": "*"}, False),
    ],
)
def test_what_fits(journal: Journal, given_: dict[str, Any], yes: bool) -> None:
    ocpi(journal, body={"id": "C1"}, data={"url": "http://x"})
    call(journal, "Authorize", {"idTag": "A"}, key="1")
    answer(journal, {"ok": True}, key="1")
    call(journal, "Reset", {}, key="2")
    refusal(journal, "NotSupported", key="2")
    journal.event("cpo", "session.ended", kwh=5)
    journal.finding(
        "p",
        "cpo",
        None,
        rule="cdr.price",
        severity="reject",
        pointer="/total_cost",
        seen=1,
        expected="2",
        message_seq=1,
    )
    journal.append("step", "scenario", step="plug", arguments={})
    assert fits(journal, **given_) is yes


@pytest.mark.parametrize(
    ("given_", "why"),
    [
        ({}, "expected one of ocpp, ocpi"),
        ({"ocpp": "x", "ocpi": "y"}, "expected one of"),
        ({"ocpp": 5}, "expected a name"),
        ({"ocpp": "Reset", "foo": 1}, "foo: unknown"),
        ({"ocpp": "Reset", "statsu": 1}, "Did you mean 'status'"),
        ({"ocpp": "Reset", "where": 5}, "where: expected a mapping"),
        ({"ocpp": "Reset", "where": {"id": 5}}, "'id' is no JSON pointer"),
        ({"ocpp": "Reset", "where": {"/id": {"gtt": 5, "gt": 1}}}, "no comparator 'gtt'"),
        ({"ocpp": "Reset", "status": {"gt": "a"}}, "status: gt: expected a number"),
        ({"filter": 5}, "filter: expected text"),
        ({"filter": "~zz"}, "filter: at 1: no operator ~zz"),
        ({"ocpp": "Reset", "filter": "~a x & ~m"}, "filter: at 8: ~m says nothing here"),
    ],
)
def test_what_cannot_be_looked_for(given_: dict[str, Any], why: str) -> None:
    with pytest.raises(MatchError, match=why):
        Match.parse(given_)


@given(
    st.dictionaries(
        st.text(max_size=5)
        | st.sampled_from([*SUBJECTS, *FIELDS, "where", "answer", "headers", "filter"]),
        JSON,
        max_size=4,
    )
)
def test_anything_is_a_match_or_an_error_in_words(given_: dict[str, Any]) -> None:
    try:
        match = Match.parse(given_)
    except MatchError as error:
        assert error.why
        return
    assert match.in_words()


def test_a_filter_may_be_completed_by_a_variable() -> None:
    assert Match.parse({"filter": "~lat>${most}"}).picks == ()


def test_a_filter_tells_the_parts_that_do_not_fit(journal: Journal) -> None:
    ocpi(journal)
    match = Match.parse({"filter": "~cp cpo & ~a PUT & (~err | ~s 2001)"})
    assert match.misses(sights(journal.records)[0]) == [
        Miss("filter", '~a "PUT"', "POST cdrs"),
        Miss("filter", '(~err | ~s "2001")', "POST cdrs"),
    ]
    assert match.in_words() == 'filter ~cp "cpo" & ~a "PUT" & (~err | ~s "2001")'


def test_each_call_is_picked_once(journal: Journal) -> None:
    call(journal, "Reset", {}, key="1")
    answer(journal, {"status": "Accepted"}, key="1")
    for text, stage in (("~a Reset", None), ("~a Reset & !~err", "answer")):
        match = Match.parse({"filter": text})
        (found,) = (s for s in sights(journal.records) if match.of_kind(s) and not match.misses(s))
        assert (found.answer is not None) is (stage is not None)


def test_a_pointer_may_be_completed_by_a_variable() -> None:
    assert Match.parse({"ocpp": "Reset", "where": {"${place}": 1}})


def test_a_miss_names_field_wanted_and_seen(journal: Journal) -> None:
    ocpi(journal, body={"total_energy": 3.2}, status=2001)
    match = Match.parse({"ocpi": "PUT cdrs", "status": 1000, "where": {"/total_energy": {"gt": 5}}})
    assert match.misses(sights(journal.records)[0]) == [
        Miss("ocpi", "PUT cdrs", "POST cdrs"),
        Miss("status", "1000", "2001"),
        Miss("where /total_energy", "> 5", "3.2"),
    ]
    assert match.in_words() == "ocpi PUT cdrs, status 1000, where /total_energy > 5"
