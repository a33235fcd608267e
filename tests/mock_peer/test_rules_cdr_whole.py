"""Whether a CDR is complete and correct in itself."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from mock_peer.rules_cdr_whole import same_contract
from tests.mock_peer import objects as o
from tests.mock_peer.cases import Case
from tests.mock_peer.test_rules_cdr import cdr, rule


def period(**volumes: Any) -> dict[str, Any]:
    dimensions = [{"type": kind, "volume": volume} for kind, volume in volumes.items()]
    return {"start_date_time": o.AT, "dimensions": dimensions, "tariff_id": "T1"}


def told(*periods: dict[str, Any], **totals: Any) -> dict[str, Any]:
    return cdr(charging_periods=list(periods), **totals)


PARKED = (period(ENERGY=10, TIME=Decimal("0.4")), period(PARKING_TIME=Decimal("0.1")))
HALF = Decimal("0.5")
LONGER = {"end_date_time": "2026-01-15T07:36:00Z"}
CASES = [
    rule("cdr.valid", cdr(start_date_time="2026-02-29T00:00:00Z"), "/start_date_time"),
    rule("cdr.valid", cdr(start_date_time="1900-02-29T00:00:00Z"), "/start_date_time"),
    rule("cdr.valid", cdr(start_date_time="0000-01-01T00:00:00Z"), "/start_date_time"),
    rule("cdr.valid", cdr(total_cost={"excl_vat": Decimal("1e50")}), "/total_cost/excl_vat"),
    rule("cdr.valid", cdr(total_cost={"excl_vat": Decimal("1e400")}), "/total_cost/excl_vat"),
    rule("cdr.valid", cdr(total_time=Decimal("1e-400")), "/total_time"),
    rule(
        "cdr.valid",
        cdr(cdr_token=o.cdr_token(contract_id="DE-8PS-C00000002-2")),
        "/cdr_token/contract_id",
    ),
    rule(
        "cdr.valid",
        cdr(cdr_token=o.cdr_token(party_id="ABC")),
        "/cdr_token/party_id",
        good=cdr(cdr_token=o.cdr_token(party_id="8ps")),
    ),
    rule(
        "cdr.valid",
        cdr(total_time=Decimal("0.53")),
        "/total_time",
        good=cdr(total_time=Decimal("0.51")),
    ),
    rule(
        "cdr.valid",
        told(period(ENERGY=10), total_energy=11),
        "/total_energy",
        good=told(period(ENERGY=10), total_energy=Decimal("10.01")),
    ),
    rule(
        "cdr.valid",
        told(*PARKED, total_time=Decimal("0.6")),
        "/total_time",
        good=told(*PARKED, total_time=HALF),
    ),
    rule(
        "cdr.valid",
        told(*PARKED, period(ENERGY=0), total_time=Decimal("0.3")),
        "/total_time",
        good=told(*PARKED, period(ENERGY=0), total_time=Decimal("0.6"), **LONGER),
    ),
    rule(
        "cdr.valid",
        told(*PARKED, total_parking_time=Decimal("0.4")),
        "/total_parking_time",
        good=told(*PARKED, total_parking_time=Decimal("0.11")),
    ),
    rule(
        "cdr.valid",
        told(period(ENERGY=10, TIME=HALF), total_parking_time=Decimal("0.2")),
        "/total_parking_time",
        good=told(period(ENERGY=10, TIME=HALF), total_parking_time=0),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rule(case: Case) -> None:
    assert case.judged_good() == []
    assert [found.pointer for found in case.judged_bad()] == [case.at]


def test_zero_is_an_amount_whatever_its_exponent() -> None:
    body = cdr(total_cost={"excl_vat": Decimal("0E-99")})
    assert rule("cdr.valid", body, "").judged_bad() == []


def test_reservation_time_is_no_part_of_the_sum() -> None:
    whole = {"end_date_time": "2026-01-15T09:00:00Z", "total_time": 2}
    body = told(period(ENERGY=10, RESERVATION_TIME=1), period(TIME=HALF), **whole)
    assert rule("cdr.valid", body, "").judged_bad() == []


def test_contracts_are_the_same_with_and_without_dashes() -> None:
    assert same_contract("DE-8PS-C00000001-1", "de8psc000000011")
    assert not same_contract("DE-8PS-C00000001-1", "DE-8PS-C00000001-2")
