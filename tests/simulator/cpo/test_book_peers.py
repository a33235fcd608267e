"""The book's side towards peers: connections, CDRs, the outbox."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from simulator.cpo.book import Book
from simulator.kernel.clock import Clock
from simulator.ocpi.connection import RECEIVER, Connection
from simulator.ocpi.paging import Page


@pytest.fixture
def book(clock: Clock) -> Iterator[Book]:
    book = Book(":memory:", clock)
    yield book
    book.close()


def cdr(name: str, at: str = "2026-01-15T07:00:00.000Z", **fields: Any) -> dict[str, Any]:
    owner = {"country_code": "DE", "party_id": "EMP"}
    return {"id": name, "session_id": name, "last_updated": at, "cdr_token": owner, **fields}


def test_connections_survive(tmp_path: Path, clock: Clock) -> None:
    book = Book(tmp_path / "book.db", clock)
    late = Connection("z", "late", token_in="T1")
    early = Connection("a", "early", token_in="T2", endpoints={("cdrs", RECEIVER): "http://e/c"})
    for connection in (late, early):
        book.connections.save(connection)
    late.registered, late.token_in = True, "T3"
    book.connections.save(late)
    book.close()
    book = Book(tmp_path / "book.db", clock)
    assert book.connections.all() == [late, early]
    assert book.connections.by_token("T2") == early
    assert book.connections.by_token("T1") is None
    assert book.connections.by_token("") is None
    assert book.connections.get("z") == late
    assert book.connections.get(None) is None
    book.connections.remove(late)
    assert book.connections.all() == [early]
    book.close()


def test_a_cdr_is_kept_as_it_was_first(book: Book) -> None:
    book.cdrs.put("p1", cdr("C1", total_energy=Decimal("1.5000")), "pending")
    book.cdrs.put("p1", cdr("C1", total_energy=9), "pending")
    row = book.cdrs.get("C1")
    assert row is not None
    assert (row.state, row.attempts, row.body["total_energy"]) == ("pending", 0, Decimal("1.5"))
    assert book.cdrs.get("C2") is None


def test_what_came_of_it_is_kept(book: Book) -> None:
    book.cdrs.put("p1", cdr("C1"), "pending")
    book.cdrs.put("p1", cdr("C2"), "pending")
    book.cdrs.answered("C1", "pending", message="unreachable")
    book.cdrs.answered("C1", "accepted", url="http://e/cdrs/1")
    row = book.cdrs.get("C1")
    assert row is not None
    assert (row.state, row.attempts, row.url, row.message) == (
        "accepted",
        2,
        "http://e/cdrs/1",
        None,
    )
    assert book.cdrs.states() == {"accepted": 1, "pending": 1}


def test_pages_hold_a_peers_own_in_their_order(book: Book) -> None:
    for hour in (9, 7, 8):
        book.cdrs.put("p1", cdr(f"C{hour}", f"2026-01-15T0{hour}:00:00.000Z"), "accepted")
    book.cdrs.put("p2", cdr("X"), "accepted")
    shown = book.cdrs.page("p1", Page(limit=2))
    assert ([c["id"] for c in shown.items], shown.total) == (["C7", "C8"], 3)
    rest = book.cdrs.page("p1", Page(offset=2, limit=2))
    assert [c["id"] for c in rest.items] == ["C9"]


def test_a_session_is_due_before_its_cdr(book: Book) -> None:
    book.outbox.add("S1", "cdr", "p1")
    book.outbox.add("S1", "session", "p1")
    book.outbox.add("S1", "session", "p1")
    book.outbox.add("S2", "cdr", "p2")
    assert book.outbox.due() == [("S1", "session"), ("S1", "cdr"), ("S2", "cdr")]
    assert book.outbox.due("p2") == [("S2", "cdr")]
    book.outbox.done("S1", "session")
    assert book.outbox.due("p1") == [("S1", "cdr")]


def test_who_registers_anew_gets_what_it_is_owed(book: Book) -> None:
    book.connections.save(Connection("old-other", "other", token_in="T1"))
    for name, peer in (("C1", "old"), ("C2", "old-other"), ("C3", "old")):
        book.cdrs.put(peer, cdr(name), "pending")
        book.outbox.add(name, "cdr", peer)
    book.cdrs.answered("C3", "accepted")
    assert book.cdrs.adopt("new", "DE", "OTH") == 0
    assert book.cdrs.adopt("new", "DE", "EMP") == 1
    assert book.outbox.due("new") == [("C1", "cdr")]
    row = book.cdrs.get("C1")
    assert row is not None
    assert row.connection_id == "new"
