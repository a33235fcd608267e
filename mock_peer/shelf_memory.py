"""Rows in memory: a shelf for a peer that keeps no file.

Rule: the same answers as `mock_peer.shelf.Shelf`; one test holds both against each other.
"""

from __future__ import annotations

from collections.abc import Iterator

from mock_peer.shelf import Row, Shelf

MEMORY = ":memory:"


def open_shelf(database: str | MemoryShelf) -> Shelf | MemoryShelf:
    """The shelf of a database file, one in memory, or one that was there before. Raises Mistake."""
    if isinstance(database, MemoryShelf):
        return database
    return MemoryShelf() if database == MEMORY else Shelf(database)


class MemoryShelf:
    """Rows by kind and connection, in the order of their first arrival."""

    def __init__(self) -> None:
        self._kinds: dict[tuple[str, str], dict[str, Row]] = {}
        self._number = 0

    def put(self, kind: str, connection: str, key: str, body: bytes, note: str = "") -> None:
        """Insert or replace a row."""
        rows = self._kinds.setdefault((kind, connection), {})
        before = rows.get(key)
        if before is None:
            self._number += 1
        number = self._number if before is None else before.number
        rows[key] = Row(number, key, note, body)

    def get(self, kind: str, connection: str, key: str) -> Row | None:
        """One row."""
        rows = self._kinds.get((kind, connection))
        return rows.get(key) if rows is not None else None

    def rows(self, kind: str, connection: str = "", *, after: int = 0) -> Iterator[Row]:
        """The rows of a kind in the order of their first arrival, those after a number."""
        rows = tuple(self._kinds.get((kind, connection), {}).values())
        return (row for row in rows if row.number > after)

    def notes(self, kind: str, connection: str) -> Iterator[tuple[str, str]]:
        """Key and note of each row of a kind, without the bodies."""
        return ((row.key, row.note) for row in self.rows(kind, connection))

    def drop(self, kind: str, connection: str = "", key: str | None = None) -> None:
        """Remove a row, or all of a kind."""
        if key is None:
            self._kinds.pop((kind, connection), None)
        else:
            self._kinds.get((kind, connection), {}).pop(key, None)

    def clear(self, *kinds: str) -> None:
        """Remove all rows of these kinds, whatever their connection."""
        for place in [place for place in self._kinds if place[0] in kinds]:
            del self._kinds[place]

    def close(self) -> None:
        """Nothing is to be closed."""
