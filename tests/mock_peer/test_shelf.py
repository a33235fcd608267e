"""Rows in SQLite."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from mock_peer.shelf import Shelf
from simulator.mistakes import Mistake


def test_rows_keep_the_order_of_their_first_arrival(tmp_path: Path) -> None:
    file = str(tmp_path / "book.db")
    shelf = Shelf(file)
    for key in ("b", "a", "c"):
        shelf.put("kind", "x", key, key.encode())
    shelf.put("kind", "x", "b", b"new", "note")
    shelf.put("kind", "y", "z", b"other")
    shelf.drop("kind", "x", "a")
    shelf.close()
    again = Shelf(file)
    assert [(row.key, row.body) for row in again.rows("kind", "x")] == [("b", b"new"), ("c", b"c")]
    assert list(again.notes("kind", "x")) == [("b", "note"), ("c", "")]
    first = next(again.rows("kind", "x"))
    assert [row.key for row in again.rows("kind", "x", after=first.number)] == ["c"]
    again.clear("kind")
    assert again.get("kind", "y", "z") is None
    again.close()


def test_a_strange_file_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("not a database at all, but long enough to look at" * 20)
    before = text.read_bytes()
    with pytest.raises(Mistake, match=r"notes\.txt"):
        Shelf(str(text))
    assert text.read_bytes() == before
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as db:
        db.execute("CREATE TABLE mine (x)")
    db.close()
    with pytest.raises(Mistake, match="no book of a mock peer"):
        Shelf(str(other))
    with pytest.raises(Mistake):
        Shelf(str(tmp_path / "none" / "book.db"))
