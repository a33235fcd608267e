"""The book: memory answers, SQLite remembers."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from mock_peer.book import Book
from mock_peer.known import KnownCdr
from mock_peer.profile import Profile
from mock_peer.settings import Answer, Answers
from simulator.ocpi.connection import Connection
from tests.mock_peer import objects as o
from tests.mock_peer.cases import verdict

LATER = o.NOW + timedelta(hours=1)


def connection() -> Connection:
    roles = [
        {"role": "CPO", "country_code": "DE", "party_id": "ABC"},
        {"role": "EMSP", "country_code": "DE", "party_id": "EMP"},
    ]
    return Connection("cpo-1", "cpo", token_in="in", registered=True, their_roles=roles)


def test_all_is_remembered(tmp_path: Path) -> None:
    file = str(tmp_path / "book.db")
    book, cpo = Book(file), connection()
    cpo.extra["profile"] = Profile(strict=False).to_json()
    book.save(cpo)
    book.put_location(cpo, o.location(), o.NOW)
    book.put_location(cpo, o.location(name="Depot 2"), LATER)
    book.put_location(cpo, o.location("FAR", country="AUS"), o.NOW, outside=True)
    book.put_tariff(cpo, "T1", o.tariff(), o.NOW)
    book.put_tariff(cpo, "T1", None, LATER)
    book.put_session(cpo, o.session())
    book.put_cdr(cpo, "k", b"{}", {}, accepted=True)
    book.put_token({**o.cdr_token(), "valid": True, "whitelist": "NEVER"})
    book.put_authorization(cpo, verdict())
    book.set_answers(Answers(default=Answer(no_answer=True)), o.NOW)
    book.set_answers(Answers(), LATER)
    book.put_command({"id": "c1", "result": None})
    assert book.add_finding({"rule": "x"}) == 1
    known = book.known(cpo)
    book.close()

    again = Book(file)
    back = again.by_token("in")
    assert back is not None
    assert back == cpo
    loaded = again.known(back)
    assert loaded.locations == known.locations
    assert loaded.locations["loc1"].shared_at == o.NOW, "from when it was first shared"
    assert loaded.locations["far"].outside
    assert loaded.evse_homes == known.evse_homes
    assert loaded.tariffs == known.tariffs
    assert loaded.sessions == known.sessions
    assert loaded.cdrs == known.cdrs
    assert loaded.references == known.references
    assert loaded.interruptions == known.interruptions
    assert len(loaded.interruptions) == 1
    assert loaded.roles == {("de", "abc")}
    assert again.tokens.all == book.tokens.all
    assert again.profile(back).strict is False
    assert again.commands() == [{"id": "c1", "result": None}]
    assert [f["rule"] for f in again.findings()] == ["x"]
    assert again.add_finding({"rule": "y"}) == 2
    assert again.new_connection_id() != again.new_connection_id()
    again.close()


def test_a_location_that_was_outside_is_shared_only_when_it_is_accepted() -> None:
    book, cpo = Book(), connection()
    book.save(cpo)
    assert book.put_location(cpo, o.location(), o.NOW, outside=True)
    assert book.put_location(cpo, o.location(), LATER)
    assert book.known(cpo).locations["loc1"].shared_at == LATER
    book.close()


def test_the_same_tariff_again_is_no_new_state() -> None:
    book, cpo = Book(), connection()
    book.save(cpo)
    for _ in range(3):
        book.put_tariff(cpo, "T1", o.tariff(), o.NOW)
    assert len(book.known(cpo).tariffs["t1"]) == 1
    book.close()


def test_forgetting_keeps_connections_tokens_and_numbers() -> None:
    book, cpo = Book(), connection()
    book.save(cpo)
    book.put_location(cpo, o.location(), o.NOW)
    book.put_token({**o.cdr_token(), "valid": True})
    book.add_finding({"rule": "x"})
    book.forget()
    assert book.known(cpo).locations == {}
    assert book.known(cpo).tokens is book.tokens
    assert (list(book.findings()), len(book.tokens.all)) == ([], 1)
    assert book.by_token("in") is cpo
    book.forget_tokens()
    assert not book.tokens.all
    book.remove(cpo)
    assert book.by_token("in") is None
    book.close()


def test_what_cdrs_bill_is_remembered_if_they_were_accepted(tmp_path: Path) -> None:
    file = str(tmp_path / "book.db")
    book, cpo = Book(file), connection()
    cpo.version = "2.2.1"
    book.save(cpo)
    body = o.cdr(reference="REF-1")
    book.put_cdr(cpo, "refused", b"{}", o.cdr(session_id="S9"), accepted=False)
    book.put_cdr(cpo, "first", b"1", body, accepted=True)
    book.put_cdr(cpo, "second", b"2", body, accepted=True)
    for opened in (book, Book(file)):
        known = opened.known(cpo)
        assert known.billed == {"de*abc*s1": "first"}
        assert known.referring == {"ref-1": ("de*abc*s1", "first")}
        assert set(known.visits.values()) == {"first"}
        assert list(opened.cdrs(cpo)) == [b"1", b"2"]
        opened.close()


def test_a_cdr_of_an_older_book_bills_nothing_known(tmp_path: Path) -> None:
    file = str(tmp_path / "book.db")
    book, cpo = Book(file), connection()
    book.save(cpo)
    book._shelf.put("cdr", cpo.id, "old", b"{}", "digest accepted")
    book.close()
    again = Book(file)
    assert again.known(cpo).cdrs["old"] == KnownCdr("digest", True)
    again.close()


def test_a_dropped_tariff_is_remembered_until_it_comes_to_stay(tmp_path: Path) -> None:
    file, cpo = str(tmp_path / "book.db"), connection()
    book = Book(file)
    book.save(cpo)
    book.put_tariff(cpo, "P1", o.tariff("P1"), o.NOW)
    book.drop_tariff(cpo, "P1", LATER)
    book.close()
    again = Book(file)
    assert (again.known(cpo).dropped, again.known(cpo).tariff("p1")) == ({"p1"}, None)
    again.put_tariff(cpo, "p1", o.tariff("P1"), LATER)
    again.close()
    last = Book(file)
    assert last.known(cpo).dropped == set()
    assert last.known(cpo).tariff("P1") is not None
    last.drop_tariff(cpo, "P2", LATER)
    last.forget()
    assert not list(last._shelf.notes("dropped", cpo.id))
    assert last.known(cpo).dropped == set()
    last.close()
