"""What a CSMS made of a transaction, read from the frames between it and a station.

Rule: a transaction counts only once the CSMS has answered its start and its end; an error is no
answer, and a token that it refuses is a refusal of all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from simulator.kernel.journal import Record

_CALL, _CALL_RESULT = 2, 3


@dataclass(slots=True)
class Outcome:
    """How far one station's transaction has come."""

    asked: dict[str, str] = field(default_factory=dict)  # message id -> start, end or update
    started: bool = False
    ended: bool = False
    refused: bool = False

    @property
    def billed(self) -> bool:
        """Start and end were taken, and no token was refused."""
        return self.started and self.ended and not self.refused

    @property
    def why(self) -> str:
        """What is missing of a transaction that is not billed, in words."""
        if self.refused:
            return "the CSMS refused the token in the transaction"
        return f"the CSMS did not take the {'end' if self.started else 'start'} of the transaction"

    def hear(self, record: Record) -> None:
        """Take a frame of the station."""
        kind, message_id = record["message_type"], record["message_id"]
        if kind == _CALL and record["direction"] == "sent":
            part = _part(record["action"], _payload(record, 3))
            if part is not None and message_id is not None:
                self.asked[message_id] = part
        elif kind == _CALL_RESULT and record["direction"] == "received":
            part = self.asked.pop(message_id, None)
            self.started |= part == "start"
            self.ended |= part == "end"
            # Who ends one may be anybody: the end is taken whatever is said of the token.
            self.refused |= part in ("start", "update") and _refuses(_payload(record, 2))


class Outcomes:
    """A journal's subscriber: the outcome of each station that is watched, by its actor's name."""

    def __init__(self) -> None:
        self._watched: dict[str, Outcome] = {}

    def watch(self, actor: str) -> Outcome:
        """Follow a station's next transaction from here on."""
        self._watched[actor] = outcome = Outcome()
        return outcome

    def hear(self, record: Record) -> None:
        """Take a record."""
        if record["leg"] == "ocpp" and (outcome := self._watched.get(record["actor"])) is not None:
            outcome.hear(record)


def _part(action: str | None, payload: Mapping[str, Any]) -> str | None:
    """Which part of a transaction a message tells, in either version."""
    if action == "TransactionEvent":
        return {"Started": "start", "Ended": "end"}.get(payload.get("eventType", ""), "update")
    return {"StartTransaction": "start", "StopTransaction": "end"}.get(action or "")


def _refuses(answer: Mapping[str, Any]) -> bool:
    info = answer.get("idTagInfo") or answer.get("idTokenInfo")
    return isinstance(info, Mapping) and info.get("status") != "Accepted"


def _payload(record: Record, place: int) -> Mapping[str, Any]:
    try:
        parts = msgspec.json.decode(record["frame"])
        payload = parts[place] if isinstance(parts, list) and len(parts) > place else {}
    except (msgspec.DecodeError, RecursionError):
        return {}
    return payload if isinstance(payload, Mapping) else {}
