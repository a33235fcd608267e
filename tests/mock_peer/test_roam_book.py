"""The Roam face's book: what was told is there after a restart."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from mock_peer.roam_book import Asked, RoamBook
from mock_peer.roam_delivery import Delivery
from mock_peer.roam_ids import Kind
from mock_peer.roam_organisation import Organisation, OrganisationError
from mock_peer.roam_sessions import Told
from simulator.kernel.clock import DEFAULT_START
from simulator.ocpi.connection import Connection
from tests.mock_peer.roam_things import cdr, origin, token


@pytest.fixture
def file(tmp_path: Path) -> Iterator[str]:
    yield str(tmp_path / "roam.db")


def registered(book: RoamBook) -> Connection:
    connection = book.new_connection()
    connection.token_in, connection.registered = "secret", True
    connection.their_roles = [{"role": "EMSP", "country_code": "NL", "party_id": "ABC"}]
    book.save(connection)
    return connection


def test_all_that_was_kept_is_known_again(file: str) -> None:
    book = RoamBook(file)
    connection = registered(book)
    book.set_organisation(connection, Organisation(keys_per_contract=7))
    book.put_token(connection, token())
    name = book.ids.issue(Kind.SESSION, origin("S1"))
    book.put_told("es1", Told(connection.id, Decimal("1.50"), False))
    book.put_asked("PS-Ref", Asked(connection.id, "EMP-REF"))
    delivery = Delivery(id="ed1", organisation=connection.id, cdr=cdr(), due=DEFAULT_START, tries=2)
    book.put_delivery(delivery)
    book.close()

    again = RoamBook(file)
    found = again.by_token("secret")
    assert found is not None
    assert again.organisation(found).keys_per_contract == 7
    assert [held.uid for held in again.tokens.of(found.id)] == ["04AABBCC"]
    assert again.ids.origin(name, Kind.SESSION) == origin("S1")
    assert again.told("es1") == Told(connection.id, Decimal("1.50"), False)
    assert again.asked("ps-ref") == Asked(connection.id, "EMP-REF")
    assert again.deliveries() == [delivery]
    assert again.new_connection().id == "emp-2"
    again.end_delivery(delivery)
    again.close()
    last = RoamBook(file)
    assert last.deliveries() == []
    last.close()


def test_an_emp_without_an_organisation_has_the_default_under_its_own_party() -> None:
    book = RoamBook(organisation=Organisation(keys_per_contract=2))
    connection = registered(book)
    organisation = book.organisation(connection)
    assert organisation.prefixes == ("NLABC",)
    assert organisation.keys_per_contract == 2
    book.close()


def test_what_is_told_of_an_emp_leaves_it_its_own_party() -> None:
    book = RoamBook()
    connection = registered(book)
    book.set_organisation(connection, Organisation(keys_per_contract=2))
    assert book.organisation(connection).prefixes == ("NLABC",)
    elsewhere = Organisation(country_code="FR", party_id="ABC")
    book.set_organisation(connection, elsewhere)
    assert book.organisation(connection) == elsewhere
    book.close()


def test_the_same_party_takes_the_place_of_its_former_self(file: str) -> None:
    book = RoamBook(file)
    former, other = registered(book), registered(book)
    other.their_roles = [{"role": "EMSP", "country_code": "DE", "party_id": "EMP"}]
    book.save(other)
    book.put_token(former, token())
    book.put_told("es1", Told(former.id, Decimal(1), False))
    book.set_organisation(former, Organisation(keys_per_contract=9))
    anew = registered(book)
    assert book.replaced_by(other) == []
    assert book.replaced_by(anew) == [former]
    book.close()
    again = RoamBook(file)
    assert [one.id for one in again.all()] == [other.id, anew.id]
    found = again.connection(anew.id)
    assert found is not None
    assert (found.peer, again.organisation(found).keys_per_contract) == ("emp", 9)
    assert [held.uid for held in again.tokens.of(anew.id)] == ["04AABBCC"]
    assert again.told("es1") == Told(anew.id, Decimal(1), False)
    again.close()


def test_a_prefix_is_the_first_emp_s() -> None:
    book = RoamBook()
    first, second = registered(book), registered(book)
    assert book.others_prefixes(first) == {}
    assert book.others_prefixes(second) == {"NLABC": "NL*ABC"}
    with pytest.raises(OrganisationError, match="/contract_prefixes/1: NLABC is registered for"):
        book.set_organisation(second, Organisation(contract_prefixes=("NL-XYZ", "NL-ABC")))
    book.set_organisation(first, Organisation(contract_prefixes=("NL-ABC",)))  # its own
    anew = Organisation(country_code="nl", party_id="ABC")
    book.set_organisation(book.new_connection(), anew)  # the first again, before it registers
    book.remove(first)
    assert book.others_prefixes(second) == {}
    book.close()


def test_a_cdr_that_ever_went_to_an_emp_is_known(file: str) -> None:
    book = RoamBook(file)
    delivery = Delivery(id="ed1", organisation="emp-1", cdr=cdr(), due=DEFAULT_START)
    assert not book.handed_on("ed1")
    book.put_delivery(delivery)
    book.end_delivery(delivery)
    assert book.delivery("ed1") is None
    book.close()
    again = RoamBook(file)
    assert again.handed_on("ed1")
    again.close()


def test_an_emp_that_is_removed_is_known_no_more() -> None:
    book = RoamBook()
    connection = registered(book)
    assert book.connection(connection.id) is connection
    book.remove(connection)
    assert book.by_token("secret") is None
    assert book.all() == []
    book.close()


def test_the_first_emp_s_actor_is_emp() -> None:
    book = RoamBook()
    assert [book.new_connection().peer for _ in range(2)] == ["emp", "emp-2"]
    assert book.asked(None) is None
    book.close()
