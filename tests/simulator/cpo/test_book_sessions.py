"""The book's sessions: loaded as they were written."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from simulator.cpo.book import Book
from simulator.kernel.clock import Clock
from simulator.ocpi.paging import Page
from tests.simulator.cpo.test_session import BEGUN, event, head
from tests.simulator.cpo.world import TARIFF

NOW = datetime(2026, 1, 15, 7, tzinfo=UTC)


@pytest.fixture
def book(clock: Clock) -> Iterator[Book]:
    book = Book(":memory:", clock)
    yield book
    book.close()


def test_a_session_is_loaded_as_it_was(tmp_path: Path, clock: Clock) -> None:
    book = Book(tmp_path / "book.db", clock)
    book.sessions.begin(head(), "start-key")
    for number, told in enumerate([BEGUN, event(10, kwh="101.5", state="SuspendedEV", seq_no=4)]):
        book.sessions.add("S1", number, told)
    book.close()
    book = Book(tmp_path / "book.db", clock)
    (session,) = book.sessions.load_open()
    assert session.head == head()
    assert session.head.place.tariff == TARIFF  # numbers are numbers
    assert (str(session.kwh), session.state, session.events) == ("1.5000", "SuspendedEV", 2)
    assert session.has_seen(4)
    for again in (
        book.sessions.load("S1"),
        book.sessions.load_transaction("CP1", "TX1"),
        book.sessions.load_started("start-key"),
    ):
        assert again is not None
        assert again.to_ocpi() == session.to_ocpi()
    book.close()


def test_what_is_not_there(book: Book) -> None:
    assert book.sessions.load("S1") is None
    assert book.sessions.load_transaction("CP1", "TX1") is None
    assert book.sessions.load_started("key") is None


def test_a_transaction_is_one_session(book: Book) -> None:
    book.sessions.begin(head())
    with pytest.raises(sqlite3.IntegrityError):
        book.sessions.begin(head())


def test_a_closed_session_is_not_loaded_at_the_start(book: Book) -> None:
    book.sessions.begin(head())
    book.sessions.close("S1")
    assert book.sessions.load_open() == []
    assert book.sessions.load("S1") is not None


def test_a_peer_sees_what_it_was_told(book: Book) -> None:
    book.sessions.begin(head())
    page = Page()
    assert book.sessions.page("p1", page).total == 0
    book.sessions.told("p1", {"id": "S1", "last_updated": "2026-01-15T07:00:00.000Z", "kwh": 1})
    shown = book.sessions.page("p1", page)
    assert (shown.total, shown.items[0]["kwh"]) == (1, 1)
    assert book.sessions.page("p2", page).total == 0
    assert book.sessions.page("p1", Page(date_from=NOW)).total == 1
    assert book.sessions.page("p1", Page(date_to=NOW)).total == 0


def test_strays_are_kept(book: Book) -> None:
    book.sessions.stray("CP1", "StopTransaction", {"transactionId": 9}, NOW)
    assert book.sessions.strays("CP1") == [("StopTransaction", {"transactionId": 9})]
    assert book.sessions.strays("CP2") == []
