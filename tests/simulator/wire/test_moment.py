"""What a filter sees of a message on its way."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.kernel.filters import FLAGS, NUMBERS, WORDS, FilterError, parse
from simulator.wire.moment import LACKING, Moment, OfMoment


def frame(parts: Any, direction: str = "sent", **told: Any) -> Moment:
    about: dict[str, Any] = {"of": "request", "action": "Authorize", "session": "S1", **told}
    text = json.dumps(parts)
    return Moment("ocpp", "station/CP1", "cpo", direction, message=text,
                  payload=lambda: parts[-1], id="m1", **about)  # fmt: skip


def exchange(body: Any, of: str = "request", **told: Any) -> Moment:
    return Moment("http", "cpo", "plugsurfing", "sent", of, module="sessions", method="PUT",
                  path="/ocpi/2.2.1/sessions/S", message="PUT /ocpi", payload=lambda: body,
                  body=lambda: json.dumps(body), **told)  # fmt: skip


CALL = frame([2, "m1", "Authorize", {"idTag": "X1"}])
YES = frame([3, "m1", {"idTagInfo": {"status": "Accepted"}}], of="answer")
NO = frame([4, "m1", "NotSupported", "", {}], of="answer")
PUT = exchange({"kwh": 1})
TAKEN = exchange({"status_code": 1000}, "answer", status=200)
REFUSED = exchange({"status_code": 2001}, "answer", status=200)
LOST = exchange(None, "answer", status=502)
ALL = (CALL, YES, NO, PUT, TAKEN, REFUSED, LOST)


@pytest.mark.parametrize(
    ("text", "picked"),
    [
        ("", ALL),
        ("~cp CP1", (CALL, YES, NO)),
        ("~cp plugsurfing & ~cp cpo", (PUT, TAKEN, REFUSED, LOST)),
        ("~a Authorize", (CALL, YES, NO)),
        ("~a PUT ~u sessions/S", (PUT, TAKEN, REFUSED, LOST)),
        ("~s Accepted", (YES,)),
        ("~s NotSupported", (NO,)),
        ("~s *", (YES, NO, TAKEN, REFUSED, LOST)),
        ('~s "1000 HTTP 200"', (TAKEN,)),
        ("~err", (NO, REFUSED, LOST)),
        ("~leg ocpi & ~body kwh", (PUT,)),
        ("~tok X1", (CALL,)),
        ("~sess S1", (CALL, YES, NO)),
        ("X1 | kwh", (CALL, PUT)),
    ],
)
def test_what_is_picked(text: str, picked: tuple[Moment, ...]) -> None:
    read = parse(text, lacking=LACKING)
    assert tuple(one for one in ALL if read.matches(OfMoment(one))) == picked


def test_every_operator_is_known_to_some_message_or_refused() -> None:
    for name in {*WORDS, *FLAGS, *NUMBERS}:
        known = any(OfMoment(one).field(name) is not None for one in ALL)
        assert known is (name not in LACKING), name
    with pytest.raises(FilterError, match="~lat says nothing here"):
        parse("~lat>5", lacking=LACKING)


def test_both_ends_of_a_message_have_one_key() -> None:
    there = Moment("ocpp", "cpo", "station/CP1", "received", "request", id="m1")
    assert CALL.key == there.key == ("station/CP1", "cpo", "request", "m1")
    assert CALL.key != YES.key
    assert PUT.key == ("request", "PUT", "/ocpi/2.2.1/sessions/S", None)  # who asks is unknown


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda some: (
        st.lists(some, max_size=4)
        | st.dictionaries(st.sampled_from(["status", "status_code", "data", "result"]), some)
    ),
    max_leaves=5,
)


@given(JSON, st.sampled_from(["request", "answer"]), st.integers(0, 599))
def test_nothing_that_passes_breaks_a_filter(body: Any, of: str, status: int) -> None:
    ocpp = Moment("ocpp", "a", None, "sent", of, message=json.dumps(body))
    for moment in (ocpp, exchange(body, of, status=status)):
        for name in (*WORDS, *FLAGS, *NUMBERS, "any"):
            value = OfMoment(moment).field(name)
            assert isinstance(value, str | bool | tuple | None)
