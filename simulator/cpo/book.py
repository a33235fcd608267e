"""The CPO's book: everything it must not forget, in SQLite.

Rule: one small class a subject, each with its own tables (`store.SCHEMA`); a caller that
acknowledges something awaits `book.committed()` first.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from simulator.cpo.authorize import Decision, Known, Token
from simulator.cpo.book_peers import Cdrs, Connections, Outbox
from simulator.cpo.book_plugs import Plugs
from simulator.cpo.book_sessions import Sessions
from simulator.cpo.store import Store, emaid_key
from simulator.kernel.clock import Clock, rfc3339
from simulator.pki.emaid import contract_key

_json = msgspec.json.Encoder(decimal_format="number")
# OCPI token types whose uid may be an EMAID; EMAID itself is from 2.3 on.
_OF_CONTRACTS = ("EMAID", "OTHER")


class Book:
    """The subjects of one book."""

    def __init__(self, path: str | Path | bytes, clock: Clock) -> None:
        self._store = Store(path, clock)
        self.settings = Settings(self._store)
        self.stations = Stations(self._store)
        self.tokens = Tokens(self._store)
        self.plugs = Plugs(self._store)
        self.sessions = Sessions(self._store)
        self.cdrs = Cdrs(self._store)
        self.outbox = Outbox(self._store)
        self.connections = Connections(self._store)

    def started(self) -> int:
        """Count a start on this book; returns how many there were before. Raises sqlite3.Error."""
        before = self.settings.count("starts") - 1
        self._store.flush()
        return before

    def together(self) -> AbstractContextManager[None]:
        """Keep all that is written inside, or none of it if it raises. Not across an await."""
        return self._store.together()

    def on_lost(self, forget: Callable[[], None]) -> None:
        """Have it called when what was written and not yet committed is gone."""
        self._store.on_lost.append(forget)

    async def committed(self) -> None:
        """Return when all that was written so far is durable. Raises sqlite3.Error."""
        await self._store.committed()

    def abandon(self) -> bytes | None:
        """Lose what is not committed, and keep nothing from now on: see `Store.abandon`."""
        return self._store.abandon()

    def close(self) -> None:
        """Commit and close."""
        self._store.close()


class Settings:
    """Named values: counters that must never go back."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def count(self, name: str) -> int:
        """The next number of a counter, from 1."""
        row = self._store.row("SELECT value FROM settings WHERE name = ?", (name,))
        number = int(row[0]) + 1 if row else 1
        self._store.write("REPLACE INTO settings VALUES (?, ?)", (name, str(number)))
        return number


class Boot(NamedTuple):
    """A station's last boot."""

    version: str
    status: str
    booted_at: str
    body: dict[str, Any]


class ConnectorStatus(NamedTuple):
    """A connector's last status, in OCPP's words."""

    evse_id: int
    connector_id: int
    status: str
    error: str
    at: str


class Stations:
    """What stations told of themselves."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def booted(
        self, station_id: str, version: str, status: str, body: dict[str, Any], at: datetime
    ) -> None:
        """Keep a boot notification and our answer's status."""
        row = (station_id, version, _json.encode(body), status, rfc3339(at))
        self._store.write("REPLACE INTO stations VALUES (?, ?, ?, ?, ?)", row)

    def boot(self, station_id: str) -> Boot | None:
        """The last boot of a station."""
        row = self._store.row(
            "SELECT version, status, booted_at, boot FROM stations WHERE id = ?", (station_id,)
        )
        return Boot(row[0], row[1], row[2], msgspec.json.decode(row[3])) if row else None

    def set_connector(self, station_id: str, status: ConnectorStatus) -> None:
        """Keep a connector's status; EVSE 0 and connector 0 are the station (1.6)."""
        row = (station_id, *status)
        self._store.write("REPLACE INTO connectors VALUES (?, ?, ?, ?, ?, ?)", row)

    def connectors(self, station_id: str) -> list[ConnectorStatus]:
        """The statuses of a station's connectors."""
        rows = self._store.rows(
            "SELECT evse_id, connector_id, status, error, at FROM connectors WHERE station_id = ?",
            (station_id,),
        )
        return [ConnectorStatus(*row) for row in rows]

    def set_evse(self, location_id: str, evse_uid: str, status: str, at: str) -> None:
        """Keep the OCPI status of an EVSE and when it changed."""
        row = (location_id, evse_uid, status, at)
        self._store.write("REPLACE INTO evses VALUES (?, ?, ?, ?)", row)

    def evses(self) -> list[tuple[str, str, str, str]]:
        """Location id, EVSE uid, OCPI status, last_updated of every EVSE that has told one."""
        rows = self._store.rows("SELECT location_id, evse_uid, status, at FROM evses")
        return [(row[0], row[1], row[2], row[3]) for row in rows]

    def notice(self, station_id: str, action: str, body: dict[str, Any], at: datetime) -> None:
        """Keep what a station tells and nothing acts upon."""
        row = (station_id, rfc3339(at), action, _json.encode(body))
        self._store.write(
            "INSERT INTO notices (station_id, at, action, body) VALUES (?, ?, ?, ?)", row
        )

    def notices(self, station_id: str) -> list[tuple[str, dict[str, Any]]]:
        """Action and payload of every notice, oldest first."""
        rows = self._store.rows(
            "SELECT action, body FROM notices WHERE station_id = ? ORDER BY n", (station_id,)
        )
        return [(action, msgspec.json.decode(body)) for action, body in rows]


