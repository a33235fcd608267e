"""The peer's book: connections, what CPOs shared, tokens, verdicts, CDRs, commands and findings.

Rule: memory answers, SQLite remembers. Each change is on the shelf before the call returns, and a
book opened on an old file knows all that it was told (OCPI 1000 means: kept).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, Protocol

import msgspec

from mock_peer import facts, raw
from mock_peer import profile as profiles
from mock_peer.known import (
    Authorization,
    Interruption,
    Known,
    KnownCdr,
    KnownLocation,
    KnownTariff,
    Tokens,
    owned_key,
    session_key,
)
from mock_peer.profile import Profile
from mock_peer.settings import Answers
from mock_peer.shelf_memory import MEMORY, MemoryShelf, open_shelf
from mock_peer.tally import Tally
from simulator.ocpi.connection import Connection, party_of
from simulator.ocpi.envelope import Json, read_json, write_json

# What a CPO told, and what came of it; connections, tokens and settings are kept apart.
TOLD = (
    "location",
    "tariff",
    "dropped",
    "session",
    "cdr",
    "authorization",
    "interruption",
    "command",
    "finding",
)


class Watcher(Protocol):
    """Who is told of each change by a CPO, once it is kept; the Roam face shows it to EMPs."""

    def location_changed(self, connection: Connection, body: Json, outside: bool) -> None:
        """A location as it now is; `outside`: refused for its country."""

    def location_removed(self, connection: Connection, body: Json) -> None:
        """A location that is gone, as it was."""

    def tariff_changed(self, connection: Connection, tariff_id: str, body: Json) -> None:
        """A tariff as it now is; None: deleted."""

    def session_changed(self, connection: Connection, session: Json) -> None:
        """A session as it now is."""

    def cdr_accepted(self, connection: Connection, body: Json) -> None:
        """A CDR as it came on the wire; not to be changed."""

    def connection_ended(self, connection: Connection) -> None:
        """A CPO whose registration ended, or whose data was forgotten."""


class Book:
    """All that the peer holds. It is the connection store of the OCPI server, too."""

    def __init__(
        self, database: str | MemoryShelf = MEMORY, *, profile: Profile | None = None
    ) -> None:
        self.default_profile = profile or Profile()
        self.tokens = Tokens()
        self.broken = Tally()
        self.watcher: Watcher | None = None
        self._shelf = open_shelf(database)
        self._connections: dict[str, Connection] = {}
        self._known: dict[str, Known] = {}
        self._profiles: dict[str, Profile] = {}
        self._load()

    def started(self) -> int:
        """Count a start on this book; returns how many there were before."""
        return self._count("starts") - 1

    def close(self) -> None:
        """Close the file."""
        self._shelf.close()

    def _load(self) -> None:
        row = self._shelf.get("answers", "", "")
        self._answers = msgspec.json.decode(row.body, type=Answers) if row else Answers()
        for row in self._shelf.rows("token"):
            self.tokens.take(read_json(row.body))
        for row in self._shelf.rows("connection"):
            connection = Connection.from_json(read_json(row.body))
            self._connections[connection.id] = connection
            self._known[connection.id] = self._loaded(connection)
        for finding in self.findings():
            self.broken.take(finding)

    def _loaded(self, connection: Connection) -> Known:
        known, shelf, here = Known(tokens=self.tokens), self._shelf, connection.id
        for row in shelf.rows("location", here):
            at, _, outside = row.note.partition(" ")
            shared = KnownLocation(read_json(row.body), datetime.fromisoformat(at), bool(outside))
            known.take_location(shared)
        for row in shelf.rows("tariff", here):
            at, _, tariff_id = row.note.partition(" ")
            body = read_json(row.body)
            known.take_tariff(tariff_id, KnownTariff(body, datetime.fromisoformat(at)))
        known.dropped.update(key for key, _ in shelf.notes("dropped", here))
        for row in shelf.rows("session", here):
            known.take_session(read_json(row.body))
        for row in shelf.rows("authorization", here):
            known.take_authorization(msgspec.json.decode(row.body, type=Authorization))
        for row in shelf.rows("interruption", here):
            known.interruptions.append(msgspec.json.decode(row.body, type=Interruption))
        for key, note in shelf.notes("cdr", here):
            known.take_cdr(key, _cdr_of(note))
        known.roles = _cpo_roles(connection, self.profile(connection))
        return known

    # Connections (simulator.ocpi.connection.ConnectionStore)

    def by_token(self, token: str) -> Connection | None:
        """The connection whose peer proves itself with `token`."""
        return next((c for c in self._connections.values() if c.accepts(token)), None)

    def save(self, connection: Connection) -> None:
        """Insert or replace, by id."""
        self._connections[connection.id] = connection
        self._profiles.pop(connection.id, None)
        known = self._known.setdefault(connection.id, Known(tokens=self.tokens))
        known.roles = _cpo_roles(connection, self.profile(connection))
        self._shelf.put("connection", "", connection.id, write_json(connection.to_json()))

    def remove(self, connection: Connection) -> None:
        """Forget a connection and its tokens; what its CPO told stays for the record."""
        self._connections.pop(connection.id, None)
        self._profiles.pop(connection.id, None)
        self._shelf.drop("connection", "", connection.id)
        if self.watcher is not None:
            self.watcher.connection_ended(connection)

    def all(self) -> list[Connection]:
        """Every connection, oldest first."""
        return list(self._connections.values())

    def connection(self, connection_id: str) -> Connection | None:
        """The connection of that id."""
        return self._connections.get(connection_id)

    def new_connection_id(self) -> str:
        """An id that no connection ever had."""
        return f"cpo-{self._count('connections-made')}"

    def known(self, connection: Connection) -> Known:
        """What is known of a connection."""
        return self._known[connection.id]

    def profile(self, connection: Connection) -> Profile:
        """A connection's profile: its own, else the peer's."""
        found = self._profiles.get(connection.id)
        if found is None:
            told = connection.extra.get("profile")
            found = profiles.parse(told) if told is not None else self.default_profile
            self._profiles[connection.id] = found
        return found

    # What CPOs share

    def put_location(
        self, connection: Connection, body: Json, now: datetime, *, outside: bool = False
    ) -> bool:
        """Keep a location (canonical); True if it is new. `outside`: refused for its country."""
        known, key = self.known(connection), raw.key(body, "/id") or ""
        before = known.locations.get(key)
        new = before is None or before.outside
        shared_at = now if before is None or new else before.shared_at
        known.take_location(KnownLocation(body, shared_at, outside))
        note = f"{shared_at.isoformat()}{' outside' if outside else ''}"
        self._shelf.put("location", connection.id, key, write_json(body), note)
        if self.watcher is not None:
            self.watcher.location_changed(connection, body, outside)
        return new

    def share_location(
        self, connection: Connection, body: Json, now: datetime, outside: bool
    ) -> bool:
        """Keep a location that came whole; True if it is new. One that is refused for its country
        is kept as such only where none was taken before: a refused change changes nothing.
        """
        before = self.known(connection).location(raw.text(body, "/id"))
        if outside and before is not None and not before.outside:
            return False
        return self.put_location(connection, body, now, outside=outside)

    def remove_location(self, connection: Connection, location_id: str) -> None:
        """Forget a location that its owner no longer lists."""
        key = location_id.casefold()
        known = self.known(connection)
        gone = known.location(key)
        known.forget_location(key)
        self._shelf.drop("location", connection.id, key)
        if self.watcher is not None and gone is not None:
            self.watcher.location_removed(connection, gone.body)

    def put_tariff(self, connection: Connection, tariff_id: str, body: Json, now: datetime) -> bool:
        """Keep a new state of a tariff (canonical; None: deleted); True if there was none."""
        known = self.known(connection)
        before = known.tariff(tariff_id)
        if before != body:
            known.take_tariff(tariff_id, KnownTariff(body, now))
            states = len(known.tariffs[tariff_id.casefold()])
            key, note = f"{tariff_id.casefold()} {states}", f"{now.isoformat()} {tariff_id}"
            self._shelf.put("tariff", connection.id, key, write_json(body), note)
            if self.watcher is not None:
                self.watcher.tariff_changed(connection, tariff_id, body)
        if tariff_id.casefold() in known.dropped:
            known.dropped.discard(tariff_id.casefold())
            self._shelf.drop("dropped", connection.id, tariff_id.casefold())
        return before is None

    def drop_tariff(self, connection: Connection, tariff_id: str, now: datetime) -> None:
        """Keep of a tariff only that it came with a type that is not used."""
        self.put_tariff(connection, tariff_id, None, now)
        self.known(connection).dropped.add(tariff_id.casefold())
        self._shelf.put("dropped", connection.id, tariff_id.casefold(), b"")

    def put_session(self, connection: Connection, body: Json) -> bool:
        """Keep a session (canonical); True if it is new."""
        new = self.known(connection).take_session(body)
        self._shelf.put("session", connection.id, owned_key(body), write_json(body))
        if self.watcher is not None:
            self.watcher.session_changed(connection, body)
        return new

    def put_cdr(
        self, connection: Connection, key: str, body: bytes, told: Json, *, accepted: bool
    ) -> None:
        """Keep a CDR as it came on the wire; `told` is what its bytes say."""
        known, reference = self.known(connection), raw.key(told, "/authorization_reference")
        rests_on = visit = None
        if accepted and connection.version is not None:
            seen = facts.of_cdr(told, connection.version, known)
            visit = seen.visit
            if reference is None and seen.allowing is not None:
                rests_on = seen.allowing.reference.casefold()
        cdr = KnownCdr(digest_of(body), accepted, session_key(told), reference, rests_on, visit)
        known.take_cdr(key, cdr)
        self._shelf.put("cdr", connection.id, key, body, _note_of(cdr))
        if self.watcher is not None and accepted:
            self.watcher.cdr_accepted(connection, told)

    def cdr(self, connection: Connection, key: str) -> bytes | None:
        """A CDR as it came on the wire."""
        row = self._shelf.get("cdr", connection.id, key)
        return row.body if row else None

    def cdrs(self, connection: Connection) -> Iterator[bytes]:
        """The CDRs that were accepted, as they came."""
        rows = self._shelf.rows("cdr", connection.id)
        return (row.body for row in rows if _cdr_of(row.note).accepted)

    # What Plugsurfing decides

    def put_token(self, token: Mapping[str, Any]) -> bool:
        """Keep a token (canonical); True if it is new."""
        key = (token["uid"].casefold(), token["type"])
        new = key not in self.tokens.all
        self.tokens.take(dict(token))
        self._shelf.put("token", "", " ".join(key), write_json(token))
        return new

    def put_authorization(self, connection: Connection, verdict: Authorization) -> None:
        """Keep a verdict."""
        self.known(connection).take_authorization(verdict)
        body = msgspec.json.encode(verdict)
        self._shelf.put("authorization", connection.id, verdict.reference, body)

    @property
    def answers(self) -> Answers:
        """What real-time authorization answers."""
        return self._answers

    def set_answers(self, answers: Answers, now: datetime) -> None:
        """Change what real-time authorization answers; silence by default is an interruption."""
        was, self._answers = self._answers, answers
        self._shelf.put("answers", "", "", msgspec.json.encode(answers))
        if was.default.no_answer == answers.default.no_answer:
            return
        for connection in self.all():
            gaps = self.known(connection).interruptions
            if answers.default.no_answer:
                gaps.append(Interruption(now))
            elif gaps and gaps[-1].until is None:
                gaps[-1] = Interruption(gaps[-1].since, now)
            if gaps:
                body = msgspec.json.encode(gaps[-1])
                self._shelf.put("interruption", connection.id, str(len(gaps)), body)

    # Commands and findings

    def put_command(self, command: Mapping[str, Any]) -> None:
        """Keep a command with what became of it, by its id."""
        self._shelf.put("command", "", command["id"], write_json(command))

    def command(self, command_id: str) -> dict[str, Any] | None:
        """A command that was sent."""
        row = self._shelf.get("command", "", command_id)
        found: dict[str, Any] | None = read_json(row.body) if row else None
        return found

    def commands(self) -> list[dict[str, Any]]:
        """The commands sent, oldest first."""
        return [read_json(row.body) for row in self._shelf.rows("command")]

    def add_finding(self, finding: Mapping[str, Any]) -> int:
        """Keep a finding; returns its number, from 1."""
        number = self._count("findings-made")
        self.broken.take(finding)
        body = write_json({"number": number, **finding})
        self._shelf.put("finding", "", f"{number:012}", body)
        return number

    @property
    def findings_made(self) -> int:
        """How many findings there ever were."""
        row = self._shelf.get("count", "", "findings-made")
        return int(row.note) if row else 0

    def findings(self, after: int = 0) -> Iterator[dict[str, Any]]:
        """The findings after a number, oldest first."""
        for row in self._shelf.rows("finding"):
            if int(row.key) > after:
                yield read_json(row.body)

    def forget(self) -> None:
        """Forget all that was told, and what came of it; connections, tokens, settings stay."""
        self._shelf.clear(*TOLD)
        self.broken.clear()
        for connection in self.all():
            known = Known(tokens=self.tokens, roles=self.known(connection).roles)
            self._known[connection.id] = known
            if self.watcher is not None:
                self.watcher.connection_ended(connection)

    def forget_tokens(self) -> None:
        """Forget all tokens."""
        self._shelf.clear("token")
        self.tokens.clear()

    def _count(self, name: str) -> int:
        row = self._shelf.get("count", "", name)
        number = int(row.note) + 1 if row else 1
        self._shelf.put("count", "", name, b"", str(number))
        return number


def digest_of(body: bytes) -> str:
    """What tells one body from another."""
    return hashlib.blake2b(body, digest_size=16).hexdigest()


def _note_of(cdr: KnownCdr) -> str:
    """A CDR's note on the shelf: digest, verdict, and what it bills as JSON."""
    bills = (cdr.session, cdr.reference, cdr.rests_on, cdr.visit)
    verdict = "accepted" if cdr.accepted else "refused"
    return f"{cdr.digest} {verdict} {msgspec.json.encode(bills).decode()}"


def _cdr_of(note: str) -> KnownCdr:
    digest, verdict, bills = f"{note}  ".split(" ", 2)  # an older book tells nothing behind it
    told = msgspec.json.decode(bills) if bills.strip() else []
    return KnownCdr(digest, verdict == "accepted", *told)


def as_json(verdict: Authorization) -> dict[str, Any]:
    """A verdict as plain JSON."""
    return asdict(verdict)


def _cpo_roles(connection: Connection, profile: Profile) -> frozenset[tuple[str, str]]:
    """The CPOs that a connection speaks for: by its credentials, and as the profile names them."""
    roles = [party_of(r) for r in connection.their_roles if r.get("role") == "CPO"]
    parties = (*profile.cpos, *((profile.main_cpo,) if profile.main_cpo else ()))
    told = [(party.country_code, party.party_id) for party in parties]
    both = [*roles, *told] if roles else []
    return frozenset((country.casefold(), party.casefold()) for country, party in both)
