"""The total at a glance against the whole calculation."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.ocpi.tariff import price
from simulator.ocpi.tariff_model import read_tariff
from simulator.ocpi.tariff_parse import Place
from simulator.ocpi.tariff_plain import plain_total

PRICES = st.decimals(0, 5, places=4)
COMPONENTS = st.lists(
    st.fixed_dictionaries(
        {
            "type": st.sampled_from(["ENERGY", "FLAT"]),
            "price": PRICES,
            "step_size": st.sampled_from([0, 1, 7, 500, 1000]),
        },
        optional={"vat": st.sampled_from([0, 7, Decimal("19.5")])},
    ),
    min_size=1,
    max_size=3,
)


def tariff(*elements: list[Any], **more: Any) -> dict[str, Any]:
    listed = [{"price_components": components} for components in elements]
    return {"id": "t", "currency": "EUR", "elements": listed, **more}


def session(*volumes_kwh: Decimal) -> dict[str, Any]:
    periods = [
        {
            "start_date_time": f"2026-01-15T07:{minute:02}:00.000Z",
            "tariff_id": "t",
            "dimensions": [
                {"type": "TIME", "volume": Decimal("0.0167")},
                {"type": "ENERGY", "volume": volume},
            ],
        }
        for minute, volume in enumerate(volumes_kwh)
    ]
    return {
        "start_date_time": "2026-01-15T07:00:00.000Z",
        "end_date_time": "2026-01-15T07:30:00.000Z",
        "charging_periods": periods,
    }


@given(
    st.lists(COMPONENTS, min_size=1, max_size=2),
    st.lists(st.decimals(0, 80, places=4), min_size=1, max_size=4),
)
def test_it_is_the_total_of_the_whole_calculation(
    elements: list[Any], volumes: list[Decimal]
) -> None:
    written = tariff(*elements)
    glanced = plain_total(read_tariff(written, Place("tariff")), sum(volumes, Decimal(0)))
    assert glanced == price(written, session(*volumes)).total_cost


RATE = {"type": "ENERGY", "price": 1, "step_size": 1}


@pytest.mark.parametrize(
    "written",
    [
        tariff([{"type": "TIME", "price": 1, "step_size": 1}]),
        tariff([RATE], min_price={"excl_vat": 1}),
        tariff([RATE], max_price={"excl_vat": 1}),
        {
            "id": "t",
            "elements": [{"price_components": [RATE], "restrictions": {"max_kwh": 3}}],
        },
    ],
)
def test_what_is_more_than_plain_is_left_to_it(written: dict[str, Any]) -> None:
    assert plain_total(read_tariff(written, Place("tariff")), Decimal(1)) is None
