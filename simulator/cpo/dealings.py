"""What a CPO has with its peers, at a glance, for whoever displays it.

Rule: as in `snapshot`: plain values, looking changes nothing. Of credentials tokens it says whether
they are there, never which.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from simulator.cpo.book import Book
from simulator.cpo.config import CpoConfig

# Of what waits or was refused, the newest so many are told; of its locations, the first.
QUEUE, LOCATIONS = 200, 50


def dealings(
    config: CpoConfig,
    book: Book,
    modules: Sequence[Mapping[str, Any]],
    next_tries: Mapping[str, str],
) -> dict[str, Any]:
    """Connections, what is offered in which version, what waits to be told or was refused, and
    the operator's own list of blocked tokens. `next_tries`: when what was not answered is sent
    again, by session id.
    """
    return {
        "party": f"{config.country_code}*{config.party_id}",
        "locations": list(dict.fromkeys(one.location_id for one in config.stations))[:LOCATIONS],
        "modules": list(modules),
        "connections": [one.shown() for one in book.connections.all() if one.registered],
        "tokens": book.tokens.count(),
        "blocked": book.tokens.blocked(),
        "queue": list(_queue(book, next_tries)),
        "cdrs": book.cdrs.states(),
    }


def _queue(book: Book, next_tries: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """What is due first, then the CDRs that were refused or cannot be sent."""
    names = {one.id: one.peer for one in book.connections.all()}
    standing = {row.id: row for row in book.cdrs.standing(QUEUE)}
    due = book.outbox.rows(QUEUE)
    for session_id, kind, connection_id in due:
        row = standing.pop(session_id, None) if kind == "cdr" else None
        yield {
            "kind": kind,
            "id": session_id,
            "to": names.get(connection_id, connection_id),
            "state": row.state if row else "pending",
            "attempts": row.attempts if row else None,
            "message": row.message if row else None,
            "next_try": next_tries.get(session_id),
        }
    for row in standing.values():
        yield {
            "kind": "cdr",
            "id": row.id,
            "to": names.get(row.connection_id or "", row.connection_id),
            "state": row.state,
            "attempts": row.attempts,
            "message": row.message,
            "next_try": None,
        }
