"""The check's own network: objects that OCPI allows, and a CDR whose price is right."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from mock_peer import check_network as network
from mock_peer.roam_pages import LARGEST_PAGE
from mock_peer.roam_tokens import Held
from simulator.kernel.clock import DEFAULT_START as NOW
from simulator.ocpi import validate
from simulator.ocpi.envelope import read_json, write_json

HELD = Held(
    "emp-1",
    {
        "country_code": "DE",
        "party_id": "EMP",
        "uid": "T1",
        "type": "RFID",
        "contract_id": "DE-EMP-C12345678-9",
    },
)


def errors(kind: str, obj: object) -> list[str]:
    plain = read_json(write_json(obj))
    return [problem.message for problem in validate.errors(kind, plain, "2.2.1")]


def test_locations_and_tariff_are_valid_and_make_two_pages() -> None:
    assert errors("location", network.location(1, NOW)) == []
    assert errors("location", network.location(network.LOCATIONS, NOW, "OUTOFORDER")) == []
    assert errors("tariff", network.tariff(NOW)) == []
    assert LARGEST_PAGE < network.LOCATIONS <= 2 * LARGEST_PAGE
    names = {network.location_id(n) for n in range(1, network.LOCATIONS + 1)}
    assert len(names) == network.LOCATIONS


def test_a_session_goes_on_and_ends() -> None:
    begun = network.session("S", HELD, network.place("CHECK-001"), NOW, "AUTH_REQUEST")
    assert errors("session", begun) == []
    end = NOW + timedelta(minutes=30)
    ended = network.later(begun, Decimal("12.5"), end, ended=True)
    assert errors("session", ended) == []
    assert (ended["status"], ended["kwh"]) == ("COMPLETED", Decimal("12.5"))


def test_the_cdr_is_valid_and_costs_what_the_tariff_says() -> None:
    begun = network.session("S", HELD, network.place("CHECK-001"), NOW, "AUTH_REQUEST")
    ended = network.later(begun, Decimal("12.5"), NOW + timedelta(minutes=30), ended=True)
    cdr = network.cdr(ended, network.location(1, NOW))
    assert errors("cdr", cdr) == []
    assert cdr["total_cost"]["excl_vat"] == Decimal("5.625")
    assert cdr["total_time"] == Decimal("0.5")
    assert cdr["session_id"] == "S"
