"""The book's side towards peers: connections, CDRs, and what peers have yet to be told.

Rule: a CDR is written once and its body never changes; the outbox names what is due, not what was
said, so that a peer which was away learns the present state and no history (OCPI 2.2.1
transport_and_format, "No queuing of messages").
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple

import msgspec

from simulator.cpo.store import Store
from simulator.kernel.clock import rfc3339
from simulator.ocpi.connection import Connection
from simulator.ocpi.paging import Page, Window

CdrState = Literal["pending", "accepted", "refused", "unsendable"]
Kind = Literal["session", "cdr"]

_json = msgspec.json.Encoder(decimal_format="number")
_exact = msgspec.json.Decoder(float_hook=Decimal)


class CdrRow(NamedTuple):
    """A CDR and how its delivery stands; `url` is the Location that the peer gave it."""

    id: str
    connection_id: str | None
    state: CdrState
    attempts: int
    url: str | None
    message: str | None
    body: dict[str, Any]


class Standing(NamedTuple):
    """How a CDR's delivery stands, without the CDR."""

    id: str
    connection_id: str | None
    state: CdrState
    attempts: int
    message: str | None


_CDR_COLUMNS = "id, connection_id, state, attempts, url, message, body"


class Cdrs:
    """CDRs by id: the id of their session."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def put(self, connection_id: str | None, cdr: dict[str, Any], state: CdrState) -> None:
        """Keep a new CDR; one that is there already stays as it is."""
        self._store.write(
            "INSERT OR IGNORE INTO cdrs (id, session_id, connection_id, state, last_updated, body)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (
                cdr["id"],
                cdr.get("session_id", cdr["id"]),
                connection_id,
                state,
                cdr.get("last_updated", ""),
                _json.encode(cdr),
            ),
        )

    def get(self, cdr_id: str) -> CdrRow | None:
        """A CDR, if there is one."""
        row = self._store.row(f"SELECT {_CDR_COLUMNS} FROM cdrs WHERE id = ?", (cdr_id,))
        if row is None:
            return None
        *columns, body = row
        return CdrRow._make([*columns, _exact.decode(body)])

    def all(self) -> list[CdrRow]:
        """Every CDR, by id."""
        rows = self._store.rows(f"SELECT {_CDR_COLUMNS} FROM cdrs ORDER BY id")
        return [CdrRow._make([*columns, _exact.decode(body)]) for *columns, body in rows]

    def answered(
        self, cdr_id: str, state: CdrState, *, url: str | None = None, message: str | None = None
    ) -> None:
        """Keep what came of an attempt to deliver it."""
        self._store.write(
            "UPDATE cdrs SET state = ?, attempts = attempts + 1, url = coalesce(?, url),"
            " message = ? WHERE id = ?",
            (state, url, message, cdr_id),
        )

    def adopt(self, connection_id: str, country_code: str, party_id: str) -> int:
        """Give a party that has registered anew what it is owed; returns how many CDRs."""
        orphans = (
            "SELECT id FROM cdrs WHERE state = 'pending'"
            " AND connection_id NOT IN (SELECT id FROM connections)"
            " AND json_extract(body, '$.cdr_token.country_code') = ?2"
            " AND json_extract(body, '$.cdr_token.party_id') = ?3"
        )
        values = (connection_id, country_code, party_id)
        self._store.write(
            f"UPDATE outbox SET connection_id = ?1 WHERE session_id IN ({orphans})", values
        )
        return self._store.write(
            f"UPDATE cdrs SET connection_id = ?1 WHERE id IN ({orphans})", values
        )

    def states(self) -> dict[str, int]:
        """How many there are in each state."""
        rows = self._store.rows("SELECT state, count(*) FROM cdrs GROUP BY state ORDER BY state")
        return dict(rows)

    def standing(self, limit: int) -> list[Standing]:
        """The newest CDRs that no peer has accepted."""
        rows = self._store.rows(
            "SELECT id, connection_id, state, attempts, message FROM cdrs"
            " WHERE state IN ('pending', 'refused', 'unsendable')"
            " ORDER BY last_updated DESC LIMIT ?",
            (limit,),
        )
        return [Standing._make(row) for row in rows]

    def page(self, connection_id: str, page: Page) -> Window[dict[str, Any]]:
        """What a peer may pull."""
        return page_of(self._store, "cdrs", connection_id, page)


class Outbox:
    """What is due to whom: a session's state, a CDR."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, session_id: str, kind: Kind, connection_id: str) -> None:
        """It is due."""
        row = (session_id, kind, connection_id)
        self._store.write("INSERT OR IGNORE INTO outbox VALUES (?, ?, ?)", row)

    def done(self, session_id: str, kind: Kind) -> None:
        """It has been told, or refused for good."""
        self._store.write(
            "DELETE FROM outbox WHERE session_id = ? AND kind = ?", (session_id, kind)
        )

    def due(self, connection_id: str | None = None) -> list[tuple[str, Kind]]:
        """What is due, to one peer or all: session id and kind, a session before its CDR."""
        rows = self._store.rows(
            "SELECT session_id, kind FROM outbox WHERE ?1 IS NULL OR connection_id = ?1"
            " ORDER BY session_id, kind DESC",
            (connection_id,),
        )
        return [(session_id, kind) for session_id, kind in rows]

    def rows(self, limit: int) -> list[tuple[str, Kind, str]]:
        """Some of what is due: session id, kind, connection id; a session before its CDR."""
        rows = self._store.rows(
            "SELECT session_id, kind, connection_id FROM outbox"
            " ORDER BY session_id, kind DESC LIMIT ?",
            (limit,),
        )
        return [(session_id, kind, connection_id) for session_id, kind, connection_id in rows]


