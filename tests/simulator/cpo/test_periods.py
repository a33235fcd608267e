"""Charging periods: they add up, and are cut where they must be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from simulator.cpo.periods import ZERO, Metering, NoCuts, Step, four_places, hours_between

START = datetime(2026, 1, 15, 7, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


class Cuts:
    """Borders by hand."""

    def __init__(
        self, times: list[float] | None = None, energies: list[str] | None = None, power: int = 0
    ) -> None:
        self.times = [at(m) for m in times or []]
        self.energies = [Decimal(e) for e in energies or []]
        self.by_power = bool(power)
        self.by_current = False
        self.power = power

    def next_time(self, after: datetime) -> datetime | None:
        return next((t for t in self.times if t > after), None)

    def next_kwh(self, above: Decimal) -> Decimal | None:
        return next((e for e in self.energies if e > above), None)

    def step(self, power_kw: Decimal | None, current_a: Decimal | None) -> Step:
        return (Decimal(power_kw is not None and power_kw >= self.power), None)


def shape(metering: Metering) -> list[tuple[float, str, str]]:
    """Start in minutes, kind and kWh of each closed period."""
    return [
        ((p.start - START).total_seconds() / 60, p.dimension, str(p.kwh.normalize()))
        for p in metering.closed
    ]


def test_one_kind_is_one_period() -> None:
    metering = Metering(START, NoCuts())
    metering.read(at(10), Decimal(1))
    metering.read(at(20), Decimal("0.5"))
    metering.end(at(30))
    assert shape(metering) == [(0, "TIME", "1.5")]
    assert metering.closed[0].hours == Decimal("0.5")


def test_a_session_without_readings_is_a_period_all_the_same() -> None:
    metering = Metering(START, NoCuts())
    metering.end(START)
    assert shape(metering) == [(0, "TIME", "0")]


def test_energy_flows_while_the_car_asks_for_it() -> None:
    metering = Metering(START, NoCuts())
    metering.turn(at(10), "PARKING_TIME")
    metering.turn(at(30), "TIME")
    metering.read(at(40), Decimal(2))
    metering.end(at(40))
    assert shape(metering) == [(0, "TIME", "1"), (10, "PARKING_TIME", "0"), (30, "TIME", "1")]


def test_energy_that_flows_while_parked_is_not_lost() -> None:
    metering = Metering(START, NoCuts(), "PARKING_TIME")
    metering.read(at(10), Decimal("0.2"))
    metering.end(at(10))
    assert shape(metering) == [(0, "PARKING_TIME", "0.2")]


def test_a_turn_to_the_same_kind_is_none() -> None:
    metering = Metering(START, NoCuts())
    metering.turn(at(5), "TIME")
    metering.end(at(10))
    assert shape(metering) == [(0, "TIME", "0")]


def test_a_border_of_the_clock_cuts_and_splits_the_energy() -> None:
    metering = Metering(START, Cuts(times=[30]))
    metering.read(at(20), Decimal(2))
    metering.read(at(40), Decimal(2))
    metering.end(at(60))
    assert shape(metering) == [(0, "TIME", "3"), (30, "TIME", "1")]


def test_a_border_at_a_reading_cuts_there() -> None:
    metering = Metering(START, Cuts(times=[20]))
    metering.read(at(20), Decimal(2))
    metering.read(at(40), Decimal(2))
    metering.end(at(40))
    assert shape(metering) == [(0, "TIME", "2"), (20, "TIME", "2")]


def test_a_border_of_the_meter_cuts_when_it_was_reached() -> None:
    metering = Metering(START, Cuts(energies=["1", "5"]))
    metering.read(at(40), Decimal(4))
    metering.end(at(40))
    assert shape(metering) == [(0, "TIME", "1"), (10, "TIME", "3")]


def test_two_kinds_of_borders_in_one_stretch() -> None:
    metering = Metering(START, Cuts(times=[20], energies=["1", "3"]))
    metering.read(at(40), Decimal(4))
    metering.end(at(40))
    assert shape(metering) == [
        (0, "TIME", "1"),
        (10, "TIME", "1"),
        (20, "TIME", "1"),
        (30, "TIME", "1"),
    ]


def test_a_change_of_power_cuts_where_power_is_priced() -> None:
    metering = Metering(START, Cuts(power=50))
    metering.read(at(10), Decimal(1), Decimal(100))
    metering.read(at(20), Decimal(1), Decimal(90))
    metering.read(at(30), Decimal(1), Decimal(40))
    metering.read(at(40), Decimal(1), Decimal(30))
    metering.end(at(40))
    assert shape(metering) == [(0, "TIME", "3"), (30, "TIME", "1")]
    assert metering.closed[0].levels == {"MIN_POWER": Decimal(90), "MAX_POWER": Decimal(100)}
    assert metering.closed[1].levels == {"MIN_POWER": Decimal(30), "MAX_POWER": Decimal(40)}


def test_power_is_not_told_where_it_is_not_priced() -> None:
    metering = Metering(START, NoCuts())
    metering.read(at(10), Decimal(1), Decimal(100), Decimal(16))
    metering.end(at(10))
    assert metering.closed[0].levels == {}


def test_a_moment_of_another_kind_is_not_written() -> None:
    metering = Metering(START, NoCuts())
    metering.read(at(10), Decimal(1))
    metering.turn(at(10), "PARKING_TIME")
    metering.end(at(10) + timedelta(milliseconds=20))
    assert shape(metering) == [(0, "TIME", "1")]


def test_the_open_period_is_what_is_not_closed() -> None:
    metering = Metering(START, Cuts(times=[10]))
    metering.read(at(20), Decimal(2))
    assert (metering.open_period().kwh, metering.open_period().start) == (Decimal(1), at(10))


def test_time_does_not_go_back() -> None:
    metering = Metering(START, NoCuts())
    metering.read(at(10), Decimal(1))
    metering.read(at(5), Decimal(1))
    metering.end(at(1))
    assert metering.read_at == at(10)
    assert shape(metering) == [(0, "TIME", "2")]


def test_as_ocpi_has_it() -> None:
    metering = Metering(START, NoCuts())
    metering.read(at(30), Decimal("1.23456"))
    metering.end(at(30))
    period = metering.closed[0].to_ocpi("2026-01-15T07:00:00Z", "T1")
    assert period == {
        "start_date_time": "2026-01-15T07:00:00Z",
        "dimensions": [
            {"type": "TIME", "volume": Decimal("0.5")},
            {"type": "ENERGY", "volume": Decimal("1.2346")},
        ],
        "tariff_id": "T1",
    }
    assert "tariff_id" not in metering.closed[0].to_ocpi("", None)


steps = st.tuples(
    st.integers(0, 5_000_000),  # milliseconds passed
    st.decimals(0, 30, places=3),
    st.sampled_from(["TIME", "PARKING_TIME", None]),
)


@given(
    st.lists(steps, max_size=20),
    st.lists(st.floats(0, 500), max_size=5),
    st.lists(st.decimals("0.001", 100, places=3), max_size=5),
)
def test_periods_add_up_to_the_totals(
    readings: list[tuple[int, Decimal, Any]], times: list[float], energies: list[Decimal]
) -> None:
    cuts = Cuts(sorted(times), [str(e) for e in sorted(energies)])
    metering, now, total = Metering(START, cuts), START, ZERO
    for passed_ms, kwh, kind in readings:
        now += timedelta(milliseconds=passed_ms)
        if kind is not None:
            metering.turn(now, kind)
            now += timedelta(milliseconds=passed_ms // 3)
        metering.read(now, kwh)
        total += kwh
    metering.end(now)
    assert sum((p.kwh for p in metering.closed), ZERO) == four_places(total)
    assert sum((p.hours for p in metering.closed), ZERO) == hours_between(START, now)
    assert all(p.kwh >= 0 and p.hours >= 0 for p in metering.closed)
    starts = [p.start for p in metering.closed]
    assert starts == sorted(starts)
    for before, after in zip(metering.closed, metering.closed[1:], strict=False):
        assert before.end <= after.start
