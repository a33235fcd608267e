"""The quick total is the whole calculation's, wherever it knows one."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mock_peer.quick_price import plain_tariff, total
from simulator.ocpi.tariff import price
from tests.mock_peer import objects as o

money = st.decimals(0, 99, places=4)
components = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["ENERGY", "FLAT"]),
        "price": money,
        "step_size": st.sampled_from([0, 1, 2, 100, 500, 1000]),
    },
    optional={"vat": st.decimals(0, 30, places=1)},
)
elements = st.lists(
    st.fixed_dictionaries({"price_components": st.lists(components, min_size=1, max_size=3)}),
    min_size=1,
    max_size=2,
)
dimensions = st.lists(
    st.fixed_dictionaries(
        {
            "type": st.sampled_from(["ENERGY", "TIME", "PARKING_TIME", "MAX_CURRENT"]),
            "volume": st.decimals(0, 120, places=4),
        }
    ),
    max_size=4,
)


@given(elements, st.lists(dimensions, min_size=1, max_size=4))
def test_the_two_agree(parts: list[Any], volumes: list[Any]) -> None:
    tariff = o.tariff(elements=parts)
    periods = [{"start_date_time": o.AT, "dimensions": one} for one in volumes]
    rates = plain_tariff(tariff)
    assert rates is not None
    quick = total(rates, periods)
    assume(quick is not None)
    assert quick is not None
    session = {
        "start_date_time": o.AT,
        "end_date_time": "2026-01-15T08:00:00Z",
        "charging_periods": periods,
    }
    whole = price(tariff, session).total_cost
    for fast, exact in zip(quick, (whole.excl_vat, whole.incl_vat), strict=True):
        assert abs(fast - exact) < Decimal("1e-9"), (tariff, periods)


@pytest.mark.parametrize(
    "tariff",
    [
        o.tariff(min_price={"excl_vat": 1}),
        o.tariff(elements=[{**o.tariff()["elements"][0], "restrictions": {"max_kwh": 1}}]),
        o.tariff(elements=[{"price_components": [{"type": "TIME", "price": 1, "step_size": 1}]}]),
        o.tariff(elements=[{"price_components": [{"type": "ENERGY", "price": 1}]}]),
        o.tariff(elements=[]),
    ],
)
def test_what_is_more_than_plain_is_left_alone(tariff: dict[str, Any]) -> None:
    assert plain_tariff(tariff) is None


@pytest.mark.parametrize(
    "dimension",
    [
        {"type": "RESERVATION_TIME", "volume": 1},
        {"type": "ENERGY", "volume": -1},
        {"type": "ENERGY", "volume": "1"},
        {"type": "FLAT", "volume": 1},
        {"type": []},
        None,
    ],
)
def test_a_volume_it_does_not_know_is_left_alone(dimension: Any) -> None:
    rates = plain_tariff(o.tariff())
    assert rates is not None
    assert total(rates, [{"dimensions": [dimension]}]) is None
