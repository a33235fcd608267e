"""The borders of a tariff, looked up once and remembered."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from simulator.cpo import cuts
from simulator.cpo.cuts import TariffCuts, cuts_of
from simulator.cpo.periods import NoCuts

START = datetime(2026, 1, 15, 7, 30, tzinfo=UTC)


def tariff(*restrictions: dict[str, Any]) -> dict[str, Any]:
    component = {"type": "ENERGY", "price": 1, "step_size": 1}
    elements = [{"price_components": [component], "restrictions": r} for r in restrictions]
    return {"id": "T", "currency": "EUR", "elements": elements}


def cuts_for(*restrictions: dict[str, Any], zone: str = "Europe/Berlin") -> TariffCuts:
    return TariffCuts(tariff(*restrictions), START, zone)


def test_without_a_tariff_nothing_cuts() -> None:
    found = cuts_of(None, START, "UTC")
    assert isinstance(found, NoCuts)
    assert found.next_time(START) is None
    assert found.next_kwh(Decimal(0)) is None
    assert found.step(Decimal(5), None) == found.step(Decimal(50), None)


def test_a_tariff_without_restrictions_cuts_nowhere() -> None:
    found = cuts_for({})
    assert found.next_time(START) is None
    assert found.next_kwh(Decimal(0)) is None


def test_times_of_day_are_local_and_come_again() -> None:
    found = cuts_for({"start_time": "17:00", "end_time": "20:00"})
    first = found.next_time(START)
    assert first == datetime(2026, 1, 15, 16, tzinfo=UTC)
    second = found.next_time(first)
    assert second == datetime(2026, 1, 15, 19, tzinfo=UTC)
    assert found.next_time(second) == datetime(2026, 1, 16, 16, tzinfo=UTC)


def test_durations_count_from_the_start() -> None:
    found = cuts_for({"min_duration": 1800}, {"max_duration": 3600})
    assert found.next_time(START) == START + timedelta(minutes=30)
    assert found.next_time(START + timedelta(minutes=30)) == START + timedelta(minutes=60)
    assert found.next_time(START + timedelta(minutes=60)) is None


def test_a_day_of_the_week_begins_at_local_midnight() -> None:
    found = cuts_for({"day_of_week": ["FRIDAY"]})
    assert found.next_time(START) == datetime(2026, 1, 15, 23, tzinfo=UTC)


def test_energies_come_one_after_the_other() -> None:
    found = cuts_for({"max_kwh": 10}, {"min_kwh": 10, "max_kwh": 30})
    assert found.next_kwh(Decimal(0)) == 10
    assert found.next_kwh(Decimal("9.99")) == 10
    assert found.next_kwh(Decimal(10)) == 30
    assert found.next_kwh(Decimal(31)) is None


def test_power_steps_only_where_power_is_priced() -> None:
    plain = cuts_for({"min_kwh": 5})
    assert not plain.by_power
    assert plain.step(Decimal(1), None) == plain.step(Decimal(100), None)
    fast = cuts_for({"min_power": 50})
    assert (fast.by_power, fast.by_current) == (True, False)
    assert fast.step(Decimal(49), None) != fast.step(Decimal(50), None)
    assert fast.step(Decimal(50), None) == fast.step(Decimal(300), None)
    strong = cuts_for({"max_current": 32})
    assert (strong.by_power, strong.by_current) == (False, True)
    assert strong.step(None, Decimal(31)) != strong.step(None, Decimal(32))


def test_what_was_looked_up_holds_until_it_is_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    found = cuts_for({"start_time": "17:00", "min_kwh": 10})
    calls = []
    real = cuts.next_change
    monkeypatch.setattr(cuts, "next_change", lambda *a, **k: calls.append(a) or real(*a, **k))
    for minute in range(200):
        found.next_time(START + timedelta(minutes=minute))
        found.next_kwh(Decimal(minute) / 100)
    assert calls == []
    found.next_time(START + timedelta(hours=10))
    assert len(calls) == 1
    assert found.next_time(START) == datetime(2026, 1, 15, 16, tzinfo=UTC)  # and back
