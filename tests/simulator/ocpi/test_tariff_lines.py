"""Amounts are plain JSON numbers; texts are for people."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pytest

from simulator.ocpi.tariff import price
from simulator.ocpi.tariff_lines import amount_text, money_text, plain, span_text, utc_text
from tests.simulator.ocpi.tariff_examples import (
    charging,
    component,
    element,
    parking,
    session,
    tariff,
)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("100", "100"),
        ("1E+3", "1000"),
        ("0.50", "0.5"),
        ("-0", "0"),
        ("0.3333333333333333", "0.333333333333"),
        ("0.99999999999999999999", "1"),
    ],
)
def test_plain_numbers(value: str, written: str) -> None:
    assert str(plain(Decimal(value))) == written


def test_json_has_the_names_of_a_cdr_and_plain_numbers() -> None:
    made = tariff(
        element(component("TIME", 1, 20, 0), component("FLAT", 1)),
        max_price={"excl_vat": 1, "incl_vat": 1},
    )
    priced = price(made, session(charging(20), parking(10)))
    text = msgspec.json.Encoder(decimal_format="number").encode(priced.to_json())
    result = msgspec.json.decode(text)
    assert list(result) == [
        "currency",
        "total_cost",
        "total_fixed_cost",
        "total_energy_cost",
        "total_time_cost",
        "total_parking_cost",
        "total_reservation_cost",
        "total_energy",
        "total_time",
        "total_parking_time",
        "lines",
        "notes",
    ]
    assert result["total_cost"] == {"excl_vat": 1, "incl_vat": 1}
    assert result["total_time_cost"] == {"excl_vat": 0.333333333333, "incl_vat": 0.4}
    assert result["total_energy_cost"] is None
    assert result["total_time"] == 0.5
    assert [line["dimension"] for line in result["lines"]] == ["FLAT", "TIME", "MAX_PRICE"]
    assert result["lines"][1] == {
        "period": 0,
        "start_date_time": "2026-05-04T09:30:00Z",
        "tariff_id": "T",
        "element": 0,
        "dimension": "TIME",
        "category": "time",
        "price": 1,
        "vat": 20,
        "volume": 0.333333333333,
        "billed_volume": 0.333333333333,
        "unit": "h",
        "step_size": 0,
        "cost": {"excl_vat": 0.333333333333, "incl_vat": 0.4},
        "explanation": "20 min of charging at 1 EUR/h, 20 % VAT.",
    }
    assert result["notes"] == ["Period 1: no element prices PARKING_TIME here: free."]


def test_texts() -> None:
    assert amount_text(Decimal("1234567.1000000")) == "1234567.1"
    assert amount_text(Decimal("0.0000004")) == "0"
    assert money_text(Decimal(5)) == "5.00"
    assert money_text(Decimal("-0.12345678")) == "-0.123457"
    assert [span_text(Decimal(one)) for one in ("0", "60", "7103", "3600", "0.5", "59.9999")] == [
        "0 s",
        "1 min",
        "1 h 58 min 23 s",
        "1 h",
        "0.5 s",
        "1 min",
    ]
    assert utc_text(datetime(2026, 5, 4, 12, 0, 0, 500, tzinfo=UTC)) == (
        "2026-05-04T12:00:00.000500Z"
    )
    assert utc_text(None) is None