class Connections:
    """Connections, as `ocpi.connection.ConnectionStore` wants them kept; few, so held in memory."""

    def __init__(self, store: Store) -> None:
        self._store = store
        rows = store.rows("SELECT body FROM connections ORDER BY n")
        self._held = {
            held.id: held for held in (Connection.from_json(_exact.decode(row[0])) for row in rows)
        }

    def by_token(self, token: str) -> Connection | None:
        """The connection whose peer proves itself with `token`."""
        return next((held for held in self._held.values() if held.accepts(token)), None)

    def save(self, connection: Connection) -> None:
        """Insert or replace, by id; durable when it returns. Raises sqlite3.Error."""
        self._store.write(
            "INSERT INTO connections (id, body) VALUES (?, ?)"
            " ON CONFLICT (id) DO UPDATE SET body = excluded.body",
            (connection.id, _json.encode(connection.to_json())),
        )
        self._store.flush()
        self._held[connection.id] = connection

    def remove(self, connection: Connection) -> None:
        """Forget it and its tokens. Raises sqlite3.Error."""
        self._store.write("DELETE FROM connections WHERE id = ?", (connection.id,))
        self._store.flush()
        self._held.pop(connection.id, None)

    def all(self) -> list[Connection]:
        """Every connection, oldest first."""
        return list(self._held.values())

    def get(self, connection_id: str | None) -> Connection | None:
        """A connection by id."""
        return self._held.get(connection_id) if connection_id else None


def page_of(
    store: Store, table: Literal["cdrs", "sessions"], connection_id: str, page: Page
) -> Window[dict[str, Any]]:
    """A page of a peer's objects; RFC 3339 in UTC with milliseconds sorts as text."""
    where = (
        "connection_id = ? AND last_updated IS NOT NULL AND last_updated >= ? AND last_updated < ?"
    )
    values = (connection_id, _bound(page.date_from, ""), _bound(page.date_to, "~"))
    total = store.row(f"SELECT count(*) FROM {table} WHERE {where}", values)
    order = "created_at, id" if table == "sessions" else "last_updated, id"
    rows = store.rows(
        f"SELECT body FROM {table} WHERE {where} ORDER BY {order} LIMIT ? OFFSET ?",
        (*values, page.limit, page.offset),
    )
    return Window([_exact.decode(row[0]) for row in rows], total[0] if total else 0, page)


def _bound(moment: datetime | None, otherwise: str) -> str:
    return otherwise if moment is None else rfc3339(moment)
