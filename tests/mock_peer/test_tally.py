"""How often each rule was broken."""

from __future__ import annotations

from mock_peer.book import Book
from mock_peer.tally import Count, Tally


def test_rules_are_counted_and_the_last_time_kept() -> None:
    tally = Tally()
    for rule, at in (("a", "1"), ("b", "2"), ("a", "3")):
        tally.take({"rule": rule, "at": at})
    assert tally.all == {"a": Count(2, "3"), "b": Count(1, "2")}
    tally.clear()
    assert tally.all == {}


def test_a_book_counts_what_it_keeps_and_forgets(tmp_path: object) -> None:
    path = f"{tmp_path}/peer.db"
    book = Book(path)
    book.add_finding({"rule": "cdr.price", "at": "1"})
    book.add_finding({"rule": "cdr.price", "at": "2"})
    book.close()
    again = Book(path)
    assert again.broken.all == {"cdr.price": Count(2, "2")}
    again.forget()
    assert again.broken.all == {}
    again.close()
