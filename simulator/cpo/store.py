"""SQLite with group commit: many writers, one commit every few milliseconds of the world's clock.

Rule: whoever acknowledges something awaits `committed()` first, so that what was acknowledged
survives a kill -9. Reads see what was written, committed or not.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from simulator.kernel.clock import Clock
from simulator.kernel.pace import Timer
from simulator.mistakes import Mistake
from simulator.pki.emaid import parse_emaid

COMMIT_EVERY_S = 0.005
IN_MEMORY = ":memory:"
SCHEMA_VERSION = 3

SCHEMA = """
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE stations (
  id TEXT PRIMARY KEY, version TEXT NOT NULL, boot BLOB NOT NULL, status TEXT NOT NULL,
  booted_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE connectors (
  station_id TEXT NOT NULL, evse_id INTEGER NOT NULL, connector_id INTEGER NOT NULL,
  status TEXT NOT NULL, error TEXT NOT NULL, at TEXT NOT NULL,
  PRIMARY KEY (station_id, evse_id, connector_id)
) WITHOUT ROWID;
CREATE TABLE evses (
  location_id TEXT NOT NULL, evse_uid TEXT NOT NULL, status TEXT NOT NULL, at TEXT NOT NULL,
  PRIMARY KEY (location_id, evse_uid)
) WITHOUT ROWID;
CREATE TABLE notices (
  n INTEGER PRIMARY KEY, station_id TEXT NOT NULL, at TEXT NOT NULL, action TEXT NOT NULL,
  body BLOB NOT NULL
);

CREATE TABLE tokens (
  connection_id TEXT NOT NULL, uid TEXT NOT NULL COLLATE NOCASE, type TEXT NOT NULL,
  last_updated TEXT NOT NULL, body BLOB NOT NULL, contract_key TEXT,
  PRIMARY KEY (connection_id, uid, type)
) WITHOUT ROWID;
CREATE INDEX tokens_by_uid ON tokens (uid);
CREATE TABLE blocked (uid TEXT PRIMARY KEY COLLATE NOCASE) WITHOUT ROWID;
CREATE TABLE grants (
  station_id TEXT NOT NULL, uid TEXT NOT NULL COLLATE NOCASE, expires_at TEXT NOT NULL,
  body BLOB NOT NULL, PRIMARY KEY (station_id, uid)
) WITHOUT ROWID;

CREATE TABLE sessions (
  id TEXT PRIMARY KEY, station_id TEXT NOT NULL, transaction_id TEXT NOT NULL,
  start_key TEXT, connection_id TEXT, open INTEGER NOT NULL, created_at TEXT NOT NULL,
  head BLOB NOT NULL, last_updated TEXT, body BLOB,
  UNIQUE (station_id, transaction_id), UNIQUE (start_key)
) WITHOUT ROWID;
CREATE INDEX sessions_open ON sessions (open) WHERE open = 1;
CREATE INDEX sessions_by_peer ON sessions (connection_id, last_updated);
CREATE TABLE events (
  session_id TEXT NOT NULL, n INTEGER NOT NULL, body BLOB NOT NULL,
  PRIMARY KEY (session_id, n)
) WITHOUT ROWID;
CREATE TABLE strays (
  n INTEGER PRIMARY KEY, station_id TEXT NOT NULL, at TEXT NOT NULL, action TEXT NOT NULL,
  body BLOB NOT NULL
);

CREATE TABLE cdrs (
  id TEXT PRIMARY KEY, session_id TEXT NOT NULL UNIQUE, connection_id TEXT, state TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0, url TEXT, message TEXT, last_updated TEXT NOT NULL,
  body BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX cdrs_by_peer ON cdrs (connection_id, last_updated);
CREATE TABLE outbox (
  session_id TEXT NOT NULL, kind TEXT NOT NULL, connection_id TEXT NOT NULL,
  PRIMARY KEY (session_id, kind)
) WITHOUT ROWID;
CREATE INDEX outbox_by_peer ON outbox (connection_id);

CREATE TABLE connections (n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, body BLOB NOT NULL);
"""
# What version 2 brought: contracts by their key, and what is known of Plug & Charge at stations.
PLUG_AND_CHARGE = """
CREATE INDEX tokens_by_contract ON tokens (contract_key) WHERE contract_key IS NOT NULL;
CREATE TABLE plugs (station_id TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE issued (serial TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
"""
# What version 3 brought: CDRs that no peer has accepted are found without reading all.
STANDING = "CREATE INDEX cdrs_by_state ON cdrs (state, last_updated);"
# Each takes a book from its version to the next.
UPGRADES = {
    1: f"""
ALTER TABLE tokens ADD COLUMN contract_key TEXT;
UPDATE tokens SET contract_key = emaid_key(uid) WHERE type IN ('EMAID', 'OTHER');
UPDATE OR REPLACE blocked SET uid = emaid_key(uid) WHERE emaid_key(uid) IS NOT NULL;
{PLUG_AND_CHARGE}""",
    2: STANDING,
}


def emaid_key(uid: str) -> str | None:
    """The contract that a token's uid names, without dashes and check digit; None if none."""
    emaid = parse_emaid(uid)
    return emaid.key if emaid else None


class StoreError(Mistake):
    """A database cannot be used: the message names the file and why."""


class Store:
    """One SQLite connection, its schema and its group commit.

    `path` is a file, `:memory:`, or what `abandon` has left.
    """

    def __init__(self, path: str | Path | bytes, clock: Clock) -> None:
        self.path = IN_MEMORY if isinstance(path, bytes) else str(path)
        self._clock = clock
        # Who waits for the commit that is due; None where none is.
        self._waiting: list[asyncio.Future[None]] | None = None
        self._timer: Timer | None = None
        self._closed = False
        # Told when writes that were not committed are gone: what memory knows of them is wrong.
        self.on_lost: list[Callable[[], None]] = []
        try:
            self._db = sqlite3.connect(self.path, isolation_level=None)
        except sqlite3.Error as error:
            raise StoreError(f"{self.path}: {error}") from error
        try:
            if isinstance(path, bytes):
                self._db.deserialize(path)
            self._prepare()
        except BaseException as error:
            self._db.close()
            if isinstance(error, sqlite3.Error):
                raise StoreError(f"{self.path}: {error}") from error
            raise

    def _prepare(self) -> None:
        self._db.execute("PRAGMA journal_mode = WAL")
        # What is committed survives a kill -9 of this process; FULL would add a power cut.
        self._db.execute("PRAGMA synchronous = NORMAL")
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version == 0:
            self._db.executescript(
                f"BEGIN; {SCHEMA} {PLUG_AND_CHARGE} {STANDING}"
                f"PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"
            )
            return
        self._db.create_function("emaid_key", 1, emaid_key, deterministic=True)
        while version in UPGRADES:
            self._db.executescript(
                f"BEGIN; {UPGRADES[version]} PRAGMA user_version = {version + 1}; COMMIT;"
            )
            version += 1
        if version != SCHEMA_VERSION:
            raise StoreError(
                f"{self.path}: schema version {version}, this program reads {SCHEMA_VERSION}"
            )

    def write(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Change something; it is durable once `committed()` returns. Returns the rows changed."""
        self._begin()
        return self._db.execute(sql, values).rowcount

    def write_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Change many rows alike."""
        self._begin()
        self._db.executemany(sql, rows)

    @contextmanager
    def together(self) -> Iterator[None]:
        """Keep all that is written inside, or none of it if it raises. Not across an await."""
        self._begin()
        self._db.execute("SAVEPOINT together")
        try:
            yield
        except BaseException:
            if self._db.in_transaction:  # else SQLite has given up the whole of it
                self._db.execute("ROLLBACK TO together")
                self._db.execute("RELEASE together")
            raise
        self._db.execute("RELEASE together")

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Read rows."""
        return self._db.execute(sql, values).fetchall()

    def row(self, sql: str, values: Sequence[Any] = ()) -> tuple[Any, ...] | None:
        """Read one row, if there is one."""
        found: tuple[Any, ...] | None = self._db.execute(sql, values).fetchone()
        return found

    async def committed(self) -> None:
        """Return when all that was written so far is durable. Raises sqlite3.Error."""
        if self._waiting is not None:
            done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(done)
            await done

    def flush(self) -> None:
        """Commit now. Raises sqlite3.Error, and then nothing of it is there."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        waiting, self._waiting = self._waiting, None
        if waiting is None and not self._db.in_transaction:
            return
        try:
            # Fails without a transaction, too: SQLite gives one up where the disk is full.
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            for done in _still(waiting or ()):
                done.set_exception(error)
            for forget in self.on_lost:
                forget()
            raise
        for done in _still(waiting or ()):
            done.set_result(None)

    def _due(self) -> None:
        with suppress(sqlite3.Error):  # whoever waits has been told
            self.flush()

    def abandon(self) -> bytes | None:
        """Lose what is not committed, as a kill -9 does; what is written from now on goes nowhere.

        Returns what is left of a database in memory: another store begins with it.
        """
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._waiting = None  # who waits dies, too
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")
        left = self._db.serialize() if self.path == IN_MEMORY else None
        self._db.close()
        self._db = sqlite3.connect(IN_MEMORY, isolation_level=None)
        self._prepare()
        return left

    def close(self) -> None:
        """Commit and close; closing twice is once."""
        if not self._closed:
            self.flush()
            self._db.close()
            self._closed = True

    def _begin(self) -> None:
        if self._db.in_transaction:
            return
        if self._waiting is not None:
            self._due()
        self._db.execute("BEGIN")
        try:
            asyncio.get_running_loop()
        except RuntimeError:  # before the world runs: `flush` or `close` commits
            return
        self._waiting = []
        self._timer = self._clock.call_later(COMMIT_EVERY_S, self._due)


def _still(waiting: Iterable[asyncio.Future[None]]) -> Iterator[asyncio.Future[None]]:
    """Those who have not gone away meanwhile."""
    return (each for each in waiting if not each.done())
