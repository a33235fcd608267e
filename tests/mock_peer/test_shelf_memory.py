"""Rows in memory: as on the disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mock_peer.shelf import Shelf
from mock_peer.shelf_memory import MemoryShelf, open_shelf

names = st.sampled_from(["a", "b", "c"])
steps = st.lists(
    st.one_of(
        st.tuples(st.just("put"), names, names, names, st.binary(max_size=2), names),
        st.tuples(st.just("drop"), names, names, names | st.none()),
        st.tuples(st.just("clear"), names, names),
    ),
    max_size=20,
)


def seen(shelf: Shelf | MemoryShelf) -> list[Any]:
    """All that a shelf shows, but for the numbers."""
    found: list[Any] = []
    for kind in "abc":
        for connection in "abc":
            rows = list(shelf.rows(kind, connection))
            assert [row.number for row in rows] == sorted(row.number for row in rows)
            found.append([tuple(row[1:]) for row in rows])
            found.append(list(shelf.notes(kind, connection)))
            if rows:
                found.append(
                    [row.key for row in shelf.rows(kind, connection, after=rows[0].number)]
                )
                assert shelf.get(kind, connection, rows[0].key) == rows[0]
            assert shelf.get(kind, connection, "nothing") is None
    return found


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps)
def test_memory_and_disk_show_the_same(tmp_path: Path, done: list[Any]) -> None:
    file = tmp_path / "book.db"
    file.unlink(missing_ok=True)
    shelves = (MemoryShelf(), Shelf(str(file)))
    for name, *arguments in done:
        for shelf in shelves:
            getattr(shelf, name)(*arguments)
    assert seen(shelves[0]) == seen(shelves[1])
    for shelf in shelves:
        shelf.close()


def test_the_name_of_the_database_decides(tmp_path: Path) -> None:
    assert isinstance(open_shelf(":memory:"), MemoryShelf)
    on_disk = open_shelf(str(tmp_path / "book.db"))
    assert isinstance(on_disk, Shelf)
    on_disk.close()


def test_what_another_kept_is_gone_on_with() -> None:
    kept = open_shelf(":memory:")
    assert isinstance(kept, MemoryShelf) and open_shelf(kept) is kept