class Tokens:
    """The tokens that peers have sent, our own list of blocked ones, and what was granted."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def put(self, connection_id: str, token: Token) -> bool:
        """Insert or replace by uid and type; True if it was not there before."""
        new = self.get(connection_id, token["uid"], token["type"]) is None
        row = (
            connection_id,
            token["uid"],
            token["type"],
            token.get("last_updated", ""),
            _json.encode(token),
            emaid_key(token["uid"]) if token["type"] in _OF_CONTRACTS else None,
        )
        self._store.write("REPLACE INTO tokens VALUES (?, ?, ?, ?, ?, ?)", row)
        return new

    def get(self, connection_id: str, uid: str, type_: str) -> Token | None:
        """One peer's token."""
        row = self._store.row(
            "SELECT body FROM tokens WHERE connection_id = ? AND uid = ? AND type = ?",
            (connection_id, uid, type_),
        )
        return msgspec.json.decode(row[0]) if row else None

    def find(self, uid: str, types: tuple[str, ...]) -> Known | None:
        """The token that a station means, whoever's it is: the likeliest type first.

        A contract is found however it is spelled, if no token has this very uid.
        """
        found = self._fitting("uid", uid, types)
        if found is None and (key := emaid_key(uid)) is not None:
            found = self._fitting("contract_key", key, types)
        return found

    def _fitting(
        self, column: Literal["uid", "contract_key"], value: str, types: tuple[str, ...]
    ) -> Known | None:
        rows = self._store.rows(
            "SELECT type, connection_id, body FROM tokens"
            f" WHERE {column} = ? ORDER BY connection_id, uid",
            (value,),
        )
        fitting = [row for row in rows if row[0] in types]
        if not fitting:
            return None
        _, connection_id, body = min(fitting, key=lambda row: types.index(row[0]))
        return Known(connection_id, msgspec.json.decode(body))

    def keep_only(self, connection_id: str, listed: set[tuple[str, str]]) -> int:
        """Remove a peer's tokens (uid, type) that are not listed; returns how many."""
        rows = self._store.rows(
            "SELECT uid, type FROM tokens WHERE connection_id = ?", (connection_id,)
        )
        gone = [(connection_id, uid, kind) for uid, kind in rows if (uid, kind) not in listed]
        self._store.write_many(
            "DELETE FROM tokens WHERE connection_id = ? AND uid = ? AND type = ?", gone
        )
        return len(gone)

    def count(self) -> int:
        """How many there are."""
        row = self._store.row("SELECT count(*) FROM tokens")
        return row[0] if row else 0

    def forget_peer(self, connection_id: str) -> None:
        """Remove the tokens of a peer that has left."""
        self._store.write("DELETE FROM tokens WHERE connection_id = ?", (connection_id,))

    def block(self, uid: str) -> None:
        """Put a token, or a contract in any spelling, on the operator's own list."""
        self._store.write("REPLACE INTO blocked VALUES (?)", (contract_key(uid),))

    def unblock(self, uid: str) -> None:
        """Take it off."""
        self._store.write("DELETE FROM blocked WHERE uid = ?", (contract_key(uid),))

    def blocked(self) -> list[str]:
        """The list, each as `contract_key` spells it."""
        return [row[0] for row in self._store.rows("SELECT uid FROM blocked ORDER BY uid")]

    def is_blocked(self, uid: str) -> bool:
        """True if it is on the operator's own list."""
        key = contract_key(uid)
        return self._store.row("SELECT 1 FROM blocked WHERE uid = ?", (key,)) is not None

    def grant(self, station_id: str, tag: str, decision: Decision, until: datetime) -> None:
        """Keep a decision for the transaction that it is for.

        `tag` is as the station knows it; of a contract every spelling is the same.
        """
        row = (station_id, contract_key(tag), rfc3339(until), _json.encode(decision))
        self._store.write("REPLACE INTO grants VALUES (?, ?, ?, ?)", row)

    def granted(self, station_id: str, tag: str, now: datetime) -> Decision | None:
        """What was decided for this token here, if it is fresh."""
        row = self._store.row(
            "SELECT body FROM grants WHERE station_id = ? AND uid = ? AND expires_at > ?",
            (station_id, contract_key(tag), rfc3339(now)),
        )
        return msgspec.json.decode(row[0], type=Decision) if row else None

    def use_up(self, station_id: str, tag: str) -> None:
        """A decision has served its transaction."""
        key = contract_key(tag)
        self._store.write("DELETE FROM grants WHERE station_id = ? AND uid = ?", (station_id, key))
