"""What a CDR asks for, from either shape of it."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.demo.bill import Bill

NEW = {
    "id": "C1",
    "session_id": "S1",
    "start_date_time": "2026-01-15T07:00:00Z",
    "end_date_time": "2026-01-15T07:40:00Z",
    "cdr_token": {"uid": "04AA", "contract_id": "DE-8PS-1"},
    "auth_method": "COMMAND",
    "cdr_location": {"id": "L1", "evse_uid": "CP1-1"},
    "currency": "EUR",
    "total_cost": {"excl_vat": 3.5, "incl_vat": 4.17},
    "total_energy": 7.1,
}
OLD = {
    "id": "C1",
    "start_date_time": "2026-01-15T07:00:00Z",
    "stop_date_time": "2026-01-15T07:40:00Z",
    "auth_id": "DE-8PS-1",
    "auth_method": "AUTH_REQUEST",
    "location": {"id": "L1", "evses": [{"uid": "CP1-1"}]},
    "currency": "EUR",
    "total_cost": 3.5,
    "total_energy": 7.1,
}


def test_it_reads_a_cdr_of_2_2_1() -> None:
    bill = Bill.of(NEW)
    assert (bill.session_id, bill.evse_uid, bill.token_uid) == ("S1", "CP1-1", "04AA")
    assert (bill.excl_vat, bill.incl_vat, bill.end) == (3.5, 4.17, "2026-01-15T07:40:00Z")
    assert bill.words == "7.1 kWh, 4.17 EUR with VAT"


def test_it_reads_a_cdr_of_2_1_1() -> None:
    bill = Bill.of(OLD)
    assert (bill.session_id, bill.evse_uid, bill.token_uid) == (None, "CP1-1", "DE-8PS-1")
    assert (bill.excl_vat, bill.incl_vat, bill.end) == (3.5, None, "2026-01-15T07:40:00Z")
    assert bill.words == "7.1 kWh, 3.5 EUR net"


@pytest.mark.parametrize("cdr", [{}, None, [], {"location": None, "total_cost": None}])
def test_what_is_not_there_is_none(cdr: Any) -> None:
    bill = Bill.of(cdr)
    assert (bill.id, bill.kwh, bill.excl_vat, bill.evse_uid) == (None, None, None, "")
