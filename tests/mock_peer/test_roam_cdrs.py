"""CDRs towards EMPs: rewritten, and broken down."""

from __future__ import annotations

import copy
from decimal import Decimal
from typing import Any

import pytest

from mock_peer.roam_cdrs import How, breakdown, is_credit, shown_cdr
from mock_peer.roam_ids import IdMap, Kind
from mock_peer.roam_sessions import shown_session
from mock_peer.roam_tokens import Held, normalised
from tests.mock_peer.roam_things import CPO, cdr, session, tariff, token

HELD = Held("emp-1", token(contract_id=normalised(token()["contract_id"])))


def shown(source: dict[str, Any], ids: IdMap | None = None) -> dict[str, Any]:
    return shown_cdr(source, CPO, ids or IdMap(), HELD)[0]


def test_the_id_is_that_of_the_session() -> None:
    ids = IdMap()
    before = shown_session(session(), CPO, ids, HELD, None)
    assert shown(cdr(), ids)["id"] == shown(cdr(), ids)["session_id"] == before["id"]


def test_a_cdr_without_a_session_has_an_id_of_its_own() -> None:
    source = cdr()
    del source["session_id"]
    ids = IdMap()
    assert ids.origin(shown(source, ids)["id"], Kind.CDR) == CPO._replace(ids=("C1",))
    assert "session_id" not in shown(source, ids)


def test_all_ids_are_rewritten_and_the_source_is_left_alone() -> None:
    ids, source = IdMap(), cdr(authorization_reference="PS-REF")
    before = copy.deepcopy(source)
    passed = shown(source, ids)
    place = passed["cdr_location"]
    assert ids.origin(place["id"], Kind.LOCATION) == CPO._replace(ids=("LOC1",))
    assert ids.origin(place["connector_id"], Kind.CONNECTOR) == CPO._replace(
        ids=("LOC1", "E1", "1")
    )
    (inlined,) = passed["tariffs"]
    assert inlined["id"] != "T1"
    assert passed["charging_periods"][0]["tariff_id"] == inlined["id"]
    assert passed["cdr_token"]["party_id"] == "EMP"
    assert "authorization_reference" not in passed
    assert source == before


def test_a_tariff_that_nobody_knows_is_not_named() -> None:
    passed = shown(cdr(tariffs=[]))
    assert "tariff_id" not in passed["charging_periods"][0]


def test_long_addresses_pass() -> None:
    place = {**cdr()["cdr_location"], "address": "a" * 250, "postal_code": "1" * 60}
    passed = shown(cdr(cdr_location=place))["cdr_location"]
    assert (len(passed["address"]), len(passed["postal_code"])) == (200, 50)


def test_the_breakdown_is_priced_by_the_tariff() -> None:
    found = breakdown(cdr(), [tariff()], "Europe/Berlin")
    assert found.how is How.PRICED
    assert found.fields == {
        "total_energy_cost": {"excl_vat": Decimal("5"), "incl_vat": Decimal("5.95")}
    }


def test_no_part_tells_of_vat_where_the_total_does_not() -> None:
    found = breakdown(cdr(total_cost={"excl_vat": Decimal("5.00")}), [tariff()], "UTC")
    assert found == ({"total_energy_cost": {"excl_vat": Decimal("5")}}, How.PRICED)


def test_what_the_cpo_told_stays() -> None:
    told = cdr(total_energy_cost={"excl_vat": Decimal("5.00"), "incl_vat": Decimal("5.95")})
    assert breakdown(told, [tariff()], "UTC") == ({}, How.CPO)


def test_a_total_of_the_cpo_s_own_is_divided_in_proportion() -> None:
    element = {
        "price_components": [
            {"type": "FLAT", "price": Decimal("1"), "step_size": 1},
            {"type": "ENERGY", "price": Decimal("0.2"), "step_size": 1},
        ]
    }
    source = cdr(total_cost={"excl_vat": Decimal("4.00")})
    found = breakdown(source, [tariff(elements=[element])], "UTC")
    assert found.how is How.SCALED
    parts = {name: amounts["excl_vat"] for name, amounts in found.fields.items()}
    assert parts == {"total_fixed_cost": Decimal("1.3333"), "total_energy_cost": Decimal("2.6667")}


@pytest.mark.parametrize(
    ("energy", "part"), [(Decimal("10"), "total_energy_cost"), (Decimal(0), "total_time_cost")]
)
def test_without_a_tariff_the_total_is_one_part(energy: Decimal, part: str) -> None:
    found = breakdown(cdr(total_energy=energy), [], "UTC")
    assert found.how is How.WHOLE
    assert found.fields == {part: {"excl_vat": Decimal("5.00"), "incl_vat": Decimal("5.95")}}


def test_a_tariff_that_cannot_be_priced_is_survived() -> None:
    assert breakdown(cdr(), [{"id": "T1", "elements": "?"}], "UTC").how is How.WHOLE


@pytest.mark.parametrize(
    ("changes", "credit"),
    [({}, False), ({"credit": True}, True), ({"credit_reference_id": "C0"}, True)],
)
def test_credit_cdrs_are_told_apart(changes: dict[str, Any], credit: bool) -> None:
    assert is_credit(cdr(**changes)) is credit
