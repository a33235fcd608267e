"""What a filter sees of the journal's records, and how a message came out in its own words.

Rule: pure; what costs something (reading JSON) is only done for a filter that asks for it. An
answer is judged by its own record, which names the call's action.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from simulator.kernel.filters import Value
from simulator.kernel.journal import Record

CALLRESULT, CALLERROR, CALLRESULTERROR = 3, 4, 5
# The word for each leg -> the field of its records that names what happened.
NAMES: Mapping[str, str] = {"event": "what", "finding": "rule", "fault": "fault", "step": "step"}
# Operators that say nothing of a record: only a view marks.
LACKING = frozenset({"m"})
_FAILING = ("reject", "drop")


@dataclass(frozen=True, slots=True)
class OfRecord:
    """A record's fields; those of a call and its answer together where there is an `answer`."""

    record: Record
    answer: Record | None = None

    def field(self, name: str) -> Value:
        """See `Filterable`."""
        record = self.record
        match name:
            case "cp":
                return who(record["actor"], record["peer"])
            case "a":
                return name_of(record)
            case "s":
                return _outcome(self.answer or record)
            case "leg":
                return str(record["leg"])
            case "u":
                return str(record["url"]) if record["leg"] == "ocpi" else None
            case "tok" | "body":
                return _text(record) + (_text(self.answer) if self.answer is not None else "")
            case "lat":
                return _ms(record, self.answer)
            case "err":
                return _failed(record) or (self.answer is not None and _failed(self.answer))
            case "fault":
                return bool(record["leg"] == "fault")
            case "sess":
                answered = None if self.answer is None else self.answer["session"]
                return record["session"] or answered
            case "rule":
                return str(record["rule"]) if record["leg"] == "finding" else None
            case "any":
                return self._words()
        return None

    def _words(self) -> tuple[str, ...]:
        texts = [_text(one) for one in (self.record, self.answer) if one is not None]
        outcome = _outcome(self.answer or self.record) or ""
        people = who(self.record["actor"], self.record["peer"])
        return (*people, name_of(self.record), outcome, *texts)


def who(*actors: str | None) -> tuple[str, ...]:
    """Names of those who take part, as the journal has them and without their kind."""
    told = [name for actor in actors if actor for name in (actor, actor.rpartition("/")[2])]
    return tuple(dict.fromkeys(told))


def name_of(record: Record) -> str:
    """What was said: an action, a method and module, the name of anything else."""
    leg = record["leg"]
    if leg == "ocpp":
        return record["action"] or ""
    if leg == "ocpi":
        return f"{record['method']} {record['module'] or '-'}"
    return str(record.get(NAMES[leg], ""))


def ocpp_status(payload: Any) -> str | None:
    """The status that the payload of an OCPP answer carries, wherever its version puts it."""
    if not isinstance(payload, Mapping):
        return None
    for place in (payload, *(payload.get(name) for name in ("idTagInfo", "idTokenInfo"))):
        if isinstance(place, Mapping) and isinstance(status := place.get("status"), str):
            return status
    return None


def ocpp_outcome(parts: Any) -> str | None:
    """How a frame says that something came out, "" where it has no word for it; None for one that
    answers nothing.
    """
    if not isinstance(parts, list) or len(parts) < 3:
        return None
    if parts[0] == CALLRESULT:
        payload = parts[2]
        told = [ocpp_status(payload)]
        if isinstance(payload, Mapping):  # of a contract
            told.append(payload.get("certificateStatus"))
        return " ".join(word for word in told if isinstance(word, str))
    return str(parts[2]) if parts[0] in (CALLERROR, CALLRESULTERROR) else None


def ocpi_outcome(http_status: int | None, envelope: Any) -> str:
    """How an OCPI answer says that something came out: `1000 ALLOWED HTTP 200`."""
    told: list[object] = []
    if isinstance(envelope, Mapping):
        data = envelope.get("data")
        told.append(envelope.get("status_code"))
        if isinstance(data, Mapping):
            told += [data.get("allowed"), data.get("result")]
    words = [str(word) for word in told if isinstance(word, str | int)]
    return " ".join([*words, f"HTTP {http_status}" if http_status else "no answer"])


def ocpi_failed(status_code: Any) -> bool:
    """Whether an OCPI status is none of success (OCPI 2.2.1, status codes)."""
    return not (isinstance(status_code, int) and 1000 <= status_code < 2000)


def decoded(text: str | bytes | None) -> Any:
    """The JSON of a text; None where it is none."""
    try:
        return msgspec.json.decode(text) if text else None
    except (msgspec.DecodeError, RecursionError):
        return None


def _outcome(record: Record) -> str | None:
    leg = record["leg"]
    if leg == "ocpp":
        return ocpp_outcome(decoded(record["frame"]))
    if leg == "ocpi":
        body = (record["response"] or {}).get("body")
        return ocpi_outcome(record["http_status"], decoded(body))
    return str(record["severity"]) if leg == "finding" else None


def _failed(record: Record) -> bool:
    leg = record["leg"]
    if leg == "ocpp":
        return bool(record["errors"]) or record["message_type"] in (CALLERROR, CALLRESULTERROR)
    if leg == "ocpi":
        return ocpi_failed(record["status_code"])
    return bool(leg == "finding" and record["severity"] in _FAILING)


def _ms(record: Record, answer: Record | None) -> float | None:
    if record["leg"] == "ocpi":
        return float(record["ms"])
    if answer is None:
        return None
    began, ended = (datetime.fromisoformat(one["at"]) for one in (record, answer))
    return (ended - began).total_seconds() * 1000


def _text(record: Record) -> str:
    """The wire's text, both ways; of what is on no wire the record's own."""
    if record["leg"] == "ocpp":
        return str(record["frame"])
    if record["leg"] == "ocpi":
        return f"{record['request']['body']}{(record['response'] or {}).get('body') or ''}"
    return msgspec.json.encode(record).decode()
