"""Faults as data: read from mappings and words, every mistake with its key, nothing else raised."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.mistakes import Mistake
from simulator.wire.fault_kinds import FAULTS
from simulator.wire.fault_spec import (
    LIMITS,
    MATCHERS,
    Fault,
    FaultError,
    Moment,
    from_options,
    from_words,
    problems,
)


def moment(**told: Any) -> Moment:
    facts = {"wire": "ocpp", "actor": "station/A", "peer": "cpo", "direction": "sent"}
    return Moment(**{**facts, "of": "request", "action": "Heartbeat", **told})


def test_a_spec_is_read_with_its_defaults() -> None:
    fault = Fault.parse({"kind": "delay", "action": "Heartbeat", "by": "250 ms"})
    assert (fault.kind, fault.times, fault.after, fault.probability) == ("delay", 1, 0, 1.0)
    assert fault.match == {"action": "Heartbeat"}
    assert (fault["by"], fault["distribution"]) == (0.25, "fixed")


def test_for_means_always_unless_times_are_told() -> None:
    assert Fault.parse({"kind": "drop", "for": "5 min"}).times is None
    assert Fault.parse({"kind": "drop", "for": "5 min", "times": 3}).times == 3
    assert Fault.parse({"kind": "drop", "times": "always"}).times is None


@pytest.mark.parametrize(
    ("spec", "key", "why"),
    [
        ({"kind": "dorp"}, "kind", "Did you mean 'drop'"),
        ({}, "kind", "is missing"),
        ("drop", "", "expected a mapping"),
        ({"kind": "drop", "acton": "Heartbeat"}, "acton", "Did you mean 'action'"),
        ({"kind": "drop", "status": 500}, "status", "drop has none"),
        ({"kind": "drop", "times": 0}, "times", "a whole number from 1, or always"),
        ({"kind": "drop", "times": True}, "times", "a whole number from 1, or always"),
        ({"kind": "drop", "probability": 2}, "probability", "a number from 0 to 1"),
        ({"kind": "drop", "for": "soon"}, "for", "expected a duration"),
        ({"kind": "drop", "direction": "up"}, "direction", "sent or received"),
        ({"kind": "http_status", "wire": "ocpp"}, "wire", "strikes on http only"),
        ({"kind": "http_status", "actor": "station/A"}, "actor", "which no station speaks"),
        ({"kind": "late_answer", "of": "request"}, "of", "strikes no request"),
        ({"kind": "drop", "where": {"eventType": "Started"}}, "where", "JSON pointers"),
        ({"kind": "drop", "actor": 7}, "actor", "expected text"),
        ({"kind": "drop", "action": "Heartbeet"}, "action", "Did you mean 'Heartbeat'"),
        ({"kind": "drop", "module": "cdr"}, "module", "Did you mean 'cdrs'"),
        ({"kind": "drop", "method": "PSOT"}, "method", "Did you mean 'POST'"),
        ({"kind": "clock_skew", "times": 2}, "times", "clock_skew has none"),
        ({"kind": "http_status", "status": 99}, "status", "expected 200 to 599"),
        ({"kind": "drop", "filter": 5}, "filter", "expected text"),
        ({"kind": "drop", "filter": "~cp x & ~zz"}, "filter", "^filter: at 9: no operator ~zz"),
        ({"kind": "drop", "filter": "~lat>5"}, "filter", "~lat says nothing here"),
        ({"kind": "hold", "pause": 1}, "pause", "expected true or false"),
        ({"kind": "clock_skew", "filter": "x"}, "filter", "clock_skew has none"),
    ],
)
def test_a_mistake_names_its_key(spec: Any, key: str, why: str) -> None:
    with pytest.raises(FaultError, match=why) as caught:
        Fault.parse(spec)
    assert caught.value.key == key
    assert isinstance(caught.value, Mistake)


def test_all_mistakes_are_told_at_once() -> None:
    spec = {"kind": "drop", "times": 0, "after": -1, "of": "nothing"}
    assert [error.key for error in problems(spec)] == ["times", "after", "of"]


def test_what_it_tells_of_itself_is_a_spec_again() -> None:
    for name in FAULTS:
        fault = Fault.parse({"kind": name})
        assert Fault.parse(fault.to_json()) == fault


@pytest.mark.parametrize(
    ("match", "told", "fits"),
    [
        ({}, {}, True),
        ({}, {"direction": "received"}, False),
        ({"direction": "received"}, {"direction": "received"}, True),
        ({}, {"of": "answer"}, False),
        ({"of": "answer"}, {"of": "answer"}, True),
        ({}, {"of": "close"}, False),
        ({"actor": "station/*"}, {}, True),
        ({"actor": "cpo"}, {}, False),
        ({"peer": "cp?"}, {}, True),
        ({"action": "Heart*"}, {}, True),
        ({"action": "Heart*"}, {"action": None}, False),
        ({"module": "cdrs"}, {}, False),
        ({"module": "cdrs"}, {"wire": "http", "action": None, "module": "cdrs"}, True),
        ({"wire": "http"}, {}, False),
        ({"where": {"/a/0/b": 1}}, {"payload": lambda: {"a": [{"b": 1}]}}, True),
        ({"where": {"/a/0/b": 2}}, {"payload": lambda: {"a": [{"b": 1}]}}, False),
        ({"where": {"/a/9/b": 1}}, {"payload": lambda: None}, False),
        ({"filter": "~cp A & ~a Heart*"}, {}, True),
        ({"filter": "~cp A & ~a Heart*", "actor": "cpo"}, {}, False),
        ({"filter": "~a Reset"}, {}, False),
        ({"filter": "~a Heartbeat"}, {"of": "answer"}, False),
        ({"filter": "~a Heartbeat & ~s *"}, {"of": "answer", "message": '[3,"1",{}]'}, True),
        ({"filter": "!~err"}, {"of": "answer", "message": '[3,"1",{}]'}, True),
        ({"filter": "!~err"}, {}, False),
        ({"filter": "!~err", "of": "request"}, {}, True),
    ],
)
def test_a_match_fits_what_it_says(match: Any, told: Any, fits: bool) -> None:
    assert Fault.parse({"kind": "drop", **match}).fits(moment(**told)) is fits


def test_what_is_held_is_held_at_either_end() -> None:
    fault = Fault.parse({"kind": "hold"})
    assert fault.fits(moment())
    assert fault.fits(moment(direction="received"))
    assert not Fault.parse({"kind": "hold", "direction": "received"}).fits(moment())


def test_an_answer_kind_strikes_answers_unless_told_otherwise() -> None:
    fault = Fault.parse({"kind": "call_error"})
    assert fault.fits(moment(of="answer"))
    assert not fault.fits(moment())
    assert Fault.parse({"kind": "call_error", "of": "request"}).fits(moment())


def test_words_of_a_command_line_are_a_spec() -> None:
    told = from_words("delay, action=Heartbeat, times=2, by=5 s")
    assert told == {"kind": "delay", "action": "Heartbeat", "times": 2, "by": "5 s"}
    assert from_words('{"kind": "drop", "times": "always"}') == {"kind": "drop", "times": "always"}
    assert from_words("{kind: drop, where: {/a: 1}}")["where"] == {"/a": 1}


@pytest.mark.parametrize("text", ["drop,times", "{kind: drop", "{[", "drop,times=[", "dorp", ""])
def test_a_wrong_option_is_named(text: str) -> None:
    with pytest.raises(FaultError, match="--fault"):
        from_options([text])


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
KEYS = sorted({*MATCHERS, *LIMITS, *(p.name for k in FAULTS.values() for p in k.parameters)})
SPECS = st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=5), ANYTHING, max_size=4)


@given(SPECS, st.sampled_from(sorted(FAULTS)) | ANYTHING)
def test_nothing_but_fault_errors_are_raised(spec: Any, kind: Any) -> None:
    try:
        fault = Fault.parse({**spec, "kind": kind})
    except FaultError:
        return
    fault.fits(moment())
    assert Fault.parse(fault.to_json()).kind == kind


@given(ANYTHING)
def test_whatever_is_no_mapping_is_refused(spec: Any) -> None:
    with pytest.raises(FaultError):
        Fault.parse(spec)


@given(st.text())
def test_no_words_raise_anything_else(text: str) -> None:
    with contextlib.suppress(FaultError):
        from_options([text])
