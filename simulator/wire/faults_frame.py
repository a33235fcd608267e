"""What faults do to one message of OCPP-J: a table of small functions.

Rule: pure but for chance; each changes a draft, and says in words what it did.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from simulator.wire import faults_text as texts
from simulator.wire.fault_kinds import ANSWER, REQUEST
from simulator.wire.faults import Hit
from simulator.wire.ocpp_messages import MessageType

_ASKS = (MessageType.CALL, MessageType.SEND)
_ANSWERS = (MessageType.CALLRESULT, MessageType.CALLERROR, MessageType.CALLRESULTERROR)


class Frame:
    """A text of OCPP-J, read as far as it can be."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def parts(self) -> list[Any]:
        """Its elements; none of what is no list."""
        parts = texts.decoded(self.text)
        return parts if isinstance(parts, list) else []

    @property
    def kind(self) -> Any:
        """Its message type."""
        return self.parts[0] if self.parts else None

    @property
    def id(self) -> str | None:
        """Its message id."""
        return self._text(1)

    @property
    def of(self) -> str:
        """Whether it asks or answers; what cannot be read asks."""
        return ANSWER if self.kind in _ANSWERS else REQUEST

    @property
    def action(self) -> str | None:
        """The action of a request."""
        return self._text(2) if self.kind in _ASKS else None

    @property
    def payload(self) -> Any:
        """The payload: what stands last but in errors."""
        place = self._payload_place
        return self.parts[place] if len(self.parts) > place else None

    @property
    def _payload_place(self) -> int:
        return 2 if self.kind == MessageType.CALLRESULT else 3

    @property
    def content(self) -> str:
        """The JSON text of what it carries: a payload, of an error all of it; all that there is
        where nothing can be told apart.
        """
        if len(self.parts) <= self._content_place:
            return self.text
        return texts.encoded(self.parts[self._content_place] if not self._fails else self.parts[2:])

    def with_content(self, text: str) -> str:
        """Its text with other content, which must be JSON."""
        if len(self.parts) <= self._content_place:
            return text
        told = texts.decoded(text)
        if not self._fails:
            return self.with_part(self._content_place, told)
        return texts.encoded([*self.parts[:2], *(told if isinstance(told, list) else [told])])

    @property
    def _fails(self) -> bool:
        return self.kind in (MessageType.CALLERROR, MessageType.CALLRESULTERROR)

    @property
    def _content_place(self) -> int:
        return 2 if self.of == ANSWER else 3

    def with_payload(self, payload: Any) -> str:
        """Its text with another payload; unchanged where it has none."""
        return self.with_part(self._payload_place, payload)

    def _text(self, place: int) -> str | None:
        told = self.parts[place] if len(self.parts) > place else None
        return told if isinstance(told, str) else None

    def with_part(self, place: int, value: Any) -> str:
        """Its text with another element; unchanged where there is none."""
        if len(self.parts) <= place:
            return self.text
        return texts.encoded([*self.parts[:place], value, *self.parts[place + 1 :]])


@dataclass(slots=True)
class Draft:
    """A message on its way, as faults leave it."""

    text: str
    copies: int = 1
    delay_s: float = 0.0
    late_s: float = 0.0  # others overtake it
    held_s: float = 0.0  # until the next one has passed, or so long
    bytes_per_s: float = 0.0
    gone: bool = False
    abort: bool = False
    silence_s: float = 0.0
    reply: str | None = None  # goes back in its place
    keep: Hit | None = None  # it waits until somebody lets it go on


Effect = Callable[[Draft, Hit], str]


def _drop(draft: Draft, hit: Hit) -> str:
    draft.gone = True
    return "lost"


def _delay(draft: Draft, hit: Hit) -> str:
    delay_s = hit.delay_s()
    draft.delay_s += delay_s
    return f"{delay_s:g} s later"


def _duplicate(draft: Draft, hit: Hit) -> str:
    draft.copies += hit.fault["copies"]
    return f"{hit.fault['copies']} more"


def _reorder(draft: Draft, hit: Hit) -> str:
    draft.held_s = hit.fault["within"]
    return "after the next one"


def _truncate(draft: Draft, hit: Hit) -> str:
    whole, draft.text = draft.text, texts.truncate(draft.text, hit.chance, hit.fault["bytes"])
    return f"{len(draft.text.encode())} of {len(whole.encode())} bytes"


def _corrupt(draft: Draft, hit: Hit) -> str:
    draft.text = texts.corrupt(draft.text, hit.chance, hit.fault["bytes"])
    return f"became {draft.text}"


def _malformed(draft: Draft, hit: Hit) -> str:
    draft.text = texts.malformed(draft.text)
    return "its last bracket is missing"


def _wrong_id(draft: Draft, hit: Hit) -> str:
    other = hit.chance.uuid4()
    draft.text = Frame(draft.text).with_part(1, other)
    return f"bears {other}"


def _wrong_type(draft: Draft, hit: Hit) -> str:
    frame, pointer = Frame(draft.text), hit.fault["pointer"]
    if pointer is None:
        draft.text = frame.with_part(0, hit.fault["message_type"])
        return f"message type {hit.fault['message_type']}"
    payload = texts.retyped(frame.payload, pointer)
    if payload is None:
        return f"nothing: there is no {pointer}"
    draft.text = frame.with_payload(payload)
    return f"{pointer} is of another type"


def _alter(draft: Draft, hit: Hit) -> str:
    frame, new, gone = Frame(draft.text), hit.fault["set"] or {}, hit.fault["remove"] or ()
    payload, astray = texts.altered(frame.payload, new, gone)
    draft.text = frame.with_payload(payload)
    return texts.alteration(new, gone, astray) or "nothing"


def _hold(draft: Draft, hit: Hit) -> str:
    draft.keep = hit
    return ""  # the desk tells


def _late(draft: Draft, hit: Hit) -> str:
    draft.late_s = hit.fault["by"]
    return f"{draft.late_s:g} s later"


def _call_error(draft: Draft, hit: Hit) -> str:
    frame, fault = Frame(draft.text), hit.fault
    error = [MessageType.CALLERROR, frame.id, fault["code"], fault["description"], {}]
    if frame.of == ANSWER:
        draft.text = texts.encoded(error)
    else:
        draft.gone, draft.reply = True, texts.encoded(error)
    return f"CALLERROR {fault['code']}"


def _reset(draft: Draft, hit: Hit) -> str:
    draft.gone = draft.abort = True
    return "lost, with the connection"


def _half_open(draft: Draft, hit: Hit) -> str:
    draft.gone, draft.silence_s = True, hit.fault["lasts"]
    return f"lost, as all that comes within {draft.silence_s:g} s"


def _bandwidth(draft: Draft, hit: Hit) -> str:
    draft.bytes_per_s = float(hit.fault["bytes_per_s"])
    return f"at {draft.bytes_per_s:g} bytes a second"


def _power_cut(draft: Draft, hit: Hit) -> str:
    draft.gone = draft.gone or hit.fault["when"] == "before"
    return hit.call_hook()


EFFECTS: Mapping[str, Effect] = {
    "drop": _drop,
    "hold": _hold,
    "delay": _delay,
    "duplicate": _duplicate,
    "reorder": _reorder,
    "truncate": _truncate,
    "corrupt": _corrupt,
    "malformed_json": _malformed,
    "wrong_message_id": _wrong_id,
    "wrong_type": _wrong_type,
    "alter": _alter,
    "late_answer": _late,
    "call_error": _call_error,
    "reset": _reset,
    "half_open": _half_open,
    "bandwidth": _bandwidth,
    "power_cut": _power_cut,
}
