"""What the simulated EMP holds, and how it checks a price."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from mock_peer.emp_book import EmpBook
from tests.mock_peer.roam_things import cdr, connector, evse, location, tariff


def shown(name: str = "LOC1", price: str = "0.50") -> dict[str, Any]:
    plug = {**connector(), "tariffs": [tariff(price)]}
    return location(id=name, evses=[evse(connectors=[plug])])


def test_a_full_pull_replaces_and_a_delta_adds() -> None:
    book = EmpBook()
    assert book.take_pull([shown("A"), shown("B")], full=True) == []
    assert book.take_pull([shown("C")], full=False) == []
    assert sorted(book.locations) == ["a", "b", "c"]
    assert book.take_pull([shown("B")], full=True) == ["a", "c"]


def test_what_has_no_id_is_left_out() -> None:
    book = EmpBook()
    book.take_pull([{"city": "Bonn"}], full=True)
    assert book.locations == {}


def test_a_connector_is_found_whatever_the_case() -> None:
    book = EmpBook()
    book.take_pull([shown()], full=True)
    assert book.connector("loc1", "e1", "1") is not None
    assert book.connector("LOC1", "E2", "1") is None
    assert book.first_plug() == ("LOC1", "E1", "1")
    assert EmpBook().first_plug() is None


def test_a_cdr_is_priced_by_the_tariff_that_was_pulled() -> None:
    book = EmpBook()
    book.take_pull([shown(price="0.60")], full=True)
    bill = book.check(cdr())
    assert (bill.asked, bill.right, bill.agrees) == (Decimal("5.00"), Decimal("6"), False)


def test_without_a_pull_the_cdr_s_own_tariff_counts() -> None:
    assert EmpBook().check(cdr()).agrees is True


def test_what_cannot_be_priced_is_told() -> None:
    nothing = EmpBook().check(cdr(tariffs=[]))
    assert (nothing.agrees, nothing.why) == (None, "no tariff is known")
    broken = EmpBook().check(cdr(tariffs=[{"id": "T1", "elements": "?"}]))
    assert broken.agrees is None
    assert broken.why
