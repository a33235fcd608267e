"""Tariffs are read as OCPI 2.2.1 writes them; what cannot be priced is refused with its pointer."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest

from simulator.ocpi.tariff_model import Limit, Restrictions, read_tariff, read_tariffs
from simulator.ocpi.tariff_parse import Place, TariffError
from tests.simulator.ocpi.tariff_examples import Json, component, element, tariff

AT = Place("tariff")
ONE = element(component("ENERGY", 1))


def test_restrictions_are_read_exactly() -> None:
    made = tariff(
        element(
            component("ENERGY", 1),
            start_time="09:00",
            end_time="17:30",
            start_date="2026-01-01",
            end_date="2027-01-01",
            min_kwh=0.5,
            max_current="32",
            min_duration=60,
            day_of_week=["SUNDAY", "MONDAY"],
            reservation="RESERVATION",
        )
    )
    assert read_tariff(made, AT).elements[0].restrictions == Restrictions(
        start_time=time(9),
        end_time=time(17, 30),
        start_date=date(2026, 1, 1),
        end_date=date(2027, 1, 1),
        min_kwh=Decimal("0.5"),
        max_current=Decimal(32),
        min_duration=Decimal(60),
        weekdays=frozenset({0, 6}),
        reservation="RESERVATION",
    )


def test_null_and_empty_restrictions_restrict_nothing() -> None:
    made = tariff(element(component("ENERGY", 1), min_kwh=None, day_of_week=[]))
    assert read_tariff(made, AT).elements[0].restrictions == Restrictions()
    assert read_tariff(tariff(ONE | {"restrictions": None}), AT).elements[0].restrictions == (
        Restrictions()
    )


def test_unknown_restrictions_are_noted() -> None:
    read = read_tariff(tariff(element(component("ENERGY", 1), min_soc=80)), AT)
    assert read.notes == (
        "/elements/0/restrictions: not a restriction of OCPI 2.2.1, ignored: min_soc.",
    )


def test_the_first_component_of_a_kind_counts_and_step_size_defaults_to_one() -> None:
    made = tariff(element({"type": "ENERGY", "price": 1}, component("ENERGY", 2)))
    read = read_tariff(made, AT).elements[0].components["ENERGY"]
    assert (read.price, read.step_size, read.vat) == (1, 1, None)


def test_limits() -> None:
    made = tariff(ONE, min_price={"excl_vat": 1}, max_price=5)
    read = read_tariff(made, AT)
    assert read.min_price == Limit(Decimal(1), None)
    assert read.max_price == Limit(Decimal(5), None)


def test_validity_includes_both_ends() -> None:
    read = read_tariff(
        tariff(ONE, start_date_time="2026-01-01T00:00:00Z", end_date_time="2026-06-30T23:59:59Z"),
        AT,
    )
    for at, valid in (
        (datetime(2025, 12, 31, 23, 59, 59, tzinfo=UTC), False),
        (datetime(2026, 1, 1, tzinfo=UTC), True),
        (datetime(2026, 6, 30, 23, 59, 59, tzinfo=UTC), True),
        (datetime(2026, 7, 1, tzinfo=UTC), False),
    ):
        assert read.is_valid_at(at) is valid


def test_one_many_or_a_mapping_of_them() -> None:
    assert [one.id for one in read_tariffs(tariff(ONE))] == ["T"]
    assert [one.place.pointer for one in read_tariffs([tariff(ONE), tariff(ONE)])] == ["/0", "/1"]
    assert [one.id for one in read_tariffs({"a": {"elements": [ONE]}, "b": tariff(ONE)})] == [
        "a",
        "T",
    ]


def broken(**more: Any) -> Json:
    return tariff(element({**component("ENERGY", 1), **more}))


@pytest.mark.parametrize(
    ("made", "pointer"),
    [
        (None, ""),
        ([], ""),
        ("x", ""),
        ({}, "/elements"),
        ({"elements": {}}, "/elements"),
        ({"elements": []}, "/elements"),
        ({"elements": [7]}, "/elements/0"),
        ({"elements": [{}]}, "/elements/0/price_components"),
        ([tariff(ONE), {"elements": None}], "/1/elements"),
        (broken(type="SOC"), "/elements/0/price_components/0/type"),
        (broken(type=["ENERGY"]), "/elements/0/price_components/0/type"),
        (broken(price=None), "/elements/0/price_components/0/price"),
        (broken(price="free"), "/elements/0/price_components/0/price"),
        (broken(vat=-1), "/elements/0/price_components/0/vat"),
        (broken(step_size=-1), "/elements/0/price_components/0/step_size"),
        (broken(step_size=0.5), "/elements/0/price_components/0/step_size"),
        (tariff(ONE | {"restrictions": []}), "/elements/0/restrictions"),
        (tariff(element(reservation="MAYBE")), "/elements/0/restrictions/reservation"),
        (tariff(element(day_of_week="MONDAY")), "/elements/0/restrictions/day_of_week"),
        (tariff(element(day_of_week=["Monday"])), "/elements/0/restrictions/day_of_week/0"),
        (tariff(element(start_time="9:00")), "/elements/0/restrictions/start_time"),
        (tariff(element(end_date="2026-13-01")), "/elements/0/restrictions/end_date"),
        (tariff(element(max_power="much")), "/elements/0/restrictions/max_power"),
        (tariff(ONE, min_price={}), "/min_price/excl_vat"),
        (tariff(ONE, max_price={"excl_vat": 1, "incl_vat": "x"}), "/max_price/incl_vat"),
        (tariff(ONE, start_date_time="soon"), "/start_date_time"),
        (tariff(ONE, id=5), "/id"),
        (tariff(ONE, currency=978), "/currency"),
    ],
)
def test_what_cannot_be_priced(made: Any, pointer: str) -> None:
    with pytest.raises(TariffError) as caught:
        read_tariffs(made)
    assert (caught.value.document, caught.value.pointer) == ("tariff", pointer)
