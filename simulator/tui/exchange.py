"""A line of the traffic: a call and its answer on either wire, a finding, a step, a fault.

Rule: a line costs next to nothing until somebody looks at it: its words and its JSON are made then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from simulator.kernel.filter_rows import decoded
from simulator.kernel.journal import Record
from simulator.scenario.sights import CALL, CALLERROR
from simulator.wording import DETAILS, Line, Wording, short

_FAILING = ("reject", "drop")


@dataclass(slots=True, eq=False)
class Exchange:
    """What was said once, told by the side that began it where that side records here.

    `number` rises with time; `far` holds what the other end recorded of it.
    """

    number: int
    leg: str
    name: str
    sender: str
    receiver: str
    record: Record
    answer: Record | None = None
    far: list[Record] = field(default_factory=list)
    findings: list[Record] = field(default_factory=list)
    comments: list[Record] = field(default_factory=list)  # notes that are about it
    _line: Line | None = None

    @property
    def session(self) -> str | None:
        """The session that it belongs to."""
        told: str | None = self.record["session"]
        if told is None and self.answer is not None:
            told = self.answer["session"]
        return told

    @property
    def failed(self) -> bool:
        """It broke a rule or a schema, or was answered with an error."""
        record, answer = self.record, self.answer
        if self.leg == "ocpp":
            told = (record, *self.far) if answer is None else (record, answer, *self.far)
            return any(one["errors"] or one["message_type"] == CALLERROR for one in told)
        if self.leg == "ocpi":
            code = record["status_code"]
            return not (isinstance(code, int) and 1000 <= code < 2000)
        return self.leg == "finding" and record["severity"] in _FAILING

    @property
    def ms(self) -> float | None:
        """From call to answer, in milliseconds of the world."""
        if self.leg == "ocpi":
            took: float = self.record["ms"]
            return took
        if self.answer is None:
            return None
        began, ended = (datetime.fromisoformat(r["at"]) for r in (self.record, self.answer))
        return (ended - began).total_seconds() * 1000

    @property
    def line(self) -> Line:
        """It in words."""
        if self._line is None:
            self._line = _words(self)
        return self._line

    def holds(self, seq: int) -> bool:
        """Whether this record is part of it."""
        answer = () if self.answer is None else (self.answer,)
        return any(one["seq"] == seq for one in (self.record, *answer, *self.far, *self.findings))

    @property
    def said(self) -> str:
        """What was commented, in a line."""
        return " / ".join(note["arguments"]["text"] for note in self.comments)

    @property
    def held(self) -> str | None:
        """By which it would be among what is held: its own id there, or OCPP's of the message."""
        if self.leg == "fault":
            return (self.record.get("data") or {}).get("held")
        return self.record.get("message_id")

    def changed(self) -> None:
        """More was recorded of it: its words are no longer true."""
        self._line = None

    @property
    def request(self) -> Any:
        """What was asked, as JSON; None where it is none."""
        if self.leg == "ocpp":
            return _part(self.record, 3 if self.record["message_type"] == CALL else 2)
        if self.leg == "ocpi":
            return decoded(self.record["request"]["body"])
        told = {k: v for k, v in self.record.items() if k not in _HEAD}
        then = [{"what": one["what"], **one["data"]} for one in self.far]
        return {**told, "then": then} if then else told

    @property
    def reply(self) -> Any:
        """What was answered, as JSON; None where there is nothing yet."""
        if self.leg == "ocpi":
            return decoded((self.record["response"] or {}).get("body"))
        if self.answer is None:
            return None
        if self.answer["message_type"] == CALLERROR:
            return (_parts(self.answer) or [])[2:]
        return _part(self.answer, 2)

    @property
    def errors(self) -> list[tuple[str, str]]:
        """What the schemas have against it: who says so, and what; each once."""
        told = [self.record, *([self.answer] if self.answer else []), *self.far]
        found = [(short(one["actor"]), error) for one in told for error in one.get("errors", ())]
        return list(dict.fromkeys(found))

    def text(self) -> str:
        """The wire's text of it, both ways, for searching."""
        record = self.record
        if self.leg == "ocpp":
            return str(record["frame"]) + (self.answer["frame"] if self.answer else "")
        if self.leg == "ocpi":
            return f"{record['request']['body']}{(record['response'] or {}).get('body') or ''}"
        return msgspec.json.encode(record).decode()


_HEAD = frozenset({"seq", "at", "leg", "actor", "peer", "session"})


def _words(exchange: Exchange) -> Line:
    record = exchange.record
    told: Line | None = None
    if exchange.leg == "ocpp":
        told = _call(exchange)
    elif exchange.leg in ("ocpi", "finding"):
        told = Wording().line({**record, "direction": "sent"})
    if told is None and exchange.leg == "fault" and exchange.held is not None:
        told = _held(exchange)
    if told is None:
        detail = " ".join(_particulars(record)) if exchange.leg != "ocpp" else ""
        told = Line(record["at"], exchange.leg, exchange.sender, exchange.receiver, exchange.name,
                    detail)  # fmt: skip
    return told


def _call(exchange: Exchange) -> Line | None:
    """An OCPP call in words, whichever end told it; without an answer, what was asked."""
    wording = Wording()
    wording.line({**exchange.record, "actor": exchange.sender, "direction": "sent"})
    if exchange.answer is not None:
        answer = {**exchange.answer, "actor": exchange.sender, "peer": exchange.receiver}
        return wording.line({**answer, "direction": "received"}) or _error(exchange)
    payload, told = exchange.request, DETAILS.get(exchange.name)
    detail = told(payload) if told is not None and isinstance(payload, Mapping) else ""
    at = exchange.record["at"]
    return Line(at, "ocpp", exchange.sender, exchange.receiver, exchange.name, detail, "…", "quiet")


def _error(exchange: Exchange) -> Line | None:
    """The error with which a frame was answered that could not be read."""
    answer, reply = exchange.answer, exchange.reply
    if answer is None or answer["message_type"] != CALLERROR or not reply:
        return None
    return Line(exchange.record["at"], "ocpp", exchange.sender, exchange.receiver, exchange.name,
                "", str(reply[0]), "bad")  # fmt: skip


def _held(exchange: Exchange) -> Line:
    """A message that is held, or was, and what became of it."""
    data = exchange.record["data"]
    detail = f"{data['held']} {data['of']}"
    outcome = "held"
    for one in exchange.far:
        changed = ", ".join(one["data"].get("changed", ()))
        outcome = one["what"].removeprefix("hold.") + (f", changed {changed}" if changed else "")
    return Line(exchange.record["at"], exchange.leg, exchange.sender, exchange.receiver,
                exchange.name, detail, outcome)  # fmt: skip


def _particulars(record: Record) -> list[str]:
    """What a step, fault or event says of itself, in a line."""
    told = record.get("arguments") or record.get("data") or {}
    if not isinstance(told, Mapping):
        return [str(told)]
    return [f"{name}={value}" for name, value in told.items() if value is not None]


def _parts(record: Record) -> list[Any] | None:
    parts = decoded(record["frame"])
    return parts if isinstance(parts, list) else None


def _part(record: Record, place: int) -> Any:
    parts = _parts(record)
    return parts[place] if parts is not None and len(parts) > place else None
