"""Transactions become sessions."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from simulator.cpo.book import Book
from simulator.cpo.common import Common
from simulator.cpo.ledger import Ledger, LostSession
from simulator.cpo.session import Event, Session
from simulator.cpo.sites import Sites
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock, rfc3339
from simulator.kernel.journal import Journal
from tests.simulator.cpo.test_session import ALLOWED, REFUSED
from tests.simulator.cpo.world import CONFIG


class Heard:
    """A teller that keeps what it is to tell."""

    def __init__(self) -> None:
        self.sessions: list[tuple[str, bool]] = []
        self.cdrs: list[str] = []
        self.forgotten: list[str] = []

    def session_changed(self, session: Session, *, at_once: bool) -> None:
        self.sessions.append((session.status, at_once))

    def cdr_ready(self, session: Session) -> None:
        self.cdrs.append(session.head.id)

    def forget(self, session_id: str) -> None:
        self.forgotten.append(session_id)


@pytest.fixture
def world(clock: Clock, chance: Chance, journal: Journal) -> Any:
    return make(Book(":memory:", clock), clock, chance, journal)


def make(book: Book, clock: Clock, chance: Chance, journal: Journal) -> Any:
    sites, heard = Sites(CONFIG, rfc3339(clock.now())), Heard()
    config = replace(CONFIG, omit={"CP201": ["remark"]})
    ledger = Ledger(Common(config, sites, book, clock, chance, journal), heard)
    return ledger, sites, heard, book


def event(clock: Clock, kind: Any, minutes: float = 0, **fields: Any) -> Event:
    at = clock.now() + timedelta(minutes=minutes)
    return Event(kind, at, at, **fields)


async def test_from_begin_to_cdr(world: Any, clock: Clock, journal: Journal) -> None:
    ledger, sites, heard, book = world
    session = ledger.begin(sites.spot("CP16", 2), "7", "CP16-2-1")
    assert ledger.find("CP16", "7") is ledger.at("CP16", 2) is ledger.by_id(session.head.id)
    ledger.record(session, event(clock, "started", decision=ALLOWED))
    ledger.record(session, event(clock, "updated", 1, state="Charging"))
    ledger.record(session, event(clock, "ended", 2))
    assert heard.sessions == [("ACTIVE", True), ("ACTIVE", False), ("COMPLETED", True)]
    assert heard.cdrs == [session.head.id]
    assert ledger.open_sessions() == []
    assert ledger.at("CP16", 2) is None
    assert book.outbox.due("p1") == [(session.head.id, "cdr")]
    for key in ("tx/CP16/7", f"session/{session.head.id}", f"cdr/{session.head.id}"):
        assert journal.session_of(key) == "CP16-2-1"
    again = ledger.find("CP16", "7")
    assert again is not session
    assert again.status == "COMPLETED"
    book.close()


async def test_a_session_without_a_name_is_followed_by_its_id(world: Any, journal: Journal) -> None:
    ledger, sites, _, book = world
    session = ledger.begin(sites.spot("CP16", 1), "7", None)
    assert journal.session_of("tx/CP16/7") == session.head.id
    book.close()


async def test_what_was_refused_concerns_nobody(world: Any, clock: Clock) -> None:
    ledger, sites, heard, book = world
    session = ledger.begin(sites.spot("CP16", 1), "7", None)
    ledger.record(session, event(clock, "started", decision=REFUSED))
    ledger.record(session, event(clock, "ended", 2))
    assert heard.sessions == heard.cdrs == []
    assert book.cdrs.get(session.head.id) is None
    book.close()


async def test_events_are_in_the_book_and_repeated_ones_once(world: Any, clock: Clock) -> None:
    ledger, sites, _, book = world
    session = ledger.begin(sites.spot("CP201", 1), "TX", None)
    for seq_no in (0, 1, 1, 0, 2):
        ledger.record(session, event(clock, "updated", seq_no, seq_no=seq_no))
    loaded = book.sessions.load(session.head.id)
    assert loaded.events == session.events == 3
    book.close()


async def test_late_events_are_kept_too(world: Any, clock: Clock) -> None:
    ledger, sites, heard, book = world
    session = ledger.begin(sites.spot("CP201", 1), "TX", None)
    ledger.record(session, event(clock, "started", seq_no=0, decision=ALLOWED))
    ledger.record(session, event(clock, "ended", 5, seq_no=2))
    found = ledger.find("CP201", "TX")
    ledger.record(found, event(clock, "updated", 3, seq_no=1))
    assert book.sessions.load(session.head.id).events == 3
    assert len(heard.cdrs) == 1
    book.close()


async def test_fields_are_left_out_of_a_stations_cdrs(world: Any, clock: Clock) -> None:
    ledger, sites, _, book = world
    ledger.omit["CP16"] = ("authorization_reference",)
    session = ledger.begin(sites.spot("CP16", 1), "7", None)
    ledger.record(session, event(clock, "started", decision=ALLOWED))
    ledger.record(session, event(clock, "ended", 2))
    assert "authorization_reference" not in book.cdrs.get(session.head.id).body
    assert ledger.omit["CP201"] == ("remark",)
    book.close()


async def test_a_cdr_that_concerns_nobody_is_kept(world: Any, clock: Clock) -> None:
    ledger, sites, heard, book = world
    alone = msgspec.structs.replace(ALLOWED, connection_id=None)
    session = ledger.begin(sites.spot("CP16", 1), "7", None)
    ledger.record(session, event(clock, "started", decision=alone))
    ledger.record(session, event(clock, "ended", 2))
    assert book.cdrs.get(session.head.id).state == "unsendable"
    assert heard.cdrs == []
    book.close()


async def test_a_restart_goes_on(
    tmp_path: Any, clock: Clock, chance: Chance, journal: Journal
) -> None:
    book = Book(tmp_path / "book.db", clock)
    ledger, sites, _, _ = make(book, clock, chance, journal)
    session = ledger.begin(sites.spot("CP16", 1), "7", "CP16-1-1")
    ledger.record(session, event(clock, "started", decision=ALLOWED))
    book.close()
    book, journal = Book(tmp_path / "book.db", clock), Journal(clock)
    ledger, _, heard, _ = make(book, clock, chance, journal)
    resumed = ledger.at("CP16", 1)
    assert resumed.head == session.head
    assert journal.session_of("tx/CP16/7") == "CP16-1-1"
    ledger.record(resumed, event(clock, "ended", 2))
    assert heard.cdrs == [session.head.id]
    book.close()


async def test_a_new_transaction_at_an_evse_leaves_the_old_one_open(
    world: Any, clock: Clock, journal: Journal
) -> None:
    ledger, sites, heard, book = world
    old = ledger.begin(sites.spot("CP16", 1), "7", None)
    ledger.record(old, event(clock, "started", decision=ALLOWED))
    new = ledger.begin(sites.spot("CP16", 1), "8", None)
    assert ledger.at("CP16", 1) is new
    assert [r["what"] for r in journal.records].count("session.superseded") == 1
    ledger.record(old, event(clock, "ended", 5))
    assert heard.cdrs == [old.head.id]
    assert ledger.at("CP16", 1) is new
    book.close()


async def test_strays(world: Any, journal: Journal) -> None:
    ledger, _, _, book = world
    ledger.stray("CP16", "StopTransaction", {"transactionId": 1})
    assert book.sessions.strays("CP16") == [("StopTransaction", {"transactionId": 1})]
    (told,) = [r for r in journal.records if r["what"] == "transaction.unknown"]
    assert told["peer"] == "station/CP16"
    book.close()


async def test_an_event_that_cannot_be_taken_in_leaves_no_trace(
    world: Any, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger, sites, heard, book = world
    session = ledger.begin(sites.spot("CP16", 1), "7", None)
    ledger.record(session, event(clock, "started", decision=ALLOWED))
    with monkeypatch.context() as broken:
        broken.setattr(Session, "to_cdr", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            ledger.record(session, event(clock, "ended", 2))
    assert heard.forgotten[-1] == session.head.id
    with pytest.raises(LostSession):  # what was in hand is not what is so
        ledger.record(session, event(clock, "ended", 2))
    again = ledger.find("CP16", "7")
    assert (again.status, again.events) == ("ACTIVE", 1)
    assert ledger.at("CP16", 1) is ledger.by_id(again.head.id) is again
    ledger.record(again, event(clock, "ended", 2))
    assert heard.cdrs == [session.head.id]
    assert book.sessions.load(session.head.id).events == 2
    book.close()


async def test_a_session_that_cannot_be_read_stops_nobody(
    tmp_path: Any, clock: Clock, chance: Chance, journal: Journal
) -> None:
    book = Book(tmp_path / "book.db", clock)
    ledger, sites, _, _ = make(book, clock, chance, journal)
    bad = ledger.begin(sites.spot("CP16", 1), "7", None)
    good = ledger.begin(sites.spot("CP16", 2), "8", None)
    book._store.write("INSERT INTO events VALUES (?, 0, ?)", (bad.head.id, b'{"kind":"begun"}'))
    book.close()
    book = Book(tmp_path / "book.db", clock)
    ledger, _, _, _ = make(book, clock, chance, journal)
    assert [session.head.id for session in ledger.open_sessions()] == [good.head.id]
    assert ledger.find("CP16", "7") is None
    assert ledger.unreadable("CP16", "7")
    assert not ledger.unreadable("CP16", "8")
    (told,) = [r for r in journal.records if r["what"] == "session.unreadable"]
    assert bad.head.id in told["data"]["problem"]
    assert book._store.row("SELECT open FROM sessions WHERE id = ?", (bad.head.id,)) == (1,)
    book.close()


async def test_what_the_book_loses_memory_forgets(world: Any, clock: Clock) -> None:
    ledger, sites, heard, book = world
    session = ledger.begin(sites.spot("CP16", 1), "7", None)
    ledger.record(session, event(clock, "started", decision=ALLOWED))
    await book.committed()
    ledger.record(session, event(clock, "ended", 2))
    ledger.begin(sites.spot("CP16", 2), "8", None)
    book._store._db.execute("ROLLBACK")  # as on a full disk
    with pytest.raises(sqlite3.OperationalError):
        await book.committed()
    (again,) = ledger.open_sessions()
    assert (again.head.id, again.status, again.events) == (session.head.id, "ACTIVE", 1)
    assert ledger.at("CP16", 2) is None
    assert session.head.id in heard.forgotten
    ledger.record(again, event(clock, "ended", 2))
    await book.committed()
    assert book.cdrs.get(session.head.id) is not None
    book.close()
