"""The conversation without sockets: correlation, order, deadlines, validation, and any nonsense."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from simulator.wire.ocpp_rpc import (
    Answered,
    Call,
    ErrorCode,
    Late,
    OcppError,
    OcppVersion,
    Payload,
    Pending,
    Received,
    Refused,
    Rpc,
    Sent,
    Stray,
    Validation,
)

V16, V201, V21 = OcppVersion
NOW = "2026-01-15T07:00:00.000Z"
HEARTBEAT = '[2,"1","Heartbeat",{}]'


def frame(*elements: Any) -> str:
    return json.dumps(elements)


def reply_of(received: Received) -> Any:
    assert received.reply is not None
    return json.loads(received.reply.text)


def calling(rpc: Rpc, message_id: str = "a", now: float = 0.0, **options: Any) -> Pending:
    """Have an outstanding Heartbeat of ours."""
    rpc.call(message_id, "Heartbeat", {}, **options)
    pending = rpc.next_call(now)
    assert pending is not None
    return pending


# Our calls


def test_a_call_is_written_and_its_answer_finds_it() -> None:
    rpc = Rpc(V16)
    pending = calling(rpc)
    assert pending.text == '[2,"a","Heartbeat",{}]'
    received = rpc.receive(frame(3, "a", {"currentTime": NOW}))
    assert received.event == Answered(pending, {"currentTime": NOW})
    assert (received.action, received.errors, received.reply) == ("Heartbeat", (), None)
    assert rpc.outstanding is None


def test_one_call_is_outstanding_and_the_others_wait_in_order() -> None:
    rpc = Rpc(V16)
    for message_id in "abc":
        rpc.call(message_id, "Heartbeat", {})
    sent = []
    while (pending := rpc.next_call(0.0)) is not None:
        assert rpc.next_call(0.0) is None
        sent.append(pending.message_id)
        rpc.receive(frame(3, pending.message_id, {"currentTime": NOW}))
    assert sent == ["a", "b", "c"]


def test_a_callerror_is_the_answer_too() -> None:
    rpc = Rpc(V16)
    pending = calling(rpc)
    received = rpc.receive(frame(4, "a", "NotSupported", "no", {"x": 1}))
    assert isinstance(received.event, Answered)
    assert received.event.pending is pending
    error = received.event.error
    assert error is not None
    assert (error.code, error.description, error.details, error.local) == (
        "NotSupported",
        "no",
        {"x": 1},
        False,
    )
    assert received.errors == ()


def test_a_code_of_another_version_is_noted() -> None:
    rpc = Rpc(V16)
    calling(rpc)
    received = rpc.receive(frame(4, "a", "FormatViolation", "", {}))
    assert isinstance(received.event, Answered)
    assert "FormatViolation" in received.errors[0]


def test_time_runs_from_the_sending_of_a_call() -> None:
    rpc = Rpc(V16)
    calling(rpc, now=100.0, timeout_s=30.0)
    assert rpc.deadline == 130.0
    assert rpc.expire(129.9) is None
    expired = rpc.expire(130.0)
    assert expired is not None
    assert expired.message_id == "a"
    assert rpc.deadline is None


def test_after_a_timeout_the_next_call_goes_out() -> None:
    rpc = Rpc(V16)
    calling(rpc)
    rpc.call("b", "Heartbeat", {})
    assert rpc.next_call(30.0) is None
    rpc.expire(30.0)
    following = rpc.next_call(30.0)
    assert following is not None
    assert following.message_id == "b"


def test_a_late_answer_is_kept_and_told() -> None:
    rpc = Rpc(V16)
    calling(rpc)
    rpc.expire(30.0)
    received = rpc.receive(frame(3, "a", {"currentTime": NOW}))
    assert received.event == Late("a", "Heartbeat", {"currentTime": NOW})
    assert received.errors
    again = rpc.receive(frame(3, "a", {"currentTime": NOW}))
    assert isinstance(again.event, Stray)


def test_a_late_error_is_told_too() -> None:
    rpc = Rpc(V16)
    calling(rpc)
    rpc.expire(30.0)
    received = rpc.receive(frame(4, "a", "GenericError", "", {}))
    assert isinstance(received.event, Late)
    assert received.event.error is not None


def test_the_late_answer_of_one_call_does_not_answer_the_next() -> None:
    rpc = Rpc(V16)
    calling(rpc, "a")
    rpc.expire(30.0)
    pending = calling(rpc, "b", now=30.0)
    rpc.receive(frame(3, "a", {"currentTime": NOW}))
    assert rpc.outstanding is pending


@pytest.mark.parametrize("text", ['[3,"x",{}]', '[4,"x","GenericError","",{}]'])
def test_an_answer_to_nothing_is_told_and_not_answered(text: str) -> None:
    rpc = Rpc(V201)
    pending = calling(rpc)
    received = rpc.receive(text)
    assert isinstance(received.event, Stray)
    assert received.reply is None
    assert received.errors
    assert rpc.outstanding is pending


def test_a_withdrawn_call_leaves_the_queue_but_not_the_wire() -> None:
    rpc = Rpc(V16)
    sent = calling(rpc, "a")
    queued = rpc.call("b", "Heartbeat", {})
    rpc.withdraw(queued)
    rpc.withdraw(sent)
    assert rpc.outstanding is sent
    rpc.receive(frame(3, "a", {"currentTime": NOW}))
    assert rpc.next_call(0.0) is None


def test_closing_names_every_call_without_an_answer() -> None:
    rpc = Rpc(V16)
    calling(rpc, "a")
    rpc.call("b", "Heartbeat", {})
    rpc.call("c", "Heartbeat", {})
    assert [pending.message_id for pending in rpc.close()] == ["a", "b", "c"]
    assert rpc.close() == []


# Validation of what we send


def test_a_strict_end_sends_no_invalid_call() -> None:
    rpc = Rpc(V16)
    with pytest.raises(OcppError, match="/idTag") as caught:
        rpc.call("a", "Authorize", {"idTag": 5})
    assert caught.value.local
    assert caught.value.details["errors"] == ['/idTag: 5 is not of type "string"']
    assert rpc.next_call(0.0) is None


@pytest.mark.parametrize(("validation", "errors"), [(Validation.LENIENT, 1), (Validation.OFF, 0)])
def test_others_send_it_and_note_the_error(validation: Validation, errors: int) -> None:
    rpc = Rpc(V16, validation=validation)
    pending = rpc.call("a", "Authorize", {"idTag": 5})
    assert json.loads(pending.text) == [2, "a", "Authorize", {"idTag": 5}]
    assert len(pending.errors) == errors


def test_an_action_of_another_version_is_not_sent() -> None:
    with pytest.raises(OcppError, match="NotImplemented"):
        Rpc(V16).call("a", "TransactionEvent", {})


@pytest.mark.parametrize("validation", Validation)
def test_what_json_cannot_hold_is_never_sent(validation: Validation) -> None:
    rpc = Rpc(V16, validation=validation)
    with pytest.raises(OcppError, match="cannot be written"):
        rpc.call("a", "DataTransfer", {"vendorId": object()})
    with pytest.raises(OcppError, match="cannot be written"):
        rpc.call("a", "DataTransfer", {"vendorId": "\ud800"})


def called(rpc: Rpc, text: str = HEARTBEAT) -> Call:
    event = rpc.receive(text).event
    assert isinstance(event, Call)
    return event


def test_a_handler_is_answered_for() -> None:
    rpc = Rpc(V16)
    sent = rpc.answer(called(rpc), {"currentTime": NOW})
    assert sent == Sent(frame_compact(3, "1", {"currentTime": NOW}), 3, "1", "Heartbeat")


def frame_compact(*elements: Any) -> str:
    return json.dumps(elements, separators=(",", ":"))


def test_an_invalid_reply_becomes_an_internal_error() -> None:
    rpc = Rpc(V201)
    sent = rpc.answer(called(rpc), {"currentTime": 5})
    assert sent is not None
    assert json.loads(sent.text)[:3] == [4, "1", "InternalError"]
    assert sent.errors == ('/currentTime: 5 is not of type "string"',)


def test_a_lenient_end_sends_an_invalid_reply_and_notes_it() -> None:
    rpc = Rpc(V201, validation=Validation.LENIENT)
    sent = rpc.answer(called(rpc), {"currentTime": 5})
    assert sent is not None
    assert json.loads(sent.text) == [3, "1", {"currentTime": 5}]
    assert len(sent.errors) == 1


def test_a_reply_that_json_cannot_hold_becomes_an_internal_error() -> None:
    rpc = Rpc(V201, validation=Validation.OFF)
    sent = rpc.answer(called(rpc), {"currentTime": object()})
    assert sent is not None
    assert json.loads(sent.text)[:3] == [4, "1", "InternalError"]


def test_a_refusal_is_spelled_as_the_version_does() -> None:
    rpc = Rpc(V16)
    error = OcppError(ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION, "two of them", {"x": object()})
    sent = rpc.refuse(called(rpc), error)
    assert sent is not None
    assert json.loads(sent.text) == [4, "1", "OccurenceConstraintViolation", "two of them", {}]


# What comes in


@pytest.mark.parametrize(
    ("version", "text", "code"),
    [
        (V16, '[2,"1","Fly",{}]', "NotImplemented"),
        (V201, '[2,"1","Fly",{}]', "NotImplemented"),
        (V16, '[2,"1","TransactionEvent",{}]', "NotImplemented"),
        (V16, '[2,"1","Authorize",{}]', "ProtocolError"),
        (V16, '[2,"1","Authorize",{"idTag":"A","x":1}]', "FormationViolation"),
        (V16, '[2,"1","Authorize",{"idTag":7}]', "TypeConstraintViolation"),
        (V201, '[2,"1","Heartbeat",{"x":1}]', "ProtocolError"),
        (V201, '[2,"1","Reset",{}]', "OccurrenceConstraintViolation"),
        (V201, '[2,"1","Reset",{"type":"x"}]', "PropertyConstraintViolation"),
        (V201, '[2,"1","Reset"', "RpcFrameworkError"),
        (V201, '[2,"1","Reset",', "FormatViolation"),
        (V16, '[2,"1","Reset",', "FormationViolation"),
        (V16, frame(2, "x" * 37, "Heartbeat", {}), "GenericError"),
        (V201, frame(2, "x" * 37, "Heartbeat", {}), "RpcFrameworkError"),
    ],
)
def test_a_faulty_call_is_refused_with_its_code(version: OcppVersion, text: str, code: str) -> None:
    received = Rpc(version).receive(text)
    assert isinstance(received.event, Refused | Stray)
    kind, message_id, answered, _, details = reply_of(received)
    assert (kind, answered) == (4, code)
    assert message_id in ("1", "x" * 37)
    assert isinstance(details, dict)
    assert received.errors


def test_unreadable_frames_are_answered_with_minus_one_from_201_on() -> None:
    assert reply_of(Rpc(V201).receive("nonsense"))[:3] == [4, "-1", "RpcFrameworkError"]
    assert reply_of(Rpc(V21).receive("nonsense"))[:3] == [4, "-1", "RpcFrameworkError"]
    received = Rpc(V16).receive("nonsense")
    assert received.reply is None
    assert isinstance(received.event, Stray)


def test_the_errors_of_a_call_are_listed_in_its_callerror() -> None:
    received = Rpc(V201).receive('[2,"1","Reset",{"type":"x","evseId":"1"}]')
    details = reply_of(received)[4]
    assert [error.split(":")[0] for error in details["errors"]] == ["/type", "/evseId"]
    assert received.errors == tuple(details["errors"])


def test_a_lenient_end_takes_a_faulty_call_with_its_errors() -> None:
    rpc = Rpc(V201, validation=Validation.LENIENT)
    call = called(rpc, '[2,"1","Reset",{"type":"x"}]')
    assert len(call.errors) == 1
    assert called(rpc, '[2,"2","Fly",{}]').errors


def test_an_end_without_validation_takes_anything_that_is_a_call() -> None:
    rpc = Rpc(V201, validation=Validation.OFF)
    assert called(rpc, '[2,"1","Fly",{"high":true}]') == Call("1", "Fly", {"high": True})


def test_an_id_that_is_being_handled_is_refused() -> None:
    rpc = Rpc(V201)
    called(rpc)
    received = rpc.receive(HEARTBEAT)
    assert isinstance(received.event, Refused)
    assert reply_of(received)[:3] == [4, "1", "RpcFrameworkError"]


@pytest.mark.parametrize(("version", "noted"), [(V16, True), (V201, True), (V21, False)])
def test_an_id_used_again_after_its_answer_is_taken_and_noted(
    version: OcppVersion, noted: bool
) -> None:
    rpc = Rpc(version)
    rpc.answer(called(rpc), {"currentTime": NOW})
    again = rpc.receive(HEARTBEAT)
    assert isinstance(again.event, Call)
    assert again.event.errors == ()
    assert (again.errors == ()) is not noted  # 2.1 lets a retry keep its id (4.1.4)


def test_only_the_last_ids_are_remembered() -> None:
    rpc = Rpc(V201)
    for number in range(100):
        rpc.answer(called(rpc, frame(2, str(number), "Heartbeat", {})), {"currentTime": NOW})
    assert rpc.receive(frame(2, "99", "Heartbeat", {})).errors
    assert not rpc.receive(frame(2, "0", "Reset", {"type": "OnIdle"})).errors[1:]


def test_a_call_sent_before_the_answer_to_another_is_taken_and_noted() -> None:
    rpc = Rpc(V16)
    called(rpc, '[2,"1","Heartbeat",{}]')
    second = rpc.receive('[2,"2","Heartbeat",{}]')
    assert isinstance(second.event, Call)
    assert second.event.errors == ()
    assert "unanswered" in second.errors[0]


def test_an_invalid_result_fails_the_call_here() -> None:
    rpc = Rpc(V201)
    pending = calling(rpc)
    received = rpc.receive('[3,"a",{"currentTime":5}]')
    assert isinstance(received.event, Answered)
    assert received.event.pending is pending
    assert received.event.error is not None
    assert received.event.error.local
    assert received.event.error.code == "TypeConstraintViolation"
    assert received.reply is None  # 2.0.1 has no way to tell the peer


def test_21_tells_the_peer_that_its_result_is_invalid() -> None:
    rpc = Rpc(V21)
    calling(rpc)
    assert reply_of(rpc.receive('[3,"a",{"currentTime":5}]'))[:3] == [
        5,
        "a",
        "TypeConstraintViolation",
    ]


@pytest.mark.parametrize(
    ("action", "payload", "code"),
    [
        ("StopTransaction", {"transactionId": 1, "timestamp": "x", "meterStop": 1}, None),
        ("StopTransaction", {"transactionId": 1, "timestamp": NOW}, None),
        (
            "StopTransaction",
            {"transactionId": "1", "timestamp": NOW, "meterStop": 1},
            ErrorCode.TYPE_CONSTRAINT_VIOLATION,
        ),
        ("Authorize", {"idTag": "x" * 21}, ErrorCode.PROPERTY_CONSTRAINT_VIOLATION),
    ],
)
def test_some_actions_are_forgiven_unless_a_type_is_wrong(
    action: str, payload: Payload, code: str | None
) -> None:
    rpc = Rpc(V16, forgiving={"StopTransaction"})
    received = rpc.receive(frame(2, "1", action, payload))
    assert received.errors
    if code is not None:
        assert reply_of(received)[2] == code
        return
    assert isinstance(received.event, Call)
    assert received.event.errors == received.errors
    assert received.event.refusal is not None
    assert received.event.refusal.description in received.errors


def test_a_lenient_end_takes_an_invalid_result() -> None:
    rpc = Rpc(V201, validation=Validation.LENIENT)
    pending = calling(rpc)
    received = rpc.receive('[3,"a",{"currentTime":5}]')
    assert received.event == Answered(pending, {"currentTime": 5})
    assert len(received.errors) == 1


def test_a_result_without_an_object_fails_the_call() -> None:
    rpc = Rpc(V201)
    calling(rpc)
    received = rpc.receive('[3,"a",[]]')
    assert isinstance(received.event, Answered)
    assert received.event.error is not None
    assert rpc.outstanding is None
    assert received.reply is None


def test_the_refusal_of_our_answer_is_told() -> None:
    received = Rpc(V21).receive('[5,"1","FormatViolation","what?",{}]')
    assert isinstance(received.event, Stray)
    assert "what?" in received.event.reason
    assert received.reply is None


def test_a_send_is_a_call_without_an_answer() -> None:
    rpc = Rpc(V21)
    data: Payload = {"id": 1, "pending": 0, "basetime": NOW, "data": [{"t": 0, "v": "1"}]}
    call = called(rpc, frame(6, "1", "NotifyPeriodicEventStream", data))
    assert call.message_type == 6
    assert rpc.answer(call, {}) is None
    assert rpc.refuse(call, OcppError("GenericError")) is None
    invalid = rpc.receive(frame(6, "2", "NotifyPeriodicEventStream", {}))
    assert isinstance(invalid.event, Refused)
    assert invalid.reply is None


def test_we_send_unconfirmed_only_in_21() -> None:
    data: Payload = {"id": 1, "pending": 0, "basetime": NOW, "data": [{"t": 0, "v": "1"}]}
    sent = Rpc(V21).send("1", "NotifyPeriodicEventStream", data)
    assert json.loads(sent.text) == [6, "1", "NotifyPeriodicEventStream", data]
    for version in (V16, V201):
        with pytest.raises(OcppError, match="SEND"):
            Rpc(version).send("1", "NotifyPeriodicEventStream", data)


@pytest.mark.parametrize("padding", [" ", "x", "[" * 10])
def test_a_frame_too_long_is_refused_by_its_beginning(padding: str) -> None:
    rpc = Rpc(V201, max_frame_chars=1000)
    received = rpc.receive(HEARTBEAT + padding * 1000)
    assert isinstance(received.event, Refused)
    assert reply_of(received)[:2] == [4, "1"]
    assert "1000" in received.errors[0]


# Anything


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
ids = st.sampled_from(["a", "b", "1", "-1"]) | st.text(max_size=40)
names = st.sampled_from(["Heartbeat", "Reset", "TransactionEvent", "Authorize", "Fly", ""])
arrays = (
    st.tuples(st.integers(0, 8), ids, names, json_values)
    | st.tuples(st.just(3), ids, json_values)
    | st.tuples(st.integers(4, 5), ids, names, st.text(max_size=5), json_values)
    | st.lists(json_values, max_size=6).map(tuple)
)
texts = arrays.map(json.dumps) | st.text(max_size=60)


@given(text=texts, version=st.sampled_from(OcppVersion), validation=st.sampled_from(Validation))
@settings(max_examples=300, deadline=None)
def test_any_text_is_answered_or_told(
    text: str, version: OcppVersion, validation: Validation
) -> None:
    rpc = Rpc(version, validation=validation)
    pending = calling(rpc)
    received = rpc.receive(text)
    assert isinstance(received.event, Call | Answered | Late | Refused | Stray)
    if received.reply is not None:
        answer = json.loads(received.reply.text)
        assert answer[0] in (4, 5)
        assert len(answer) == 5
    if not isinstance(received.event, Answered):
        assert rpc.outstanding is pending


class Conversation(RuleBasedStateMachine):
    """Any order of things keeps the promises of OCPP-J 4.1.1."""

    def __init__(self) -> None:
        super().__init__()
        self.rpc = Rpc(V201, validation=Validation.LENIENT)
        self.now = 0.0
        self.number = 0
        self.queued: list[str] = []
        self.sent: list[str] = []
        self.settled: list[str] = []
        self.handling: list[Call] = []

    @rule()
    def call(self) -> None:
        self.number += 1
        self.rpc.call(f"c{self.number}", "Heartbeat", {}, timeout_s=5.0)
        self.queued.append(f"c{self.number}")

    @rule()
    def pump(self) -> None:
        before = self.rpc.outstanding
        pending = self.rpc.next_call(self.now)
        if pending is not None:
            assert before is None
            self.sent.append(pending.message_id)

    @rule(seconds=st.floats(0, 10))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        expired = self.rpc.expire(self.now)
        if expired is not None:
            self.settled.append(expired.message_id)

    @rule(number=st.integers(1, 8), kind=st.integers(3, 4))
    def answer(self, number: int, kind: int) -> None:
        rest: list[Any] = [{"currentTime": NOW}] if kind == 3 else ["GenericError", "", {}]
        received = self.rpc.receive(frame(kind, f"c{number}", *rest))
        assert received.reply is None
        if isinstance(received.event, Answered):
            self.settled.append(received.event.pending.message_id)
        else:
            assert isinstance(received.event, Late | Stray)

    @rule(number=st.integers(1, 4))
    def be_called(self, number: int) -> None:
        received = self.rpc.receive(frame(2, f"p{number}", "Heartbeat", {}))
        if isinstance(received.event, Call):
            self.handling.append(received.event)
        else:
            assert any(call.message_id == f"p{number}" for call in self.handling)

    @rule()
    def reply(self) -> None:
        if self.handling:
            call = self.handling.pop(0)
            sent = self.rpc.answer(call, {"currentTime": NOW})
            assert sent is not None
            assert json.loads(sent.text)[:2] == [3, call.message_id]

    @rule(text=texts)
    def nonsense(self, text: str) -> None:
        received = self.rpc.receive(text)
        if isinstance(received.event, Answered):
            self.settled.append(received.event.pending.message_id)
        elif isinstance(received.event, Call):
            self.handling.append(received.event)

    @invariant()
    def one_at_a_time_and_in_order(self) -> None:
        assert self.sent == self.queued[: len(self.sent)]
        outstanding = self.rpc.outstanding
        if outstanding is None:
            assert self.settled == self.sent
        else:
            assert [*self.settled, outstanding.message_id] == self.sent


Conversation.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
test_conversation = Conversation.TestCase
