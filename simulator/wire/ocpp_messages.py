"""The words of OCPP-J: versions, message types, error codes, calls and replies.

Rule: values only. Spelling differs between versions (1.6 has two misprints that its errata keep for
compatibility), so codes are written here once and spelled for a version when they leave.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from enum import IntEnum, StrEnum
from typing import Any

import msgspec
from ocpp import exceptions as ocpp

Payload = dict[str, Any]

MESSAGE_ID_LIMIT = 36  # characters, so that a UUID fits (OCPP-J 4.1.4)
UNREADABLE_ID = "-1"  # the id of an answer to what nobody could read (OCPP-J 2.0.1, 4.2.3)
_DESCRIPTION_LIMIT = 255  # characters of errorDescription (OCPP-J 2.0.1, table 7)


class OcppVersion(StrEnum):
    """The versions of OCPP that speak JSON over WebSocket here."""

    V16 = "1.6"
    V201 = "2.0.1"
    V21 = "2.1"

    @property
    def subprotocol(self) -> str:
        """The name registered for the WebSocket handshake (OCPP-J 3.1.2)."""
        return f"ocpp{self.value}"

    @classmethod
    def of_subprotocol(cls, text: str | None) -> OcppVersion | None:
        """The version of a WebSocket subprotocol; None for any other."""
        return next((version for version in cls if version.subprotocol == text), None)


class MessageType(IntEnum):
    """Message type numbers; 5 and 6 exist from 2.1 on (OCPP-J 2.1, table 3)."""

    CALL = 2
    CALLRESULT = 3
    CALLERROR = 4
    CALLRESULTERROR = 5
    SEND = 6


class ErrorCode(StrEnum):
    """RPC error codes in the spelling of 2.0.1 (OCPP-J 2.0.1, table 8)."""

    FORMAT_VIOLATION = ocpp.FormatViolationError.code
    GENERIC_ERROR = ocpp.GenericError.code
    INTERNAL_ERROR = ocpp.InternalError.code
    MESSAGE_TYPE_NOT_SUPPORTED = "MessageTypeNotSupported"
    NOT_IMPLEMENTED = ocpp.NotImplementedError.code
    NOT_SUPPORTED = ocpp.NotSupportedError.code
    OCCURRENCE_CONSTRAINT_VIOLATION = ocpp.OccurrenceConstraintViolationError.code
    PROPERTY_CONSTRAINT_VIOLATION = ocpp.PropertyConstraintViolationError.code
    PROTOCOL_ERROR = ocpp.ProtocolError.code
    RPC_FRAMEWORK_ERROR = "RpcFrameworkError"
    SECURITY_ERROR = ocpp.SecurityError.code
    TYPE_CONSTRAINT_VIOLATION = ocpp.TypeConstraintViolationError.code


# OCPP-J 1.6, table 7 and errata 5.1, 5.2. The last two codes came later: 1.6 has only a general
# one.
_SPELLED_IN_16: dict[str, str] = {
    ErrorCode.FORMAT_VIOLATION: ocpp.FormationViolationError.code,
    ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION: ocpp.OccurenceConstraintViolationError.code,
    ErrorCode.RPC_FRAMEWORK_ERROR: ErrorCode.GENERIC_ERROR.value,
    ErrorCode.MESSAGE_TYPE_NOT_SUPPORTED: ErrorCode.GENERIC_ERROR.value,
}
_CODES_OF_16 = frozenset(_SPELLED_IN_16.get(code, code.value) for code in ErrorCode)
_CODES_OF_2 = frozenset(code.value for code in ErrorCode)


def spell(code: str, version: OcppVersion) -> str:
    """Write an error code as the version does."""
    return str(_SPELLED_IN_16.get(code, code)) if version is OcppVersion.V16 else str(code)


def is_error_code(code: str, version: OcppVersion) -> bool:
    """Tell whether the version's table of error codes has this one."""
    return code in (_CODES_OF_16 if version is OcppVersion.V16 else _CODES_OF_2)


class Validation(StrEnum):
    """What a violated schema does to a message, in either direction."""

    STRICT = "strict"  # it is refused
    LENIENT = "lenient"  # it passes, its errors are recorded
    OFF = "off"  # nobody looks


class OcppError(Exception):
    """A CALLERROR, received or to be sent. `local` tells that this end found the fault itself."""

    def __init__(
        self,
        code: str,
        description: str = "",
        details: dict[str, Any] | None = None,
        *,
        local: bool = False,
    ) -> None:
        super().__init__(f"{code}: {description}" if description else code)
        self.code = code
        self.description = description[:_DESCRIPTION_LIMIT]
        self.details: dict[str, Any] = details or {}
        self.local = local


class CallTimeout(Exception):
    """No answer to a CALL came in time. It may still come: then it is recorded as late."""


class LinkClosed(Exception):
    """The connection is gone, and with it what was under way."""


class Call(msgspec.Struct, frozen=True):
    """A CALL (or, from 2.1 on, a SEND) that came in. `errors` has entries only where validation
    lets faults pass; `refusal` is then what would have been answered.
    """

    message_id: str
    action: str
    payload: Payload
    errors: tuple[str, ...] = ()
    message_type: int = MessageType.CALL
    refusal: OcppError | None = None


class Reply(msgspec.Struct, frozen=True):
    """What a handler answers; `after` runs once the CALLRESULT has been written."""

    payload: Payload
    after: Callable[[], Awaitable[None]] | None = None


CallHandler = Callable[[Call], Awaitable[Reply]]


def not_implemented(action: str) -> OcppError:
    """The answer to an action this end has never heard of."""
    return OcppError(ErrorCode.NOT_IMPLEMENTED, f"{action} is not known here")


def not_supported(action: str) -> OcppError:
    """The answer to an action this end knows and does not do."""
    return OcppError(ErrorCode.NOT_SUPPORTED, f"{action} is not supported here")


# What one end of the conversation makes of it


class Sent(msgspec.Struct):
    """A frame to be written, with what the journal wants to know of it."""

    text: str
    message_type: int
    message_id: str
    action: str | None
    errors: tuple[str, ...] = ()


class Pending(Sent, eq=False):
    """A CALL of ours: queued, then outstanding. `context` belongs to the shell."""

    timeout_s: float = 30.0
    deadline: float | None = None
    context: Any = None


class Answered(msgspec.Struct):
    """The outstanding CALL has its answer: a payload or an error."""

    pending: Pending
    payload: Payload
    error: OcppError | None = None


class Late(msgspec.Struct):
    """An answer to a CALL that had timed out, or been given up."""

    message_id: str
    action: str
    payload: Payload
    error: OcppError | None = None


class Refused(msgspec.Struct):
    """A CALL that has its CALLERROR already (a SEND: that is dropped)."""

    error: OcppError


class Stray(msgspec.Struct):
    """A frame that belongs to nothing: an answer nobody waits for, or no message at all."""

    reason: str


Event = Call | Answered | Late | Refused | Stray


class Received(msgspec.Struct):
    """What one frame amounts to: the event, and what must be written back at once, if anything."""

    event: Event
    message_type: int | None = None
    message_id: str | None = None
    action: str | None = None
    errors: tuple[str, ...] = ()
    reply: Sent | None = None
