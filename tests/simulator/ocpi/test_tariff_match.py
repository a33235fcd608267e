"""Restrictions match by the location's clock, minima inclusive and maxima exclusive."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from simulator.ocpi.tariff_match import Moment, active, local_time, matches
from simulator.ocpi.tariff_model import read_tariff
from simulator.ocpi.tariff_parse import Place
from tests.simulator.ocpi.tariff_examples import component, element, tariff

BERLIN = ZoneInfo("Europe/Berlin")


def moment(clock: str = "12:00", day: str = "2026-05-04", **more: Any) -> Moment:
    """A moment on the local clock, at the start of a session; 2026-05-04 is a Monday."""
    state: dict[str, Any] = {"duration_s": Decimal(0), "energy_kwh": Decimal(0)} | {
        key: Decimal(value) if isinstance(value, int) else value for key, value in more.items()
    }
    return Moment(local=datetime.fromisoformat(f"{day}T{clock}"), **state)


def fits(now: Moment, **restrictions: Any) -> bool:
    made = tariff(element(component("ENERGY", 1), **restrictions))
    return matches(read_tariff(made, Place("tariff")).elements[0].restrictions, now)


@pytest.mark.parametrize(
    ("start", "end", "clock", "expected"),
    [
        ("09:00", "17:00", "08:59:59.999999", False),
        ("09:00", "17:00", "09:00", True),
        ("09:00", "17:00", "16:59:59.999999", True),
        ("09:00", "17:00", "17:00", False),
        ("22:00", "06:00", "21:59", False),  # over midnight
        ("22:00", "06:00", "22:00", True),
        ("22:00", "06:00", "00:00", True),
        ("22:00", "06:00", "05:59", True),
        ("22:00", "06:00", "06:00", False),
        ("20:00", "00:00", "19:59", False),  # to the end of the day
        ("20:00", "00:00", "23:59:59", True),
        ("20:00", "00:00", "00:00", False),
        ("20:00", "24:00", "23:59:59", True),
        ("00:00", "00:00", "13:00", True),
        ("00:00", "08:00", "00:00", True),
        ("08:00", "08:00", "12:00", True),  # the whole day
        ("09:00", None, "08:59", False),
        ("09:00", None, "23:59", True),
        (None, "09:00", "00:00", True),
        (None, "09:00", "09:00", False),
        (None, "00:00", "23:00", True),
    ],
)
def test_time_of_day(start: str | None, end: str | None, clock: str, expected: bool) -> None:
    assert fits(moment(clock), start_time=start, end_time=end) is expected


@pytest.mark.parametrize(
    ("day", "expected"),
    [("2026-05-03", False), ("2026-05-04", True), ("2026-05-05", True), ("2026-05-06", False)],
)
def test_dates_include_the_first_and_exclude_the_last(day: str, expected: bool) -> None:
    now = moment("23:59", day)
    assert fits(now, start_date="2026-05-04", end_date="2026-05-06") is expected


def test_weekday_is_that_of_the_moment_even_after_midnight() -> None:
    night = {"start_time": "22:00", "end_time": "06:00", "day_of_week": ["MONDAY"]}
    assert fits(moment("23:00"), **night)
    assert not fits(moment("03:00", "2026-05-05"), **night)


@pytest.mark.parametrize(
    ("name", "field"),
    [("kwh", "energy_kwh"), ("duration", "duration_s")],
)
def test_amounts(name: str, field: str) -> None:
    both = {f"min_{name}": 10, f"max_{name}": 20}
    assert [fits(moment(**{field: Decimal(value)}), **both) for value in ("9.99", 10, 20)] == [
        False,
        True,
        False,
    ]


@pytest.mark.parametrize("name", ["current", "power"])
def test_levels_hold_over_the_whole_period_or_not_at_all(name: str) -> None:
    def level(low: int | None, high: int | None) -> Moment:
        return moment(**{f"min_{name}": low, f"max_{name}": high})

    assert fits(level(32, 40), **{f"min_{name}": 32})
    assert not fits(level(31, 40), **{f"min_{name}": 32})
    assert fits(level(0, 31), **{f"max_{name}": 32})
    assert not fits(level(0, 32), **{f"max_{name}": 32})
    assert not fits(level(None, None), **{f"max_{name}": 32})
    assert not fits(level(None, None), **{f"min_{name}": 0})
    assert fits(level(None, None))


def test_all_restrictions_must_match() -> None:
    both = {"min_kwh": 5, "start_time": "12:00"}
    assert fits(moment("12:00", energy_kwh=5), **both)
    assert not fits(moment("11:00", energy_kwh=5), **both)
    assert not fits(moment("12:00", energy_kwh=4), **both)


def test_first_element_of_each_dimension() -> None:
    read = read_tariff(
        tariff(
            element(component("TIME", 1), max_kwh=5),
            element(component("TIME", 2), component("ENERGY", 2), max_kwh=10),
            element(component("TIME", 3), component("FLAT", 3)),
        ),
        Place("tariff"),
    )
    for energy, expected in (
        (0, {"TIME": 0, "ENERGY": 1, "FLAT": 2}),
        (5, {"TIME": 1, "ENERGY": 1, "FLAT": 2}),
        (10, {"TIME": 2, "FLAT": 2}),
    ):
        found = active(read, moment(energy_kwh=energy))
        assert {kind: one.element for kind, one in found.items()} == expected


def test_reservations_have_elements_of_their_own() -> None:
    read = read_tariff(
        tariff(
            element(component("TIME", 1), component("FLAT", 1), reservation="RESERVATION"),
            element(component("TIME", 2), reservation="RESERVATION_EXPIRES"),
            element(component("TIME", 3)),
        ),
        Place("tariff"),
    )
    for reservation, expected in (
        (None, {"TIME": 2}),
        ("RESERVATION", {"TIME": 0, "FLAT": 0}),
        ("RESERVATION_EXPIRES", {"TIME": 1, "FLAT": 0}),
    ):
        found = active(read, moment(reservation=reservation))
        assert {kind: one.element for kind, one in found.items()} == expected


def test_local_time_follows_the_zone() -> None:
    summer = datetime(2026, 5, 4, 22, 30, tzinfo=UTC)
    assert local_time(summer, BERLIN).isoformat() == "2026-05-05T00:30:00+02:00"
