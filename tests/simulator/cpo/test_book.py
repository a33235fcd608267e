"""The book's small subjects: settings, stations, tokens."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from simulator.cpo.authorize import TOKEN_TYPES, by_command
from simulator.cpo.book import Book, ConnectorStatus
from simulator.kernel.clock import Clock
from tests.simulator.cpo.world import token

NOW = datetime(2026, 1, 15, 7, tzinfo=UTC)
ANY = TOKEN_TYPES[None]


@pytest.fixture
def book(clock: Clock) -> Iterator[Book]:
    book = Book(":memory:", clock)
    yield book
    book.close()


def test_a_counter_goes_on_after_a_restart(tmp_path: Path, clock: Clock) -> None:
    book = Book(tmp_path / "book.db", clock)
    assert [book.settings.count("a"), book.settings.count("a"), book.settings.count("b")] == [
        1,
        2,
        1,
    ]
    book.close()
    book = Book(tmp_path / "book.db", clock)
    assert book.settings.count("a") == 3
    book.close()


def test_the_last_boot_and_status_count(book: Book) -> None:
    assert book.stations.boot("CP1") is None
    book.stations.booted("CP1", "1.6", "Pending", {"a": 1}, NOW)
    book.stations.booted("CP1", "2.0.1", "Accepted", {"a": 2}, NOW)
    boot = book.stations.boot("CP1")
    assert boot is not None
    assert (boot.version, boot.status, boot.body) == ("2.0.1", "Accepted", {"a": 2})
    for status in ("Available", "Occupied"):
        book.stations.set_connector("CP1", ConnectorStatus(1, 1, status, "", "t"))
    assert [c.status for c in book.stations.connectors("CP1")] == ["Occupied"]
    book.stations.set_evse("LOC1", "E1", "CHARGING", "t")
    assert book.stations.evses() == [("LOC1", "E1", "CHARGING", "t")]


def test_notices_are_kept_in_order(book: Book) -> None:
    book.stations.notice("CP1", "B", {"x": 1}, NOW)
    book.stations.notice("CP1", "A", {"x": 2}, NOW)
    book.stations.notice("CP2", "A", {"x": 3}, NOW)
    assert book.stations.notices("CP1") == [("B", {"x": 1}), ("A", {"x": 2})]


def test_a_token_is_uid_and_type_without_regard_to_case(book: Book) -> None:
    assert book.tokens.put("p1", token("AbC"))
    assert not book.tokens.put("p1", token("aBC", valid=False))
    found = book.tokens.get("p1", "ABC", "RFID")
    assert found is not None
    assert (found["uid"], found["valid"]) == ("aBC", False)
    assert book.tokens.get("p2", "ABC", "RFID") is None
    assert book.tokens.get("p1", "ABC", "OTHER") is None
    assert book.tokens.put("p1", token("AbC", type="OTHER"))
    assert book.tokens.count() == 2


def test_a_station_means_the_likeliest_type(book: Book) -> None:
    book.tokens.put("p1", token("X", type="APP_USER"))
    assert book.tokens.find("x", TOKEN_TYPES["ISO14443"]) is None
    book.tokens.put("p2", token("X", type="RFID"))
    known = book.tokens.find("x", ANY)
    assert known is not None
    assert (known.connection_id, known.token["type"]) == ("p2", "RFID")
    assert book.tokens.find("x", ("APP_USER",)) is not None
    assert book.tokens.find("y", ANY) is None


def test_a_full_list_tells_which_tokens_are_gone(book: Book) -> None:
    for uid in ("A", "B", "C"):
        book.tokens.put("p1", token(uid))
    book.tokens.put("p2", token("A"))
    assert book.tokens.keep_only("p1", {("B", "RFID")}) == 2
    assert book.tokens.count() == 2
    book.tokens.forget_peer("p1")
    assert book.tokens.count() == 1


def test_the_operators_own_list(book: Book) -> None:
    book.tokens.block("Card")
    assert book.tokens.is_blocked("CARD")
    book.tokens.unblock("card")
    assert not book.tokens.is_blocked("CARD")


def test_a_grant_is_good_at_its_station_for_its_time(book: Book) -> None:
    decision = by_command(token(), "p1", "REF", NOW, ["E1"])
    book.tokens.grant("CP1", "Card1", decision, NOW + timedelta(minutes=15))
    assert book.tokens.granted("CP1", "CARD1", NOW) == decision
    assert book.tokens.granted("CP2", "CARD1", NOW) is None
    assert book.tokens.granted("CP1", "CARD1", NOW + timedelta(minutes=15)) is None
    book.tokens.use_up("CP1", "card1")
    assert book.tokens.granted("CP1", "CARD1", NOW) is None


@pytest.mark.parametrize(
    "said", ["DE-8PS-COO13A3LZ-3", "DE8PSCOO13A3LZ3", "DE8PSCOO13A3LZ", "de8pscoo13a3lz9"]
)
def test_a_contract_is_found_however_it_is_spelled(book: Book, said: str) -> None:
    book.tokens.put("P", token("DE-8PS-COO13A3LZ-3", type="OTHER"))
    book.tokens.put("P", token("DE-8PS-COO13A3LA-3", type="OTHER"))
    for types in (ANY, TOKEN_TYPES["eMAID"]):
        found = book.tokens.find(said, types)
        assert found is not None
        assert found.token["uid"] == "DE-8PS-COO13A3LZ-3"
    assert book.tokens.find(said, TOKEN_TYPES["ISO14443"]) is None


def test_a_card_is_no_contract_and_goes_before_one(book: Book) -> None:
    book.tokens.put("P", token("DE-8PS-COO13A3LZ-3"))  # a card of that number
    assert book.tokens.find("DE8PSCOO13A3LZ3", ANY) is None
    book.tokens.put("P", token("DE8PSCOO13A3LZ3", type="OTHER"))
    found = book.tokens.find("DE-8PS-COO13A3LZ-3", ANY)
    assert found is not None
    assert found.token["type"] == "RFID"
    found = book.tokens.find("DE-8PS-COO13A3LZ-3", TOKEN_TYPES["eMAID"])
    assert found is not None
    assert found.token["type"] == "OTHER"


def test_a_contract_that_is_dropped_or_replaced_is_not_found_any_more(book: Book) -> None:
    book.tokens.put("P", token("DE-8PS-COO13A3LZ-3", type="OTHER"))
    book.tokens.put("P", token("DE-8PS-COO13A3LZ-3", type="OTHER", whitelist="NEVER"))
    found = book.tokens.find("DE8PSCOO13A3LZ", ANY)
    assert found is not None
    assert found.token["whitelist"] == "NEVER"
    assert book.tokens.keep_only("P", set()) == 1
    assert book.tokens.find("DE8PSCOO13A3LZ", ANY) is None


def test_a_grant_and_a_block_are_for_every_spelling(book: Book) -> None:
    decision = by_command(token("DE-8PS-COO13A3LZ-3", type="OTHER"), "P", None, NOW, [])
    book.tokens.grant("CP1", "DE-8PS-COO13A3LZ-3", decision, NOW + timedelta(seconds=60))
    assert book.tokens.granted("CP1", "DE8PSCOO13A3LZ", NOW) == decision
    book.tokens.use_up("CP1", "de8pscoo13a3lz3")
    assert book.tokens.granted("CP1", "DE-8PS-COO13A3LZ-3", NOW) is None
    book.tokens.block("DE8PSCOO13A3LZ")
    assert book.tokens.is_blocked("DE-8PS-COO13A3LZ-3")
    assert not book.tokens.is_blocked("CARD1")
    book.tokens.block("card1")
    assert book.tokens.is_blocked("CARD1")
    book.tokens.unblock("DE-8PS-COO13A3LZ-3")
    assert not book.tokens.is_blocked("DE8PSCOO13A3LZ")
