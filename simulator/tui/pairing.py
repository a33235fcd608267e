"""Records become exchanges: a call finds its answer, one end's record the other's, a finding what
it judges.

Rule: only fields of records are read here, never a frame: thousands come in a second.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, Final

from simulator.kernel.journal import Record
from simulator.scenario.sights import CALL, NAMES, SEND
from simulator.tui.exchange import Exchange
from simulator.wording import short

# Calls that wait for an answer, or for the other end's record of them.
_OPEN = 20_000
_ID: Final = "X-Request-ID"
Key = tuple[str, str, str]


class Pairing:
    """Turn records into exchanges, new ones and those of which more is known now."""

    def __init__(self) -> None:
        self._number = 0
        self._calls: OrderedDict[Key, Exchange] = OrderedDict()
        self._requests: OrderedDict[Key, Exchange] = OrderedDict()
        self._judged: OrderedDict[int, Exchange] = OrderedDict()
        self._held: dict[str, Exchange] = {}  # faults that hold a message

    def take(self, record: Record) -> Sequence[tuple[Exchange, bool]]:
        """What this record makes or adds to; True for one that is new."""
        leg = record["leg"]
        if leg == "ocpp":
            found = self._ocpp(record)
            return () if found is None else (found,)
        if leg == "ocpi":
            return (self._ocpi(record),)
        if leg == "event":
            known = self._let_go(record)
            return () if known is None else ((known, False),)
        made = self._new(record, _name(record))
        if leg == "fault" and made.held is not None:
            self._held[made.held] = made
        if leg == "finding" and (judged := self._judged.get(record["message_seq"])):
            judged.findings.append(record)
            judged.changed()
            return (judged, False), (made, True)
        return ((made, True),)

    def _let_go(self, record: Record) -> Exchange | None:
        """The fault that held a message until this happened."""
        if not record["what"].startswith("hold."):
            return None
        known = self._held.pop(record["data"]["held"], None)
        if known is not None:
            known.far.append(record)
            known.changed()
        return known

    def _ocpp(self, record: Record) -> tuple[Exchange, bool] | None:
        asks = record["message_type"] in (CALL, SEND)
        sent = record["direction"] == "sent"
        ends = (record["actor"], record["peer"] or "?")
        caller, callee = ends if asks == sent else ends[::-1]
        key = (caller, callee, record["message_id"] or "")
        known = self._calls.get(key)
        if known is None:
            if not asks:  # an answer to nothing that was seen
                return None
            made = self._new(record, record["action"] or "?", caller, callee)
            self._calls[key] = made
            _forget(self._calls)
            return made, True
        if not asks and known.answer is None and record["actor"] == known.record["actor"]:
            known.answer = record
            if known.far:  # both ends have told: nothing more comes
                del self._calls[key]
        else:
            known.far.append(record)
        known.changed()
        return known, False

    def _ocpi(self, record: Record) -> tuple[Exchange, bool]:
        sent = record["direction"] == "sent"
        ends = (record["actor"], record["peer"] or "?")
        caller, callee = ends if sent else ends[::-1]
        name = f"{record['method']} {record['module'] or '-'}"
        # Not by their names: an end may know the other by another one.
        key = (record["method"], record["module"] or "", _request_id(record["request"]["headers"]))
        known = self._requests.pop(key, None) if key[2] else None
        if known is None or any(known.record[k] == record[k] for k in ("direction", "actor")):
            known = self._new(record, name, caller, callee)
            self._requests[key] = known
            _forget(self._requests)
            fresh = True
        else:
            known.far.append(known.record if sent else record)
            if sent:  # the side that began tells it
                known.record, known.sender, known.receiver = record, short(caller), short(callee)
            known.changed()
            fresh = False
        self._judged[record["seq"]] = known
        _forget(self._judged)
        return known, fresh

    def _new(self, record: Record, name: str, *ends: str) -> Exchange:
        self._number += 1
        sender, receiver = ends or (record["actor"], record["peer"] or "")
        return Exchange(self._number, record["leg"], name, short(sender), short(receiver), record)


def _name(record: Record) -> str:
    """What happened; of a message that is held, with what it says."""
    name = str(record.get(NAMES[record["leg"]], ""))
    held = record["leg"] == "fault" and (record.get("data") or {}).get("held") is not None
    return f"{name} {record['data'].get('name', '')}".strip() if held else name


def _request_id(headers: dict[str, str]) -> str:
    told = headers.get(_ID)
    if told is None:  # spelled in another case
        told = next((v for name, v in headers.items() if name.lower() == _ID.lower()), "")
    return told


def _forget(known: OrderedDict[Any, Exchange]) -> None:
    if len(known) > _OPEN:
        known.popitem(last=False)
