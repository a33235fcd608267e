"""OCPP-J as a conversation without sockets: correlation, one CALL at a time each way, deadlines,
validation of both directions.

Rule: text and the present moment go in, frames and events come out; nothing is awaited and nothing
that arrived is lost: late and stray answers are events too.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from simulator.wire import ocpp_frames as frames
from simulator.wire.ocpp_frames import CALL, CALLERROR, CALLRESULT, CALLRESULTERROR, SEND
from simulator.wire.ocpp_messages import (
    Answered,
    Call,
    CallHandler,
    CallTimeout,
    ErrorCode,
    Event,
    Late,
    LinkClosed,
    MessageType,
    OcppError,
    OcppVersion,
    Payload,
    Pending,
    Received,
    Refused,
    Reply,
    Sent,
    Stray,
    Validation,
    is_error_code,
    not_implemented,
    not_supported,
)
from simulator.wire.ocpp_schema import Violation, actions, validator

__all__ = [
    "Answered",
    "Call",
    "CallHandler",
    "CallTimeout",
    "ErrorCode",
    "Late",
    "LinkClosed",
    "MessageType",
    "OcppError",
    "OcppVersion",
    "Payload",
    "Pending",
    "Received",
    "Refused",
    "Reply",
    "Rpc",
    "Sent",
    "Stray",
    "Validation",
    "actions",
    "not_implemented",
    "not_supported",
]

DEFAULT_MAX_FRAME_CHARS = 512 * 1024
_LATE_KEPT = 16  # CALLs that timed out and may still be answered
_IDS_KEPT = 32  # ids of the CALLs that came in last, to notice one used twice


class Rpc:
    """One end of one OCPP-J conversation."""

    def __init__(
        self,
        version: OcppVersion,
        *,
        validation: Validation = Validation.STRICT,
        max_frame_chars: int = DEFAULT_MAX_FRAME_CHARS,
        forgiving: Collection[str] = (),
    ) -> None:
        """`forgiving` names actions that are taken in despite errors, unless a type is wrong."""
        self.version = version
        self.forgiving = forgiving
        self.validation = validation
        self.max_frame_chars = max_frame_chars
        self.outstanding: Pending | None = None
        # A list and dicts, for ten thousand of these: an empty deque takes 600 bytes.
        self._queue: list[Pending] = []
        self._late: dict[str, str] = {}  # message id -> action, in the order they expired
        self._handling: set[str] = set()
        self._seen: dict[str, None] = {}  # in the order they came

    # Our CALLs

    def call(
        self,
        message_id: str,
        action: str,
        payload: Payload,
        *,
        timeout_s: float = 30.0,
        checked: bool = True,
    ) -> Pending:
        """Queue a CALL. Raises OcppError (local) if it is invalid and validation strict, unless it
        goes out unchecked.
        """
        text, errors = self._compose(CALL, message_id, action, payload, checked=checked)
        pending = Pending(text, CALL, message_id, action, errors, timeout_s)
        self._queue.append(pending)
        return pending

    def send(self, message_id: str, action: str, payload: Payload) -> Sent:
        """Make a SEND, which waits for nothing (2.1, 4.2.4). Raises OcppError (local)."""
        if self.version is not OcppVersion.V21:
            raise OcppError(
                ErrorCode.MESSAGE_TYPE_NOT_SUPPORTED,
                f"OCPP {self.version} has no SEND",
                local=True,
            )
        text, errors = self._compose(SEND, message_id, action, payload)
        return Sent(text, SEND, message_id, action, errors)

    def next_call(self, now: float) -> Pending | None:
        """The CALL to write now: the first of the queue, if none is outstanding.

        Its time runs from now: a CALL times out after it was sent (OCPP-J 4.1.1).
        """
        if self.outstanding is not None or not self._queue:
            return None
        pending = self.outstanding = self._queue.pop(0)
        pending.deadline = now + pending.timeout_s
        return pending

    @property
    def ready(self) -> bool:
        """Whether `next_call` has something to write."""
        return self.outstanding is None and bool(self._queue)

    @property
    def deadline(self) -> float | None:
        """When the outstanding CALL times out."""
        return None if self.outstanding is None else self.outstanding.deadline

    def expire(self, now: float) -> Pending | None:
        """Give up the outstanding CALL if its time is over; returns it."""
        pending = self.outstanding
        if pending is None or pending.deadline is None or now < pending.deadline:
            return None
        self._give_up(pending)
        return pending

    def withdraw(self, pending: Pending) -> None:
        """Nobody waits for this CALL any more: unsent it is dropped.

        Once sent it stays outstanding until its answer or deadline, for the peer still has it.
        """
        if pending in self._queue:
            self._queue.remove(pending)

    def close(self) -> list[Pending]:
        """End the conversation; returns the CALLs that will have no answer, in order."""
        ended = [] if self.outstanding is None else [self.outstanding]
        ended += self._queue
        self.outstanding = None
        self._queue.clear()
        self._handling.clear()
        return ended

    def _give_up(self, pending: Pending) -> None:
        self.outstanding = None
        self._late[pending.message_id] = pending.action or ""
        _forget(self._late, _LATE_KEPT)

    # Answers to their CALLs

    def answer(self, call: Call, payload: Payload) -> Sent | None:
        """The CALLRESULT of a CALL, or a CALLERROR if it is invalid and validation strict.

        None for a SEND.
        """
        self._handling.discard(call.message_id)
        if call.message_type == SEND:
            return None
        try:
            text = frames.write_result(call.message_id, payload)
            violations = self._violations(CALLRESULT, call.action, payload, outgoing=True)
        except (TypeError, ValueError) as error:
            return self._internal_error(call, (f"the reply cannot be written: {error}",))
        errors = tuple(map(str, violations))
        if errors and self.validation is Validation.STRICT:
            return self._internal_error(call, errors)
        return Sent(text, CALLRESULT, call.message_id, call.action, errors)

    def refuse(self, call: Call, error: OcppError) -> Sent | None:
        """The CALLERROR to a CALL. None for a SEND."""
        self._handling.discard(call.message_id)
        if call.message_type == SEND:
            return None
        return self._error(CALLERROR, call.message_id, call.action, error)

    def _internal_error(self, call: Call, errors: tuple[str, ...]) -> Sent:
        refusal = OcppError(ErrorCode.INTERNAL_ERROR, "the reply would have been invalid")
        sent = self._error(CALLERROR, call.message_id, call.action, refusal)
        sent.errors = errors
        return sent

    def _error(self, kind: int, message_id: str, action: str | None, error: OcppError) -> Sent:
        try:
            text = frames.write_error(kind, message_id, error, self.version)
        except (TypeError, ValueError):  # details that JSON cannot hold
            bare = OcppError(error.code, error.description)
            text = frames.write_error(kind, message_id, bare, self.version)
        return Sent(text, kind, message_id, action)

    # What comes in

    def receive(self, text: str) -> Received:
        """Take one frame. Never raises."""
        if len(text) > self.max_frame_chars:
            fault = f"the frame has {len(text)} characters, at most {self.max_frame_chars} are read"
            return self._malformed(frames.corrupt(text, self.version, fault))
        message = frames.read(text, self.version)
        if isinstance(message, frames.Malformed):
            return self._malformed(message)
        if message.message_type == CALL or message.message_type == SEND:
            return self._called(message)
        return self._answered(message)

    def _called(self, message: frames.Message) -> Received:
        message_id, action = message.message_id, message.action
        assert action is not None
        kind = message.message_type
        faults = message.faults
        error = None
        if faults:
            error = OcppError(ErrorCode.RPC_FRAMEWORK_ERROR, faults[0])
        if message_id in self._handling:
            # 4.2.3: "an existing call with the same unique identifier is being handled already".
            fault = f"a CALL with id {message_id} is being handled already"
            error = OcppError(ErrorCode.RPC_FRAMEWORK_ERROR, fault)
            return self._refused(message, (*faults, fault), error)
        forgiven = False
        if violations := self._violations(kind, action, message.payload):
            forgiven = error is None and action in self.forgiving and _has_right_types(violations)
            faults = (*faults, *map(str, violations))
            error = error or _schema_error(violations)
        if error is not None and self.validation is Validation.STRICT and not forgiven:
            return self._refused(message, faults, error)
        errors = faults
        if self._handling and kind == CALL:
            errors = (*errors, "sent while another CALL is unanswered (OCPP-J 4.1.1)")
        if message_id in self._seen and self.version is not OcppVersion.V21:  # 2.1 lets retries
            errors = (*errors, "the message id was used before (OCPP-J 4.1.4)")
        self._seen[message_id] = None
        _forget(self._seen, _IDS_KEPT)
        self._handling.add(message_id)
        call = Call(message_id, action, message.payload, faults, kind, error)
        return Received(call, kind, message_id, action, errors)

    def _refused(
        self, message: frames.Message, faults: tuple[str, ...], error: OcppError
    ) -> Received:
        kind, message_id, action = message.message_type, message.message_id, message.action
        reply = None if kind == SEND else self._error(CALLERROR, message_id, action, error)
        return Received(Refused(error), kind, message_id, action, faults, reply)

    def _answered(self, message: frames.Message) -> Received:
        kind, message_id = message.message_type, message.message_id
        pending = self.outstanding
        if kind == CALLRESULTERROR:
            reason = f"the peer refused our answer: {message.action}: {message.description}"
            return Received(Stray(reason), kind, message_id, None, message.faults)
        if pending is None or pending.message_id != message_id:
            return self._unexpected(message)
        self.outstanding = None
        if kind == CALLERROR:
            error, faults = self._error_of(message)
            event = Answered(pending, {}, error)
            return Received(event, kind, message_id, pending.action, faults)
        return self._result(message, pending)

    def _result(self, message: frames.Message, pending: Pending) -> Received:
        kind, message_id, action = CALLRESULT, message.message_id, pending.action
        assert action is not None
        violations = self._violations(kind, action, message.payload)
        if not violations:
            event = Answered(pending, message.payload)
            return Received(event, kind, message_id, action, message.faults)
        faults = (*message.faults, *map(str, violations))
        if self.validation is Validation.LENIENT:
            return Received(Answered(pending, message.payload), kind, message_id, action, faults)
        error = _schema_error(violations)
        error.local = True
        reply = None
        if self.version is OcppVersion.V21:
            reply = self._error(CALLRESULTERROR, message_id, action, error)
        return Received(Answered(pending, {}, error), kind, message_id, action, faults, reply)

    def _unexpected(self, message: frames.Message) -> Received:
        kind, message_id = message.message_type, message.message_id
        action = self._late.pop(message_id, None)
        error, faults = None, message.faults
        if kind == CALLERROR:
            error, faults = self._error_of(message)
        if action is None:
            reason = f"an answer to {message_id}, which is no CALL of ours that waits"
            return Received(Stray(reason), kind, message_id, None, (*faults, reason))
        payload = {} if error else message.payload
        event = Late(message_id, action, payload, error)
        return Received(event, kind, message_id, action, (*faults, "the answer came too late"))

    def _error_of(self, message: frames.Message) -> tuple[OcppError, tuple[str, ...]]:
        code = message.action or ""
        faults = message.faults
        if self.validation is not Validation.OFF and not is_error_code(code, self.version):
            faults = (*faults, f"{code!r} is no error code of OCPP {self.version}")
        return OcppError(code, message.description, message.payload), faults

    def _malformed(self, bad: frames.Malformed) -> Received:
        pending = self.outstanding
        error = OcppError(bad.code, bad.fault)
        event: Event = Stray(bad.fault)
        action = bad.action
        if (
            bad.message_type == CALLRESULT
            and pending is not None
            and pending.message_id == bad.message_id
        ):
            self.outstanding = None
            action = pending.action
            wrong = OcppError(ErrorCode.FORMAT_VIOLATION, bad.fault, local=True)
            event = Answered(pending, {}, wrong)
        reply = None
        if bad.answer_id is not None:
            event = Refused(error)
            reply = self._error(CALLERROR, bad.answer_id, action, error)
        kind, message_id = bad.message_type, bad.message_id
        return Received(event, kind, message_id, action, (bad.fault,), reply)

    # Validation

    def _compose(
        self, kind: int, message_id: str, action: str, payload: Payload, *, checked: bool = True
    ) -> tuple[str, tuple[str, ...]]:
        try:
            text = frames.write_call(kind, message_id, action, payload)
            violations = self._violations(kind, action, payload, outgoing=True)
        except (TypeError, ValueError) as error:
            fault = f"{action} cannot be written as JSON: {error}"
            raise OcppError(ErrorCode.FORMAT_VIOLATION, fault, local=True) from error
        if violations and checked and self.validation is Validation.STRICT:
            error_found = _schema_error(violations)
            error_found.local = True
            raise error_found
        return text, tuple(map(str, violations))

    def _violations(
        self, kind: int, action: str, payload: Payload, *, outgoing: bool = False
    ) -> tuple[Violation, ...]:
        if self.validation is Validation.OFF:
            return ()
        check = validator(self.version, action, kind)
        if check is None:
            fault = f"{action} is no {MessageType(kind).name} of OCPP {self.version}"
            return (Violation("", fault, ErrorCode.NOT_IMPLEMENTED),)
        if check.is_valid(payload):
            return ()
        # What we send may hold values that only become JSON when written, such as datetimes.
        return check.violations(frames.plain(payload) if outgoing else payload)


def _forget(ids: dict[str, Any], limit: int) -> None:
    """Let the oldest entry go when there are too many."""
    if len(ids) > limit:
        del ids[next(iter(ids))]


def _has_right_types(violations: tuple[Violation, ...]) -> bool:
    return all(each.code is not ErrorCode.TYPE_CONSTRAINT_VIOLATION for each in violations)


def _schema_error(violations: tuple[Violation, ...]) -> OcppError:
    first = violations[0]
    return OcppError(first.code, str(first), {"errors": [str(each) for each in violations]})
