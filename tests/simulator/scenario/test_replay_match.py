"""What may differ between two runs, what may not, and what is learnt from it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.scenario.compare import MISSING
from simulator.scenario.replay_match import (
    Memory,
    deviations,
    escaped,
    holds_secret,
    is_below,
    may_differ,
)

ONE, OTHER = "65fa5495-a412-4f07-957c-d246c3f1eb35", "db04569d-5397-4619-9272-98de08bb397e"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def test_places_are_told_one_by_one() -> None:
    recorded = {"a": {"b/c": 1}, "l": [1, 2], "same": 1.0, "gone": None}
    live = {"a": {"b/c": 2}, "l": [1], "same": 1, "new": True}
    found = deviations(recorded, live, Memory())
    assert [tuple(each) for each in found] == [
        ("/a/b~1c", 1, 2), ("/l/1", 2, MISSING), ("/gone", None, MISSING), ("/new", MISSING, True),
    ]  # fmt: skip
    assert found[0].in_words() == "/a/b~1c: recorded 1, now 2"
    ignored = deviations(recorded, live, Memory(), ("/a", "/l/*", "/gone", "/n?w"))
    assert ignored == []
    assert deviations({"x": True}, {"x": 1}, Memory())
    assert escaped("~/") == "~0~1"


@pytest.mark.parametrize(
    ("name", "recorded", "live", "may"),
    [
        ("id", ONE, OTHER, True),
        ("id", "DE-1", "DE-2", False),
        ("transactionId", 1, 2, True),
        ("connectorId", 1, 2, False),
        ("timestamp", "2026-01-15T07:00:00Z", "2027-02-15T08:00:00.123+01:00", True),
        ("timestamp", "2026-01-15T07:00:00Z", "soon", False),
        ("token", "***", "abc", True),
        ("response_url", "http://a/1", "https://b/2", True),
        ("meterStop", 5, 6, False),
    ],
)
def test_what_may_differ(name: str, recorded: Any, live: Any, may: bool) -> None:
    assert may_differ(name, recorded, live) is may
    assert bool(deviations({name: recorded}, {name: live}, Memory())) is not may


def test_what_the_live_side_made_is_said_from_then_on() -> None:
    memory = Memory()
    deviations({"transactionId": 7, "id": ONE}, {"transactionId": 8, "id": OTHER}, memory)
    said = memory.put(
        {"transactionId": 7, "connectorId": 7, "url": f"http://h/x/{ONE}", "l": [ONE]}
    )
    assert said == {
        "transactionId": 8, "connectorId": 7, "url": f"http://h/x/{OTHER}", "l": [OTHER],
    }  # fmt: skip
    assert deviations({"sessionId": ONE}, {"sessionId": OTHER}, memory) == []


def test_urls_move_with_their_beginning_the_longest_counts() -> None:
    memory = Memory(bases={"http://a:1": "http://z:9", "http://a:1/x": "http://y:8/q"})
    assert memory.put("http://a:1/x/1?b=c") == "http://y:8/q/1?b=c"
    assert memory.put("http://a:1/xx") == "http://z:9/xx"
    assert memory.put("http://a:11/x") == "http://a:11/x"
    assert is_below("http://a?b", "http://a")
    assert not is_below("http://ab", "http://a")


def test_times_move_only_if_told() -> None:
    later = Memory(shift=timedelta(hours=1))
    assert later.put({"t": "2026-01-15T07:00:00Z", "x": "at 7"}) == {
        "t": "2026-01-15T08:00:00Z", "x": "at 7",
    }  # fmt: skip
    assert Memory().put("2026-01-15T07:00:00Z") == "2026-01-15T07:00:00Z"
    assert later.put("2026-99-99T07:00:00Z") == "2026-99-99T07:00:00Z"


@pytest.mark.parametrize(
    ("recorded", "now"),
    [
        ("2026-01-15T07:00:00.123456Z", "2026-01-15T08:00:01.123456Z"),
        ("2026-01-15T23:30:00+01:00", "2026-01-16T00:30:01+01:00"),
        ("2026-01-15T07:00:00", "2026-01-15T08:00:01"),
        ("http://a/t?date_from=2026-01-15T07:00:00Z&limit=2",
         "http://a/t?date_from=2026-01-15T08:00:01Z&limit=2"),
        ("http://a/t?limit=2&date_to=2026-01-15T07%3a00%3a00.5Z",
         "http://a/t?limit=2&date_to=2026-01-15T08%3a00%3a01.5Z"),
        ("http://a/2026-01-15T07:00:00Z", "http://a/2026-01-15T07:00:00Z"),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
    ],
)  # fmt: skip
def test_moved_times_keep_their_form(recorded: str, now: str) -> None:
    assert Memory(shift=timedelta(hours=1, seconds=1)).put(recorded) == now


def test_no_time_stands_for_another() -> None:
    """A station's own times stay as they were, whatever the CSMS's clock said at that moment."""
    memory, then = Memory(), "2026-01-15T07:00:00.000Z"
    live = {"currentTime": "2026-11-21T12:00:00Z"}
    assert deviations({"currentTime": then}, live, memory) == []
    assert memory.put({"timestamp": then}) == {"timestamp": then}


def test_json_within_a_text_is_looked_into() -> None:
    told = '{"status":"Accepted","ocspResult":"AAA","id":7}'
    other = '{ "status": "Rejected", "ocspResult": "BBB", "id": 7}'
    assert deviations({"data": told}, {"data": told.replace("AAA", "B")}, Memory()) == []
    found = deviations({"data": told}, {"data": other}, Memory())
    assert [tuple(each) for each in found] == [("/data/status", "Accepted", "Rejected")]
    assert deviations({"note": told}, {"note": other}, Memory())
    assert deviations({"data": told}, {"data": "{"}, Memory())
    later = Memory(shift=timedelta(hours=1))
    assert later.put({"data": '{"at":"2026-01-15T07:00:00Z"}'}) == {
        "data": '{"at":"2026-01-15T08:00:00Z"}'
    }
    assert later.put({"data": other})["data"] == other


def test_secrets_are_found() -> None:
    assert holds_secret({"a": [{"value": "***"}]})
    assert not holds_secret({"a": ["**"]})


@given(JSON, JSON)
def test_any_two_values_can_be_compared(one: Any, other: Any) -> None:
    assert deviations(one, one, Memory()) == []
    deviations(one, other, Memory())
    assert Memory().put(one) == one
