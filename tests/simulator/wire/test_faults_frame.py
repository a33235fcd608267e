"""What each fault makes of a frame."""

from __future__ import annotations

import json
from typing import Any

import pytest

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.wire.fault_spec import Moment
from simulator.wire.faults import FaultBoard
from simulator.wire.faults_frame import EFFECTS, Draft, Frame

CALL = '[2,"19","StartTransaction",{"meterStart":5}]'
RESULT = '[3,"19",{"status":"Accepted"}]'


def struck(spec: dict[str, Any], text: str = CALL) -> tuple[Draft, str]:
    clock = Clock("virtual")
    board = FaultBoard(Chance(1), clock, Journal(clock))
    board.hook("power_cut", lambda fault, actor: None)
    draft, frame = Draft(text), Frame(text)
    moment = Moment("ocpp", "station/A", "cpo", "sent", frame.of)
    board.add({**spec, "of": frame.of})
    (hit,) = board.strike(moment)
    return draft, EFFECTS[spec["kind"]](draft, hit)


@pytest.mark.parametrize(
    ("text", "of", "action", "payload"),
    [
        (CALL, "request", "StartTransaction", {"meterStart": 5}),
        (RESULT, "answer", None, {"status": "Accepted"}),
        ('[4,"19","GenericError","",{}]', "answer", None, ""),
        ('[6,"19","NotifyPeriodicEventStream",{}]', "request", "NotifyPeriodicEventStream", {}),
        ("nonsense", "request", None, None),
        ("{}", "request", None, None),
        ("[2]", "request", None, None),
        ("[[],[],[]]", "request", None, None),
    ],
)
def test_a_frame_is_read_as_far_as_it_can_be(
    text: str, of: str, action: str | None, payload: Any
) -> None:
    frame = Frame(text)
    assert (frame.of, frame.action, frame.payload) == (of, action, payload)


@pytest.mark.parametrize(
    ("spec", "text", "expected"),
    [
        ({"kind": "malformed_json"}, CALL, CALL[:-1]),
        ({"kind": "truncate", "bytes": 3}, CALL, '[2,'),
        ({"kind": "wrong_type"}, CALL, CALL.replace("[2", "[7")),
        ({"kind": "wrong_type", "message_type": 9}, RESULT, RESULT.replace("[3", "[9")),
        ({"kind": "wrong_type", "pointer": "/meterStart"}, CALL, CALL.replace("5", '"5"')),
        ({"kind": "wrong_type", "pointer": "/nothing"}, CALL, CALL),
        ({"kind": "call_error", "code": "X"}, RESULT, '[4,"19","X","",{}]'),
    ],
)  # fmt: skip
def test_text_is_changed(spec: dict[str, Any], text: str, expected: str) -> None:
    assert struck(spec, text)[0].text == expected


def test_another_message_id_and_nothing_else() -> None:
    draft, _ = struck({"kind": "wrong_message_id"}, RESULT)
    kind, message_id, payload = json.loads(draft.text)
    assert (kind, payload) == (3, {"status": "Accepted"})
    assert message_id != "19"


def test_a_request_is_refused_in_the_others_place() -> None:
    draft, did = struck({"kind": "call_error", "code": "SecurityError", "description": "no"})
    assert draft.gone
    assert json.loads(draft.reply or "") == [4, "19", "SecurityError", "no", {}]
    assert did == "CALLERROR SecurityError"


@pytest.mark.parametrize(
    ("spec", "fields"),
    [
        ({"kind": "drop"}, {"gone": True}),
        ({"kind": "delay", "by": 3}, {"delay_s": 3.0}),
        ({"kind": "duplicate", "copies": 2}, {"copies": 3}),
        ({"kind": "reorder", "within": 4}, {"held_s": 4.0}),
        ({"kind": "reset"}, {"gone": True, "abort": True}),
        ({"kind": "half_open", "lasts": 9}, {"gone": True, "silence_s": 9.0}),
        ({"kind": "bandwidth", "bytes_per_s": 10}, {"bytes_per_s": 10.0}),
        ({"kind": "power_cut"}, {"gone": False}),
        ({"kind": "power_cut", "when": "before"}, {"gone": True}),
    ],
)
def test_a_draft_says_what_becomes_of_it(spec: dict[str, Any], fields: dict[str, Any]) -> None:
    draft, did = struck(spec)
    assert {name: getattr(draft, name) for name in fields} == fields
    assert did


def test_an_answer_is_late() -> None:
    assert struck({"kind": "late_answer", "by": "2 min"}, RESULT)[0].late_s == 120


def test_corrupt_text_is_another_text() -> None:
    draft, did = struck({"kind": "corrupt", "bytes": 2})
    assert draft.text != CALL
    assert draft.text in did
