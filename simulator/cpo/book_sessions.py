"""The book's sessions: heads and events, the OCPI object last told, and strays.

Rule: an event is written once and never changed; a session in memory is its replay. One that
cannot be replayed stays in the book as it is, is named, and stops nobody else.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from simulator.cpo.book_peers import page_of
from simulator.cpo.session import Event, Head, Session, replay
from simulator.cpo.store import Store
from simulator.kernel.clock import rfc3339
from simulator.ocpi.paging import Page, Window

_json = msgspec.json.Encoder(decimal_format="number")
_heads = msgspec.json.Decoder(Head, float_hook=Decimal)
_events = msgspec.json.Decoder(Event)
_SELECT = "SELECT id, station_id, transaction_id, head FROM sessions"


class Sessions:
    """Sessions by id, and by the station's own name for them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        # Sessions that cannot be replayed, by station and its transaction, and why.
        self.unreadable: dict[tuple[str, str], str] = {}

    def begin(self, head: Head, start_key: str | None = None) -> None:
        """Keep a new session. `start_key` tells a repeated 1.6 StartTransaction."""
        self._store.write(
            "INSERT INTO sessions (id, station_id, transaction_id, start_key, open, created_at,"
            " head) VALUES (?, ?, ?, ?, 1, ?, ?)",
            (
                head.id,
                head.station_id,
                head.transaction_id,
                start_key,
                rfc3339(head.created_at),
                _json.encode(head),
            ),
        )

    def add(self, session_id: str, number: int, event: Event) -> None:
        """Keep the session's next event."""
        row = (session_id, number, _json.encode(event))
        self._store.write("INSERT INTO events VALUES (?, ?, ?)", row)

    def close(self, session_id: str) -> None:
        """It is over: no longer loaded at the start."""
        self._store.write("UPDATE sessions SET open = 0 WHERE id = ?", (session_id,))

    def told(self, connection_id: str, session: dict[str, Any]) -> None:
        """Keep the OCPI object as its peer is to see it."""
        self._store.write(
            "UPDATE sessions SET connection_id = ?, last_updated = ?, body = ? WHERE id = ?",
            (connection_id, session["last_updated"], _json.encode(session), session["id"]),
        )

    def load(self, session_id: str) -> Session | None:
        """A session by its OCPI id."""
        row = self._store.row(f"{_SELECT} WHERE id = ?", (session_id,))
        return self._replay(*row) if row else None

    def load_transaction(self, station_id: str, transaction_id: str) -> Session | None:
        """A session by the station's name for it."""
        row = self._store.row(
            f"{_SELECT} WHERE station_id = ? AND transaction_id = ?", (station_id, transaction_id)
        )
        return self._replay(*row) if row else None

    def load_started(self, start_key: str) -> Session | None:
        """The session that the same StartTransaction has begun before."""
        row = self._store.row(f"{_SELECT} WHERE start_key = ?", (start_key,))
        return self._replay(*row) if row else None

    def load_open(self) -> list[Session]:
        """All that are not over, oldest first."""
        rows = self._store.rows(f"{_SELECT} WHERE open = 1 ORDER BY created_at, id")
        return [session for row in rows if (session := self._replay(*row)) is not None]

    def _replay(
        self, session_id: str, station_id: str, transaction_id: str, body: bytes
    ) -> Session | None:
        rows = self._store.rows(
            "SELECT body FROM events WHERE session_id = ? ORDER BY n", (session_id,)
        )
        key = (station_id, transaction_id)
        try:
            session = replay(_heads.decode(body), [_events.decode(event) for (event,) in rows])
        except Exception as error:  # whatever stands there: the rest of the book is good
            self.unreadable[key] = f"{session_id}: {type(error).__name__}: {error}"
            return None
        self.unreadable.pop(key, None)
        return session

    def page(self, connection_id: str, page: Page) -> Window[dict[str, Any]]:
        """What a peer may pull."""
        return page_of(self._store, "sessions", connection_id, page)

    def stray(self, station_id: str, action: str, body: dict[str, Any], at: datetime) -> None:
        """Keep what a station told of a transaction that nobody knows."""
        self._store.write(
            "INSERT INTO strays (station_id, at, action, body) VALUES (?, ?, ?, ?)",
            (station_id, rfc3339(at), action, _json.encode(body)),
        )

    def strays(self, station_id: str) -> list[tuple[str, dict[str, Any]]]:
        """Action and payload of every stray, oldest first."""
        rows = self._store.rows(
            "SELECT action, body FROM strays WHERE station_id = ? ORDER BY n", (station_id,)
        )
        return [(action, msgspec.json.decode(body)) for action, body in rows]
