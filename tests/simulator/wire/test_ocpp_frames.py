"""Frames as text: what is readable, and the verdict on what is not, version by version."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.wire import ocpp_frames as frames
from simulator.wire.ocpp_frames import Malformed, Message, read
from simulator.wire.ocpp_messages import ErrorCode, OcppError, OcppVersion

V16, V201, V21 = OcppVersion
versions = st.sampled_from(OcppVersion)


@pytest.mark.parametrize("version", OcppVersion)
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[2,"1","Heartbeat",{}]', Message(2, "1", "Heartbeat", {})),
        (' [ 2 , "1" , "Heartbeat" , { } ] ', Message(2, "1", "Heartbeat", {})),
        ('[2,"1","Heartbeat",null]', Message(2, "1", "Heartbeat", {})),
        ('[3,"1",{"a":1}]', Message(3, "1", None, {"a": 1})),
        ('[3,"1",null]', Message(3, "1", None, {})),
        (
            '[4,"1","NotSupported","no",{"a":1}]',
            Message(4, "1", "NotSupported", {"a": 1}, "no"),
        ),
    ],
)
def test_readable(version: OcppVersion, text: str, message: Message) -> None:
    assert read(text, version) == message


def test_21_knows_two_more_types() -> None:
    assert read('[6,"1","NotifyPeriodicEventStream",{}]', V21) == Message(
        6, "1", "NotifyPeriodicEventStream", {}
    )
    assert read('[5,"1","FormatViolation","",{}]', V21) == Message(5, "1", "FormatViolation", {})


UNANSWERED = None
FRAMEWORK = ErrorCode.RPC_FRAMEWORK_ERROR
FORMAT = ErrorCode.FORMAT_VIOLATION
TYPE = ErrorCode.MESSAGE_TYPE_NOT_SUPPORTED


@pytest.mark.parametrize(
    ("text", "in_16", "in_201"),
    [
        # nobody can tell whose it is: 1.6 has no answer for it, 2.0.1 the id "-1" (4.2.3)
        ("", UNANSWERED, ("-1", FRAMEWORK)),
        ("hello", UNANSWERED, ("-1", FRAMEWORK)),
        ("{}", UNANSWERED, ("-1", FRAMEWORK)),
        ("[]", UNANSWERED, ("-1", FRAMEWORK)),
        ("null", UNANSWERED, ("-1", FRAMEWORK)),
        ('["2","1","Heartbeat",{}]', UNANSWERED, ("1", FRAMEWORK)),
        ("[2]", UNANSWERED, ("-1", FRAMEWORK)),
        ('[2,1,"Heartbeat",{}]', UNANSWERED, ("-1", FRAMEWORK)),
        ('[true,"1","Heartbeat",{}]', UNANSWERED, ("1", FRAMEWORK)),
        # the id is readable: the answer bears it
        ('[2,"1","Heartbeat"]', ("1", ErrorCode.PROTOCOL_ERROR), ("1", FRAMEWORK)),
        ('[2,"1"]', ("1", ErrorCode.PROTOCOL_ERROR), ("1", FRAMEWORK)),
        ('[2,"1","Heartbeat",{},0]', ("1", FORMAT), ("1", FRAMEWORK)),
        ('[2,"1",7,{}]', ("1", FORMAT), ("1", FRAMEWORK)),
        ('[2,"1","Heartbeat",[]]', ("1", FORMAT), ("1", FORMAT)),
        ('[2,"1","Heartbeat",""]', ("1", FORMAT), ("1", FORMAT)),
        # broken JSON whose beginning still names the CALL
        ('[2,"1","Heartbeat",{', ("1", FORMAT), ("1", FORMAT)),
        ('[2,"1","Heartbeat",{"a":NaN}]', ("1", FORMAT), ("1", FORMAT)),
        ('[2,"1",', ("1", FORMAT), ("1", FRAMEWORK)),
        ('[3,"1",{', UNANSWERED, ("-1", FRAMEWORK)),
        # message types: 1.6 ignores unknown ones (4.1.3), 2.0.1 says so (4.4)
        ('[7,"1","Heartbeat",{}]', UNANSWERED, ("1", TYPE)),
        ('[5,"1","GenericError","",{}]', UNANSWERED, ("1", TYPE)),
        ('[6,"1","Heartbeat",{}]', UNANSWERED, ("1", TYPE)),
        ("[7]", UNANSWERED, ("-1", TYPE)),
        # an answer is never answered
        ("[3]", UNANSWERED, UNANSWERED),
        ("[4]", UNANSWERED, UNANSWERED),
        ('[3,"1",7]', UNANSWERED, UNANSWERED),
        ("[3,1,{}]", UNANSWERED, UNANSWERED),
    ],
)
def test_malformed(text: str, in_16: Any, in_201: Any) -> None:
    for version, expected in ((V16, in_16), (V201, in_201)):
        verdict = read(text, version)
        assert isinstance(verdict, Malformed), text
        assert verdict.fault
        answer = None if verdict.answer_id is None else (verdict.answer_id, verdict.code)
        assert answer == expected, version


@pytest.mark.parametrize("text", ['[6,"1","X"]', '[6,"1",3,{}]', "[6]", '[6,"1","X",7]'])
def test_a_malformed_send_is_never_answered(text: str) -> None:
    verdict = read(text, V21)
    assert isinstance(verdict, Malformed)
    assert verdict.answer_id is None


@pytest.mark.parametrize(
    ("text", "code", "description", "faults"),
    [
        ('[4,"1"]', "GenericError", "", 2),
        ('[4,"1","NotSupported"]', "NotSupported", "", 1),
        ('[4,"1","NotSupported",5,7]', "NotSupported", "", 0),
        ('[4,"1","NotSupported","no",{},1]', "NotSupported", "no", 1),
    ],
)
def test_a_sloppy_callerror_is_read_for_what_it_says(
    text: str, code: str, description: str, faults: int
) -> None:
    message = read(text, V16)
    assert isinstance(message, Message)
    assert (message.action, message.description, message.payload) == (code, description, {})
    assert len(message.faults) == faults


def test_a_message_id_has_36_characters_at_most() -> None:
    fits = read(json.dumps([2, "x" * 36, "Heartbeat", {}]), V16)
    long = read(json.dumps([2, "x" * 37, "Heartbeat", {}]), V16)
    assert isinstance(fits, Message)
    assert isinstance(long, Message)
    assert fits.faults == ()
    assert len(long.faults) == 1


def test_a_deeply_nested_frame_is_malformed() -> None:
    assert isinstance(read("[" * 100_000, V201), Malformed)


@given(text=st.text(), version=versions)
def test_any_text_gets_a_verdict(text: str, version: OcppVersion) -> None:
    read(text, version)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@given(array=st.lists(json_values, max_size=6), version=versions)
def test_any_array_gets_a_verdict(array: list[Any], version: OcppVersion) -> None:
    verdict = read(json.dumps(array), version)
    if isinstance(verdict, Malformed) and verdict.answer_id not in (None, "-1"):
        assert array[1] == verdict.answer_id


@given(
    message_id=st.text(st.characters(codec="utf-8"), max_size=36),
    payload=st.dictionaries(st.text(), st.text() | st.integers(-(2**53), 2**53)),
    version=versions,
)
def test_what_is_written_reads_the_same(
    message_id: str, payload: dict[str, Any], version: OcppVersion
) -> None:
    call = frames.write_call(2, message_id, "DataTransfer", payload)
    assert read(call, version) == Message(2, message_id, "DataTransfer", payload)
    assert json.loads(call) == [2, message_id, "DataTransfer", payload]
    result = frames.write_result(message_id, payload)
    assert read(result, version) == Message(3, message_id, None, payload)
    error = OcppError("GenericError", "text", payload)
    written = frames.write_error(4, message_id, error, version)
    assert read(written, version) == Message(4, message_id, "GenericError", payload, "text")


def test_money_and_moments_are_written_as_json() -> None:
    payload = {"limit": Decimal("21.40"), "at": datetime(2026, 1, 15, 7, tzinfo=UTC)}
    assert frames.plain(payload) == {"limit": 21.4, "at": "2026-01-15T07:00:00Z"}
    assert '"limit":21.40' in frames.write_result("1", payload)


def test_codes_are_spelled_as_they_leave() -> None:
    error = OcppError(ErrorCode.FORMAT_VIOLATION, "no")
    assert frames.write_error(4, "1", error, V16) == '[4,"1","FormationViolation","no",{}]'
    assert frames.write_error(4, "1", error, V201) == '[4,"1","FormatViolation","no",{}]'
