"""What happened, read from the journal alone: the demo asserts nothing that is not on the wire.

Rule: a witness looks at raw records; it never asks an actor what it believes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from simulator.kernel.journal import Journal, Record

Predicate = Callable[[Record], bool]


@dataclass(frozen=True, slots=True)
class Claim:
    """Something that the story says, and whether the journal bears it out."""

    text: str
    holds: bool


@dataclass(slots=True)
class Witness:
    """Look at the journal from a point on, and keep what was claimed."""

    journal: Journal
    after: int = 0
    claims: list[Claim] = field(default_factory=list)

    def claim(self, text: str, holds: bool) -> None:
        """Say something; `holds` is what the journal says."""
        self.claims.append(Claim(text, holds))

    def all(self, *conditions: Predicate) -> list[Record]:
        """The records since `after` that meet every condition."""
        return [r for r in self.journal.since(self.after) if all(meets(r) for meets in conditions)]

    def any(self, *conditions: Predicate) -> bool:
        """True if one record since `after` meets every condition."""
        return bool(self.all(*conditions))

    async def wait(self, *conditions: Predicate, timeout_s: float) -> Record | None:
        """The first record since `after` that meets every condition; None if it does not come."""
        try:
            return await self.journal.wait_for(
                lambda record: all(meets(record) for meets in conditions),
                timeout_s=timeout_s,
                after=self.after,
            )
        except TimeoutError:
            return None


def sent(action: str, *, by: str | None = None) -> Predicate:
    """An OCPP CALL of this action, as its sender recorded it."""
    return lambda r: (
        r["leg"] == "ocpp"
        and r["message_type"] == 2
        and r["direction"] == "sent"
        and r["action"] == action
        and (by is None or r["actor"] == by)
    )


def answer_to(action: str, *, by: str) -> Predicate:
    """An OCPP CALLRESULT to a call of this action, as the caller received it."""
    return lambda r: (
        r["leg"] == "ocpp"
        and r["message_type"] == 3
        and r["direction"] == "received"
        and r["action"] == action
        and r["actor"] == by
    )


def of_module(module: str, *, by: str = "cpo") -> Predicate:
    """An OCPI exchange for a module, as the side that asked recorded it."""
    return lambda r: (
        r["leg"] == "ocpi"
        and r["direction"] == "sent"
        and r["module"] == module
        and r["actor"] == by
    )


def asked(method: str, module: str, *, by: str = "cpo") -> Predicate:
    """As `of_module`, of this method."""
    meets = of_module(module, by=by)
    return lambda r: meets(r) and bool(r["method"] == method)


def answered(status_code: int) -> Predicate:
    """An OCPI exchange that ended with this status code."""
    return lambda r: bool(r["status_code"] == status_code)


def of_session(session: str) -> Predicate:
    """A record that belongs to a session."""
    return lambda r: bool(r["session"] == session)


def finding(rule: str) -> Predicate:
    """A broken rule."""
    return lambda r: bool(r["leg"] == "finding" and r["rule"] == rule)


def event(what: str) -> Predicate:
    """Something that an actor decided."""
    return lambda r: bool(r["leg"] == "event" and r["what"] == what)


def request_of(record: Record) -> Any:
    """The JSON of an exchange's request body; an empty mapping where there is none."""
    return _decoded(record["request"]["body"])


def data_of(record: Record) -> Any:
    """The `data` of an exchange's response."""
    response = record["response"]
    envelope = _decoded(response["body"]) if response else {}
    return envelope.get("data") if isinstance(envelope, Mapping) else None


def payload_of(record: Record) -> Any:
    """The payload of an OCPP CALL."""
    parts = _decoded(record["frame"])
    return parts[3] if isinstance(parts, list) and len(parts) > 3 else {}


def answer_of(record: Record) -> Any:
    """The payload of an OCPP CALLRESULT."""
    parts = _decoded(record["frame"])
    return parts[2] if isinstance(parts, list) and len(parts) > 2 else {}


def _decoded(text: str | None) -> Any:
    try:
        return msgspec.json.decode(text) if text else {}
    except (msgspec.DecodeError, RecursionError):
        return {}


def cdr_posts(records: Iterator[Record] | list[Record]) -> list[Record]:
    """The CDRs that the CPO posted, accepted or not."""
    return [record for record in records if asked("POST", "cdrs")(record)]
