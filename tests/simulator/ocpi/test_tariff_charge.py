"""step_size rounds once a group; limits bring the total where it must be."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from simulator.ocpi.tariff_charge import Charge, apply_steps, limit_lines, total_of
from simulator.ocpi.tariff_lines import Price
from simulator.ocpi.tariff_match import Active
from simulator.ocpi.tariff_model import Component, Limit, Tariff
from simulator.ocpi.tariff_parse import Place
from simulator.ocpi.tariff_session import Period

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
PERIOD = Period(0, NOON, NOON, {}, {}, None)
TARIFF = Tariff(Place("tariff"), "T", "EUR", ())


def charge(dimension: str, volume: str, step: int, price: str = "1") -> Charge:
    component = Component(dimension, Decimal(price), None, step)
    return Charge(PERIOD, TARIFF, Active(0, component), dimension, "any", Decimal(volume))


@pytest.mark.parametrize(
    ("volumes", "step", "extra"),
    [
        (["100"], 25, "0"),  # a whole number of steps stays
        (["100.1"], 25, "24.9"),
        (["4300", "1100"], 500, "100"),
        (["0"], 25, "0"),
        (["7"], 0, "0"),
    ],
)
def test_the_last_charge_takes_the_rounding(volumes: list[str], step: int, extra: str) -> None:
    charges = [charge("ENERGY", volume, step) for volume in volumes]
    apply_steps(charges)
    assert [one.extra for one in charges] == [*[0] * (len(charges) - 1), Decimal(extra)]


def test_the_last_step_size_counts_for_the_whole_session() -> None:
    charges = [charge("TIME", "1500", 1800), charge("TIME", "600", 900)]
    apply_steps(charges)
    assert [one.billed for one in charges] == [1500, 1200]


def test_groups_are_rounded_apart() -> None:
    charges = [
        charge("RESERVATION_TIME", "10", 60),
        charge("ENERGY", "10", 100),
        charge("TIME", "10", 60),
        charge("PARKING_TIME", "10", 60),
        charge("PARKING_TIME", "0", 3600),  # nothing was used of it: not relevant
    ]
    apply_steps(charges)
    assert [one.billed for one in charges] == [60, 100, 10, 60, 0]


def test_cost_is_exact() -> None:
    one = charge("TIME", "420", 0, "0.3")
    assert one.cost.excl_vat == Decimal("0.035")
    assert charge("ENERGY", "115.2", 0, "0.25").cost.excl_vat == Decimal("0.0288")
    assert total_of([one.cost, one.cost]) == Price(Decimal("0.07"), Decimal("0.07"))
    assert total_of([]) == Price(Decimal(0), Decimal(0))


def limited(least: int | None, most: int | None, total: int) -> tuple[Decimal, list[str]]:
    def limit(value: int | None) -> Limit | None:
        return None if value is None else Limit(Decimal(value), Decimal(value))

    made = Tariff(Place("tariff"), "T", "EUR", (), limit(least), limit(most))
    held, lines = limit_lines(made, Price(Decimal(total), Decimal(total)))
    return held.excl_vat, [line.dimension for line in lines]


def test_limits() -> None:
    assert limited(None, None, 5) == (5, [])
    assert limited(2, 9, 5) == (5, [])
    assert limited(7, None, 5) == (7, ["MIN_PRICE"])
    assert limited(None, 4, 5) == (4, ["MAX_PRICE"])
    assert limited(7, 4, 5) == (4, ["MIN_PRICE", "MAX_PRICE"])
