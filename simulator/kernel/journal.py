"""The journal: all that happens in a world, in order, as records of the format roamlab-journal/1.

Rule: the interface, expectations, reports and replay read nothing else. Secrets are redacted before
a record exists, unless the journal was asked to keep them.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import msgspec

from simulator.kernel.clock import Clock, rfc3339
from simulator.kernel.journal_file import JournalFile, encode
from simulator.kernel.redaction import redact_body, redact_frame, redact_headers, redact_url
from simulator.mistakes import Exit, Mistake

FORMAT = "roamlab-journal/1"
Leg = Literal["ocpp", "ocpi", "event", "finding", "step", "fault"]
LEGS: frozenset[str] = frozenset({"ocpp", "ocpi", "event", "finding", "step", "fault"})
Record = dict[str, Any]
Subscriber = Callable[[Record], None]

_INSTANT, _MILLISECOND = timedelta(0), timedelta(milliseconds=1)
_LINKS_KEPT = 100_000


class JournalError(Mistake, ValueError):
    """A journal file cannot be read, or written any more: the message names the file, and the line
    where there is one.
    """


class Journal:
    """Append records, hand them to subscribers, write them as NDJSON, and link what belongs to one
    session.

    `lost` is told when the file cannot be written any more (JournalError), or when a subscriber
    fails: it is dropped. Without `lost` the error is raised where the record is made.
    """

    lost: Callable[[Exception], None] | None = None

    def __init__(
        self,
        clock: Clock,
        *,
        seed: int | None = None,
        world: str | None = None,
        keep: int | None = None,
        secrets: bool = False,
    ) -> None:
        self.clock = clock
        self.header: Record = {"format": FORMAT, "seed": seed, "clock": str(clock), "world": world}
        self.secrets = secrets
        self.seq = 0
        self._records: deque[Record] = deque(maxlen=keep)
        self._subscribers: list[Subscriber] = []
        self._file: JournalFile | None = None
        self._links: OrderedDict[str, str] = OrderedDict()
        self._last_at: tuple[datetime, str] = (datetime.min.replace(tzinfo=UTC), "")

    # Writing

    def append(
        self,
        leg: Leg,
        actor: str,
        peer: str | None = None,
        session: str | None = None,
        **fields: Any,
    ) -> Record:
        """Add one record now; returns it with its `seq`. `fields` are those of the leg
        (docs/journal.md).
        """
        return self._add(
            {
                "seq": self.seq + 1,
                "at": self._stamp(),
                "leg": leg,
                "actor": actor,
                "peer": peer,
                "session": session,
                **fields,
            }
        )

    def _add(self, record: Record) -> Record:
        self.seq += 1
        self._records.append(record)
        if self._file is not None:
            self._file.write(record)
        if self._subscribers:
            for subscriber in tuple(self._subscribers):
                try:
                    subscriber(record)
                except Exception as error:
                    self._drop(subscriber, error)
        return record

    def _drop(self, subscriber: Subscriber, error: Exception) -> None:
        """A subscriber failed: whoever made the record has no part in that."""
        if self.lost is None:
            raise error
        if subscriber in self._subscribers:
            self._subscribers.remove(subscriber)
        self.lost(error)

    def _stamp(self) -> str:
        """The world's time; a millisecond is spelled once, however many records it sees."""
        now = self.clock.now()
        began, text = self._last_at
        if now is began:  # as the virtual clock has it
            return text
        same = _INSTANT <= now - began < _MILLISECOND
        if not same or now.microsecond // 1000 != began.microsecond // 1000:
            text = rfc3339(now)
            self._last_at = (now, text)
        return text

    def event(
        self,
        actor: str,
        what: str,
        *,
        peer: str | None = None,
        session: str | None = None,
        **data: Any,
    ) -> Record:
        """Record what an actor decided: `what` is a short dotted name, `data` its particulars."""
        return self.append("event", actor, peer, session, what=what, data=data)

    def ocpp(
        self,
        actor: str,
        peer: str,
        session: str | None,
        *,
        version: str,
        direction: Literal["sent", "received"],
        frame: str,
        message_type: int | None,
        message_id: str | None,
        action: str | None,
        errors: list[str] | None = None,
    ) -> Record:
        """Record one OCPP frame as it stood on the wire; a frame seen from the far end inherits its
        session.
        """
        if message_id is not None:
            if session is not None:
                self.link(f"message/{message_id}", session)
            else:
                session = self.session_of(f"message/{message_id}")
        # Written out: most records are frames, and this is a good part of what a frame costs.
        return self._add(
            {
                "seq": self.seq + 1,
                "at": self._stamp(),
                "leg": "ocpp",
                "actor": actor,
                "peer": peer,
                "session": session,
                "version": version,
                "action": action,
                "message_type": message_type,
                "message_id": message_id,
                "direction": direction,
                "frame": frame if self.secrets else redact_frame(frame),
                "errors": errors or [],
            }
        )

    def ocpi(
        self,
        actor: str,
        peer: str,
        session: str | None,
        *,
        version: str | None,
        module: str | None,
        method: str,
        url: str,
        direction: Literal["sent", "received"],
        request_headers: Mapping[str, str],
        request_body: str,
        response_headers: Mapping[str, str] | None,
        response_body: str | None,
        http_status: int | None,
        status_code: int | None,
        ms: float,
    ) -> Record:
        """Record one OCPI exchange, request and response together; `direction` tells who asked."""

        hides = not self.secrets and module in ("credentials", None)
        head = dict if self.secrets else redact_headers
        if hides:
            request_body = redact_body(request_body)
            response_body = redact_body(response_body) if response_body else response_body
        response = None
        if http_status is not None:
            response = {"headers": head(response_headers or {}), "body": response_body}
        return self._add(
            {
                "seq": self.seq + 1,
                "at": self._stamp(),
                "leg": "ocpi",
                "actor": actor,
                "peer": peer,
                "session": session,
                "version": version,
                "module": module,
                "method": method,
                "url": url if self.secrets else redact_url(url),
                "direction": direction,
                "request": {"headers": head(request_headers), "body": request_body},
                "response": response,
                "http_status": http_status,
                "status_code": status_code,
                "ms": round(ms, 3),
            }
        )

    def finding(
        self,
        actor: str,
        peer: str,
        session: str | None,
        *,
        rule: str,
        severity: str,
        pointer: str,
        seen: Any,
        expected: str,
        message_seq: int | None,
        objects: Iterable[str] = (),
    ) -> Record:
        """Record that a rule broke: where (JSON pointer), what was seen, what was expected, in
        which message.
        """
        return self.append(
            "finding",
            actor,
            peer,
            session,
            rule=rule,
            severity=severity,
            pointer=pointer,
            seen=seen,
            expected=expected,
            message_seq=message_seq,
            objects=list(objects),
        )

    # Reading

    @property
    def records(self) -> deque[Record]:
        """The records still held, oldest first."""
        return self._records

    def since(self, seq: int) -> list[Record]:
        """The records held after `seq`."""
        first = self.seq - len(self._records)
        skip = max(0, seq - first)
        return [record for index, record in enumerate(self._records) if index >= skip]

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Hand every new record to `subscriber`, until the returned function is called."""
        self._subscribers.append(subscriber)

        def unsubscribe() -> None:
            if subscriber in self._subscribers:
                self._subscribers.remove(subscriber)

        return unsubscribe

    async def wait_for(
        self, matches: Callable[[Record], bool], *, timeout_s: float, after: int = 0
    ) -> Record:
        """The first record after `after` that matches, now or to come. Raises TimeoutError."""
        for record in self.since(after):
            if matches(record):
                return record
        found: asyncio.Future[Record] = asyncio.get_running_loop().create_future()

        def look(record: Record) -> None:
            if not found.done() and matches(record):
                found.set_result(record)

        unsubscribe = self.subscribe(look)
        try:
            return await self.clock.wait_for(found, timeout_s)
        finally:
            unsubscribe()

    # Correlation: what an actor knows by its own key belongs to one session, from plug-in to CDR

    def link(self, key: str, session: str) -> None:
        """Say that `key` (a transaction, a message, a CDR) belongs to `session`."""
        self._links[key] = session
        self._links.move_to_end(key)
        if len(self._links) > _LINKS_KEPT:
            self._links.popitem(last=False)

    def session_of(self, *keys: str | None) -> str | None:
        """The session of the first key that has one."""
        for key in keys:
            if key is not None and (session := self._links.get(key)) is not None:
                return session
        return None

    # NDJSON

    def open(self, path: Path) -> None:
        """Write to `path` from here on: the header, the records held, then each as it comes. Raises
        OSError.
        """
        self._file = JournalFile(path, self.dump(), self._file_lost)

    def _file_lost(self, error: OSError) -> None:
        """The file takes no more. Raises JournalError where nobody is to be told."""
        file, self._file = self._file, None
        problem = JournalError(
            f"{file.path if file else ''}: the journal cannot be written any more:"
            f" {error.strerror or error}",
            Exit.INTERNAL,
        )
        if self.lost is None:
            raise problem from error
        self.lost(problem)

    def close(self) -> None:
        """Flush and close the file, if there is one."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def dump(self) -> bytes:
        """The journal held, as the bytes of its file."""
        lines = [encode(self.header), *(encode(r) for r in self._records)]
        return b"\n".join(lines) + b"\n"


def read(path: Path) -> Iterator[Record]:
    """Yield the header, then the records of a journal file. Raises JournalError, OSError."""
    decode = msgspec.json.decode
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                record = decode(line)
            except msgspec.DecodeError as error:
                raise JournalError(f"{path}:{number}: not JSON: {error}") from error
            if not isinstance(record, dict):
                raise JournalError(f"{path}:{number}: expected a JSON object")
            if number == 1 and record.get("format") != FORMAT:
                raise JournalError(f"{path}:1: not a {FORMAT} file: {record.get('format')!r}")
            yield record
