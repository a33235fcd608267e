"""What can be seen in the journal: one sight for each call, exchange, decision and finding.

Rule: read from raw records alone. An OCPP call and its answer are two records of the same actor,
paired by message id; an OCPI exchange is one. By default a sight is told by the side that began it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import msgspec

from simulator.kernel.filter_rows import NAMES as NAMES
from simulator.kernel.journal import LEGS, Journal, Record
from simulator.scenario.compare import MISSING

CALL, CALLRESULT, CALLERROR, SEND = 2, 3, 4, 6


@dataclass(frozen=True)
class Sight:
    """Something that happened. `record` is what it is told by; `answer` is an OCPP answer."""

    leg: str
    name: str
    record: Record
    answer: Record | None = None

    @property
    def seq(self) -> int:
        """The journal's number of the last record that it needed."""
        return int((self.answer or self.record)["seq"])

    @property
    def session(self) -> str | None:
        """The session that it belongs to."""
        told: str | None = self.record["session"] or (self.answer or self.record)["session"]
        return told

    @cached_property
    def request(self) -> Any:
        """The payload of an OCPP call, the body of an OCPI request, the particulars of the rest."""
        if self.leg == "ocpp":
            return _part(self.record, 3)
        if self.leg == "ocpi":
            return _decoded(self.record["request"]["body"])
        return self.record.get("data", self.record)

    @cached_property
    def reply(self) -> Any:
        """The payload of an OCPP CALLRESULT, the `data` of an OCPI answer."""
        if self.leg == "ocpp":
            answered = self.answer is not None and self.answer["message_type"] == CALLRESULT
            return _part(self.answer, 2) if answered and self.answer is not None else MISSING
        response = self.record.get("response")
        envelope = _decoded(response["body"]) if response else MISSING
        return envelope.get("data", MISSING) if isinstance(envelope, Mapping) else MISSING

    @property
    def error(self) -> Any:
        """The code of an OCPP CALLERROR."""
        failed = self.answer is not None and self.answer["message_type"] == CALLERROR
        return _part(self.answer, 2) if failed and self.answer is not None else MISSING

    @property
    def path(self) -> Any:
        """The path of an OCPI request."""
        return urlsplit(self.record["url"]).path if self.leg == "ocpi" else MISSING

    @property
    def query(self) -> Any:
        """What stands behind the `?` of an OCPI request; an empty text where nothing does."""
        return urlsplit(self.record["url"]).query if self.leg == "ocpi" else MISSING

    def header(self, name: str) -> Any:
        """A header of an OCPI request, whatever its case."""
        headers = self.record["request"]["headers"] if self.leg == "ocpi" else {}
        fitting = (v for key, v in headers.items() if key.casefold() == name.casefold())
        return next(fitting, MISSING)


class Watcher:
    """Turn records into sights, in their order."""

    def __init__(self) -> None:
        self._calls: dict[tuple[str, str, str], Record] = {}

    def sights(self, record: Record) -> Iterator[Sight]:
        """What this record lets be seen: a call, later the same call with its answer."""
        leg = record["leg"]
        if leg == "ocpp":
            yield from self._ocpp(record)
        elif leg == "ocpi":
            yield Sight(leg, f"{record['method']} {record['module'] or '-'}", record)
        else:
            yield Sight(leg, str(record.get(NAMES[leg], "")), record)

    def _ocpp(self, record: Record) -> Iterator[Sight]:
        kind, direction = record["message_type"], record["direction"]
        key = (record["actor"], record["message_id"] or "", direction)
        if kind in (CALL, SEND):
            self._calls[key] = record
            yield Sight("ocpp", record["action"] or "", record)
        elif kind in (CALLRESULT, CALLERROR):
            other = "received" if direction == "sent" else "sent"
            call = self._calls.pop((*key[:2], other), None)
            if call is not None:
                yield Sight("ocpp", call["action"] or "", call, record)


class Sightings:
    """All that was seen in a journal since it was first looked at, and all that is to come.

    Of a journal that keeps only so many records, about as many are kept here.
    """

    def __init__(self, journal: Journal) -> None:
        self._most = journal.records.maxlen
        self._watcher = Watcher()
        self._all: list[Sight] = []
        self._by_leg: dict[str, list[Sight]] = {leg: [] for leg in LEGS}
        # What is known not to have happened, and up to which record; by its words.
        self.unseen: dict[str, tuple[object, int]] = {}
        self._listeners: list[Callable[[Sight], None]] = []
        for record in journal.records:
            self._hear(record)
        self.close = journal.subscribe(self._hear)

    def after(self, seq: int, leg: str = "") -> list[Sight]:
        """Those that needed a record after `seq`; of one leg, if it is named."""
        told = self._by_leg[leg] if leg else self._all
        return told[bisect_right(told, seq, key=lambda sight: sight.seq) :]

    def listen(self, listener: Callable[[Sight], None]) -> Callable[[], None]:
        """Hand every new sight over, until the returned function is called."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def _hear(self, record: Record) -> None:
        for sight in self._watcher.sights(record):
            for told in (self._all, self._by_leg[sight.leg]):
                told.append(sight)
                if self._most is not None and len(told) > 2 * self._most:
                    del told[: -self._most]
            for listener in tuple(self._listeners):
                listener(sight)


def sights(records: Iterable[Record]) -> list[Sight]:
    """All that can be seen in these records."""
    watcher = Watcher()
    return [sight for record in records for sight in watcher.sights(record)]


def point(value: Any, pointer: str) -> Any:
    """What stands at a JSON pointer, else MISSING; `/length` at its end counts what is there."""
    for step in (s.replace("~1", "/").replace("~0", "~") for s in pointer.split("/")[1:]):
        if isinstance(value, Mapping) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.lstrip("-").isdecimal():
            number = int(step)
            if not -len(value) <= number < len(value):
                return MISSING
            value = value[number]
        elif isinstance(value, list | Mapping) and step == "length":
            value = len(value)
        else:
            return MISSING
    return value


def _part(record: Record, place: int) -> Any:
    parts = _decoded(record["frame"])
    return parts[place] if isinstance(parts, list) and len(parts) > place else MISSING


def _decoded(text: str | None) -> Any:
    try:
        return msgspec.json.decode(text) if text else MISSING
    except (msgspec.DecodeError, RecursionError):
        return MISSING
