"""Group commit: durable when it says so."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from simulator.cpo.store import SCHEMA, SCHEMA_VERSION, Store, StoreError
from simulator.kernel.clock import Clock
from tests.simulator.cpo.world import crashed


def settings(path: Path) -> list[str]:
    """What somebody else finds in the file now."""
    other = sqlite3.connect(path)
    try:
        return [row[0] for row in other.execute("SELECT name FROM settings ORDER BY name")]
    finally:
        other.close()


async def test_what_is_written_is_durable_once_committed(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "book.db"
    store = Store(path, clock)
    store.write("INSERT INTO settings VALUES ('a', '1')")
    assert store.row("SELECT value FROM settings WHERE name = 'a'") == ("1",)
    assert settings(path) == []
    await store.committed()
    assert settings(path) == ["a"]
    store.close()


async def test_many_writers_share_a_commit(tmp_path: Path, clock: Clock) -> None:
    store = Store(tmp_path / "book.db", clock)
    commits: list[str] = []
    store._db.set_trace_callback(commits.append)

    async def write(name: str) -> None:
        store.write("INSERT INTO settings VALUES (?, '')", (name,))
        await store.committed()

    await asyncio.gather(*(write(str(n)) for n in range(50)))
    assert commits.count("COMMIT") == 1
    assert len(store.rows("SELECT * FROM settings")) == 50
    store.close()


async def test_a_waiter_that_gives_up_takes_nobody_with_it(clock: Clock) -> None:
    store = Store(":memory:", clock)
    store.write("INSERT INTO settings VALUES ('a', '1')")
    one = asyncio.ensure_future(store.committed())
    other = asyncio.ensure_future(store.committed())
    await clock.sleep(0)
    one.cancel()
    await other
    assert one.cancelled()
    store.close()


async def test_with_nothing_written_nobody_waits(clock: Clock) -> None:
    store = Store(":memory:", clock)
    before = clock.monotonic()
    await store.committed()
    assert clock.monotonic() == before
    store.close()


async def test_close_commits(tmp_path: Path, clock: Clock) -> None:
    store = Store(tmp_path / "book.db", clock)
    store.write_many("INSERT INTO settings VALUES (?, ?)", [("a", "1"), ("b", "2")])
    store.close()
    assert settings(tmp_path / "book.db") == ["a", "b"]


def test_before_the_world_runs_close_commits(tmp_path: Path) -> None:
    store = Store(tmp_path / "book.db", Clock("virtual"))
    store.write("INSERT INTO settings VALUES ('a', '1')")
    store.close()
    assert settings(tmp_path / "book.db") == ["a"]


async def test_what_was_not_committed_is_not_there_after_a_crash(
    tmp_path: Path, clock: Clock
) -> None:
    store = Store(tmp_path / "book.db", clock)
    store.write("INSERT INTO settings VALUES ('a', '1')")
    await store.committed()
    store.write("INSERT INTO settings VALUES ('b', '1')")
    found = crashed(tmp_path / "book.db")
    store.close()
    again = Store(found, clock)
    assert again.rows("SELECT name FROM settings") == [("a",)]
    again.close()


async def test_a_commit_that_fails_is_told_to_who_waits(clock: Clock) -> None:
    store = Store(":memory:", clock)
    store._db.execute("PRAGMA foreign_keys = ON")
    store._db.execute("CREATE TABLE p (a PRIMARY KEY)")
    store._db.execute("CREATE TABLE c (a REFERENCES p DEFERRABLE INITIALLY DEFERRED)")
    store.write("INSERT INTO c VALUES (1)")
    with pytest.raises(sqlite3.IntegrityError):
        await store.committed()
    assert store.rows("SELECT * FROM c") == []
    store.write("INSERT INTO settings VALUES ('a', '1')")
    await store.committed()
    assert not store._db.in_transaction
    store.close()


def test_another_schema_is_refused(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "book.db"
    Store(path, clock).close()
    other = sqlite3.connect(path)
    other.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    other.close()
    with pytest.raises(StoreError, match=f"schema version {SCHEMA_VERSION + 1}"):
        Store(path, clock)


def test_what_is_no_database_is_refused(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "book.db"
    path.write_text("not a database, but a text that is long enough to be looked at")
    with pytest.raises(StoreError, match=r"book\.db"):
        Store(path, clock)
    with pytest.raises(StoreError, match="nowhere"):
        Store(tmp_path / "nowhere" / "book.db", clock)


async def test_what_is_written_together_is_kept_together(clock: Clock) -> None:
    store = Store(":memory:", clock)
    store.write("INSERT INTO settings VALUES ('a', '1')")
    with pytest.raises(ValueError, match="no"), store.together():
        store.write("INSERT INTO settings VALUES ('b', '1')")
        raise ValueError("no")
    with store.together():
        store.write("INSERT INTO settings VALUES ('c', '1')")
    await store.committed()
    assert store.rows("SELECT name FROM settings") == [("a",), ("c",)]
    store.close()


async def test_a_transaction_that_sqlite_gave_up_is_told_to_who_waits(clock: Clock) -> None:
    store = Store(":memory:", clock)
    lost: list[bool] = []
    store.on_lost.append(lambda: lost.append(True))
    store.write("INSERT INTO settings VALUES ('a', '1')")
    waiting = asyncio.ensure_future(store.committed())
    await clock.sleep(0)
    store._db.execute("ROLLBACK")  # as it does by itself on a full disk
    store.write("INSERT INTO settings VALUES ('b', '1')")
    with pytest.raises(sqlite3.OperationalError):
        await waiting
    await store.committed()
    assert store.rows("SELECT name FROM settings") == [("b",)]
    assert lost == [True]
    store.close()


def test_a_book_of_version_1_is_brought_up_to_date(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "book.db"
    old = sqlite3.connect(path)
    tokens = next(s for s in SCHEMA.split(";") if "CREATE TABLE tokens" in s)
    old.executescript(SCHEMA.replace(tokens, tokens.replace(", contract_key TEXT", "")))
    rows = [
        ("P", "DE-8PS-COO13A3LZ-3", "OTHER"),
        ("P", "app-7", "OTHER"),
        ("P", "DE8PSCOO13A3LZ3", "RFID"),
    ]
    old.executemany("INSERT INTO tokens VALUES (?, ?, ?, '', '{}')", rows)
    old.execute("INSERT INTO blocked VALUES ('DE-8PS-COO13A3LZ-3'), ('CARD1')")
    old.execute("PRAGMA user_version = 1")
    old.commit()
    old.close()
    for _ in range(2):  # and stays as it is then
        store = Store(path, clock)
        keys = store.rows("SELECT uid, contract_key FROM tokens ORDER BY uid")
        assert keys == [
            ("app-7", None),
            ("DE-8PS-COO13A3LZ-3", "DE8PSCOO13A3LZ"),
            ("DE8PSCOO13A3LZ3", None),
        ]
        assert store.rows("SELECT uid FROM blocked ORDER BY uid") == [
            ("CARD1",),
            ("DE8PSCOO13A3LZ",),
        ]
        assert store.rows("SELECT * FROM plugs") == store.rows("SELECT * FROM issued") == []
        assert store.row("PRAGMA user_version") == (SCHEMA_VERSION,)
        store.close()
    fresh = Store(tmp_path / "fresh.db", clock)
    again = Store(path, clock)
    tables = "SELECT type, name, tbl_name FROM sqlite_schema ORDER BY name"
    columns = "SELECT name, type FROM pragma_table_info('tokens')"
    for question in (tables, columns):
        assert fresh.rows(question) == again.rows(question)
    fresh.close()
    again.close()


async def test_abandoned_it_holds_what_was_committed_alone(tmp_path: Path, clock: Clock) -> None:
    store = Store(tmp_path / "book.db", clock)
    store.write("INSERT INTO settings VALUES ('a', '1')")
    await store.committed()
    store.write("INSERT INTO settings VALUES ('b', '1')")
    assert store.abandon() is None
    store.write("INSERT INTO settings VALUES ('c', '1')")
    await store.committed()
    assert settings(tmp_path / "book.db") == ["a"]
    store.close()
    assert settings(tmp_path / "book.db") == ["a"]


async def test_a_database_in_memory_is_handed_on(clock: Clock) -> None:
    store = Store(":memory:", clock)
    store.write("INSERT INTO settings VALUES ('a', '1')")
    await store.committed()
    store.write("INSERT INTO settings VALUES ('b', '1')")
    left = store.abandon()
    assert left is not None
    store.close()
    heir = Store(left, clock)
    assert heir.rows("SELECT name FROM settings") == [("a",)]
    heir.write("INSERT INTO settings VALUES ('c', '1')")
    await heir.committed()
    again = heir.abandon()
    assert again is not None
    heir.close()
    last = Store(again, clock)
    assert last.rows("SELECT name FROM settings ORDER BY name") == [("a",), ("c",)]
    last.close()
