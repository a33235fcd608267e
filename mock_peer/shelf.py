"""Rows in SQLite: what the book keeps, by kind, connection and key.

Rule: a row is on the disk when `put` returns (WAL; a killed process loses nothing). A file that is
no database of ours is refused and left as it is.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

from simulator.mistakes import Mistake

_FORMAT = 1
_TABLE = """
CREATE TABLE IF NOT EXISTS rows (
  number INTEGER PRIMARY KEY, kind TEXT, connection TEXT, key TEXT, note TEXT, body BLOB,
  UNIQUE (kind, connection, key)
)
"""
_PUT = """
INSERT INTO rows (kind, connection, key, note, body) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (kind, connection, key) DO UPDATE SET note = excluded.note, body = excluded.body
"""


class Row(NamedTuple):
    """One row. `number` tells the order of first arrival."""

    number: int
    key: str
    note: str
    body: bytes


class Shelf:
    """A database file of rows."""

    def __init__(self, database: str) -> None:
        try:
            self._db = sqlite3.connect(database, isolation_level=None)
        except sqlite3.Error as error:
            raise Mistake(f"database {database}: {error}") from error
        try:
            self._prepare()
        except sqlite3.Error as error:
            self._db.close()
            raise Mistake(f"database {database}: {error}") from error

    def _prepare(self) -> None:
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        tables = self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if version not in (0, _FORMAT) or (version == 0 and tables):
            raise sqlite3.DatabaseError("it is no book of a mock peer, or one of another version")
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute(_TABLE)
        self._db.execute(f"PRAGMA user_version = {_FORMAT}")

    def put(self, kind: str, connection: str, key: str, body: bytes, note: str = "") -> None:
        """Insert or replace a row."""
        self._db.execute(_PUT, (kind, connection, key, note, body))

    def get(self, kind: str, connection: str, key: str) -> Row | None:
        """One row."""
        found = self._db.execute(
            "SELECT number, key, note, body FROM rows"
            " WHERE kind = ? AND connection = ? AND key = ?",
            (kind, connection, key),
        ).fetchone()
        return Row(*found) if found else None

    def rows(self, kind: str, connection: str = "", *, after: int = 0) -> Iterator[Row]:
        """The rows of a kind in the order of their first arrival, those after a number."""
        found = self._db.execute(
            "SELECT number, key, note, body FROM rows"
            " WHERE kind = ? AND connection = ? AND number > ? ORDER BY number",
            (kind, connection, after),
        )
        return (Row(*row) for row in found)

    def notes(self, kind: str, connection: str) -> Iterator[tuple[str, str]]:
        """Key and note of each row of a kind, without the bodies."""
        found = self._db.execute(
            "SELECT key, note FROM rows WHERE kind = ? AND connection = ? ORDER BY number",
            (kind, connection),
        )
        return ((str(key), str(note)) for key, note in found)

    def drop(self, kind: str, connection: str = "", key: str | None = None) -> None:
        """Remove a row, or all of a kind."""
        self._db.execute(
            "DELETE FROM rows WHERE kind = ? AND connection = ? AND (? IS NULL OR key = ?)",
            (kind, connection, key, key),
        )

    def clear(self, *kinds: str) -> None:
        """Remove all rows of these kinds, whatever their connection."""
        self._db.executemany("DELETE FROM rows WHERE kind = ?", [(kind,) for kind in kinds])

    def close(self) -> None:
        """Close the file."""
        self._db.close()
