"""OCPP-J frames: text in, a message or the verdict on it out; messages in, text out.

Rule: reading never raises. What is wrong with a frame, and whether the version's specification
wants it answered and with which code, is decided here and nowhere else.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from simulator.wire.ocpp_messages import (
    MESSAGE_ID_LIMIT,
    UNREADABLE_ID,
    ErrorCode,
    MessageType,
    OcppError,
    OcppVersion,
    spell,
)

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder(decimal_format="number").encode

# The beginning of a CALL whose payload is not JSON: enough to name the CALL in the answer.
_CALL_PREFIX = re.compile(r'\s*\[\s*2\s*,\s*"([^"\\]{0,255})"\s*(?:,\s*"([^"\\]{1,64})"\s*,)?')

CALL, CALLRESULT, CALLERROR, CALLRESULTERROR, SEND = (int(kind) for kind in MessageType)
_LENGTHS = {CALL: 4, CALLRESULT: 3, CALLERROR: 5, CALLRESULTERROR: 5, SEND: 4}
_TYPES_UNTIL_201 = frozenset((CALL, CALLRESULT, CALLERROR))


class Message(msgspec.Struct):
    """A readable frame. `faults` are departures that its reader may overlook.

    For a CALLERROR and CALLRESULTERROR, `action` is the error code and `payload` the details.
    """

    message_type: int
    message_id: str
    action: str | None
    payload: dict[str, Any]
    description: str = ""
    faults: tuple[str, ...] = ()


class Malformed(msgspec.Struct):
    """A frame that is no message. `answer_id` is None where the specification wants no answer."""

    fault: str
    message_type: int | None = None
    message_id: str | None = None
    action: str | None = None
    answer_id: str | None = None
    code: ErrorCode = ErrorCode.RPC_FRAMEWORK_ERROR


def read(text: str, version: OcppVersion) -> Message | Malformed:
    """Read one frame."""
    try:
        array = _decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError) as error:
        return corrupt(text, version, f"not JSON: {error}")
    if type(array) is list and len(array) == 4 and array[0] == CALL:
        kind, message_id, action, payload = array
        if (
            type(kind) is int
            and type(message_id) is str
            and type(action) is str
            and type(payload) is dict
            and len(message_id) <= MESSAGE_ID_LIMIT
        ):
            return Message(CALL, message_id, action, payload)
    elif type(array) is list and len(array) == 3 and array[0] == CALLRESULT:
        kind, message_id, payload = array
        if type(kind) is int and type(message_id) is str and type(payload) is dict:
            return Message(CALLRESULT, message_id, None, payload)
    return _read_slowly(array, version)


def _read_slowly(array: Any, version: OcppVersion) -> Message | Malformed:
    if type(array) is not list or not array:
        return _unreadable("expected a JSON array that begins with a message type", version)
    kind = array[0]
    if type(kind) is not int:
        return _unreadable("the message type must be an integer", version, array)
    known = kind in _LENGTHS if version is OcppVersion.V21 else kind in _TYPES_UNTIL_201
    if not known:
        return _unknown_type(array, version)
    if kind in (CALL, SEND):
        return _read_call(array, version)
    return _read_answer(array)


def _read_call(array: list[Any], version: OcppVersion) -> Message | Malformed:
    kind = array[0]
    message_id = _text_at(array, 1)
    if message_id is None:
        return _unreadable("the message id must be a string", version, array)
    action = _text_at(array, 2)
    answer_id = message_id if kind == CALL else None  # a SEND is never answered (2.1, 4.2.4)
    fault, code = _fault_of_call(array, action, version)
    if fault is not None:
        return Malformed(fault, kind, message_id, action, answer_id, code)
    assert action is not None
    faults: tuple[str, ...] = ()
    if len(message_id) > MESSAGE_ID_LIMIT:
        faults = (f"the message id has {len(message_id)} characters, at most 36 are allowed",)
    return Message(kind, message_id, action, array[3] or {}, "", faults)


def _fault_of_call(
    array: list[Any], action: str | None, version: OcppVersion
) -> tuple[str | None, ErrorCode]:
    """What is wrong with the elements after the message id, and the code that says so."""
    in_16 = version is OcppVersion.V16
    if len(array) != _LENGTHS[CALL]:
        # 1.6 has no code for the framework: an incomplete CALL is a ProtocolError (table 7).
        incomplete = ErrorCode.PROTOCOL_ERROR if len(array) < 4 else ErrorCode.FORMAT_VIOLATION
        code = incomplete if in_16 else ErrorCode.RPC_FRAMEWORK_ERROR
        return f"a CALL has 4 elements, this one {len(array)}", code
    if action is None:
        code = ErrorCode.FORMAT_VIOLATION if in_16 else ErrorCode.RPC_FRAMEWORK_ERROR
        return "the action must be a string", code
    # Null is the other notation of an empty payload (1.6, 4.2.1; 2.0.1, 4.1.5).
    if array[3] is not None and type(array[3]) is not dict:
        return "the payload must be a JSON object", ErrorCode.FORMAT_VIOLATION
    return None, ErrorCode.GENERIC_ERROR


def _read_answer(array: list[Any]) -> Message | Malformed:
    """Read a CALLRESULT, CALLERROR or CALLRESULTERROR: whatever is wrong, it is never answered."""
    kind = array[0]
    message_id = _text_at(array, 1)
    if message_id is None:
        return Malformed("an answer without a message id", kind)
    wanted = _LENGTHS[kind]
    faults = []
    if len(array) != wanted:
        name = MessageType(kind).name
        faults.append(f"a {name} has {wanted} elements, this one {len(array)}")
    if kind == CALLRESULT:
        payload = array[2] if len(array) > 2 else None
        if payload is not None and type(payload) is not dict:
            return Malformed("the payload must be a JSON object", kind, message_id)
        return Message(kind, message_id, None, payload or {}, "", tuple(faults))
    code = _text_at(array, 2)
    if code is None:
        faults.append("the error code must be a string")
    description = _text_at(array, 3)
    details = array[4] if len(array) > 4 else None
    return Message(
        kind,
        message_id,
        code or ErrorCode.GENERIC_ERROR.value,
        details if type(details) is dict else {},
        description or "",
        tuple(faults),
    )


def corrupt(text: str, version: OcppVersion, fault: str) -> Malformed:
    """The verdict on a text that is no frame: its beginning may still tell which CALL it was."""
    prefix = _CALL_PREFIX.match(text)
    if prefix is None:
        return _unreadable(fault, version)
    message_id, action = prefix.group(1), prefix.group(2)
    # With the action read, what is broken is its payload.
    in_payload = action is not None or version is OcppVersion.V16
    code = ErrorCode.FORMAT_VIOLATION if in_payload else ErrorCode.RPC_FRAMEWORK_ERROR
    return Malformed(fault, CALL, message_id, action, message_id, code)


def _unreadable(fault: str, version: OcppVersion, array: list[Any] | None = None) -> Malformed:
    """A frame that is nobody's: from 2.0.1 on it is answered, with id "-1" if it has none (4.2.3).

    1.6 knows only answers that bear the CALL's id, so that it must stay unanswered.
    """
    message_id = _text_at(array, 1) if array else None
    kind = array[0] if array and type(array[0]) is int else None
    if version is OcppVersion.V16 or kind == SEND:
        return Malformed(fault, kind, message_id)
    return Malformed(fault, kind, message_id, None, message_id or UNREADABLE_ID)


def _unknown_type(array: list[Any], version: OcppVersion) -> Malformed:
    """1.6 ignores an unknown message type (4.1.3); 2.0.1 answers it (4.4)."""
    fault = f"message type {array[0]} is not known in OCPP {version}"
    message_id = _text_at(array, 1)
    answer_id = None if version is OcppVersion.V16 else message_id or UNREADABLE_ID
    code = ErrorCode.MESSAGE_TYPE_NOT_SUPPORTED
    return Malformed(fault, array[0], message_id, None, answer_id, code)


def _text_at(array: list[Any], index: int) -> str | None:
    value = array[index] if len(array) > index else None
    return value if type(value) is str else None


# Writing


def plain(payload: Any) -> Any:
    """What a payload becomes on the wire: JSON types only. Raises as `write_call` does."""
    return _decode(_encode(payload))


def write_call(kind: int, message_id: str, action: str, payload: Any) -> str:
    """Write a CALL or SEND. Raises TypeError, ValueError for values that JSON cannot hold."""
    return _encode((kind, message_id, action, payload)).decode()


def write_result(message_id: str, payload: Any) -> str:
    """Write a CALLRESULT. Raises TypeError, ValueError for values that JSON cannot hold."""
    return _encode((CALLRESULT, message_id, payload)).decode()


def write_error(kind: int, message_id: str, error: OcppError, version: OcppVersion) -> str:
    """Write a CALLERROR or CALLRESULTERROR, the code spelled as the version does.

    Raises TypeError, ValueError for details that JSON cannot hold.
    """
    code = spell(error.code, version)
    return _encode((kind, message_id, code, error.description, error.details)).decode()
