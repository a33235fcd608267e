"""The next moment or meter reading at which a price may change, so that periods can be cut."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.ocpi.tariff import price
from simulator.ocpi.tariff_change import NextChange, State, missed_cut, next_change, priced_by
from simulator.ocpi.tariff_match import Moment
from simulator.ocpi.tariff_model import read_tariff
from simulator.ocpi.tariff_parse import Place
from simulator.ocpi.tariff_session import read_session
from tests.simulator.ocpi.tariff_examples import Json, component, element, session, tariff

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)  # a Monday
NEVER = NextChange(None, None, None, (None, None), (None, None))


def restricted(**restrictions: Any) -> Json:
    return tariff(element(component("ENERGY", 1), **restrictions), element(component("ENERGY", 2)))


def at(now: datetime = NOON, **more: Any) -> State:
    return State(started_at=NOON, now=now, **more)


def next_at(made: Json, now: datetime = NOON, zone: str = "UTC") -> str | None:
    found = next_change(made, at(now), time_zone=zone).at
    return None if found is None else found.isoformat()


def test_a_tariff_without_restrictions_never_changes() -> None:
    assert next_change(tariff(element(component("ENERGY", 1))), at(power_kw=Decimal(11))) == NEVER


@pytest.mark.parametrize(
    ("restrictions", "zone", "expected"),
    [
        ({"start_time": "17:00"}, "UTC", "2026-05-04T17:00:00+00:00"),
        ({"start_time": "17:00"}, "Europe/Berlin", "2026-05-04T15:00:00+00:00"),
        ({"start_time": "09:00"}, "UTC", "2026-05-05T00:00:00+00:00"),  # it ends at midnight
        ({"start_time": "09:00", "end_time": "12:00"}, "UTC", "2026-05-05T09:00:00+00:00"),
        ({"end_time": "06:00", "start_time": "22:00"}, "UTC", "2026-05-04T22:00:00+00:00"),
        ({"day_of_week": ["TUESDAY"]}, "Europe/Berlin", "2026-05-04T22:00:00+00:00"),
        ({"start_date": "2026-06-01"}, "Europe/Berlin", "2026-05-31T22:00:00+00:00"),
        ({"end_date": "2026-05-04"}, "UTC", None),
        ({"end_date": "9999-12-31"}, "Pacific/Auckland", None),
        ({"min_duration": 1800}, "UTC", "2026-05-04T12:30:00+00:00"),
        ({"max_duration": 0}, "UTC", None),
    ],
)
def test_moments(restrictions: Json, zone: str, expected: str | None) -> None:
    assert next_at(restricted(**restrictions), zone=zone) == expected


def test_a_change_of_the_clocks_is_a_bound() -> None:
    made = restricted(start_time="02:30", end_time="05:00")
    # 2026-03-29 in Berlin: 02:00 CET is 03:00 CEST, at 01:00 UTC, so 02:30 never comes
    spring = datetime(2026, 3, 29, 0, 45, tzinfo=UTC)
    assert next_at(made, spring, "Europe/Berlin") == "2026-03-29T01:00:00+00:00"
    # 2026-10-25: 03:00 CEST is 02:00 CET, at 01:00 UTC, so 02:30 comes twice
    autumn = datetime(2026, 10, 25, 0, 0, tzinfo=UTC)
    found = []
    for _ in range(3):
        found.append(next_at(made, autumn, "Europe/Berlin"))
        autumn = datetime.fromisoformat(str(found[-1]))
    assert found == [
        "2026-10-25T00:30:00+00:00",
        "2026-10-25T01:00:00+00:00",
        "2026-10-25T01:30:00+00:00",
    ]


def test_energy_and_when_it_comes() -> None:
    made = tariff(
        element(component("ENERGY", 1), max_kwh=10),
        element(component("ENERGY", 2), min_kwh=10, max_kwh=20, min_duration=7200),
    )
    change = next_change(made, at(energy_kwh=Decimal(4), power_kw=Decimal(12)))
    assert change.energy_kwh == 10
    assert change.energy_at == NOON + timedelta(minutes=30)
    assert change.at == NOON + timedelta(hours=2)
    assert change.due == change.energy_at
    later = next_change(made, at(energy_kwh=Decimal(10), power_kw=Decimal(0)))
    assert (later.energy_kwh, later.energy_at, later.due) == (20, None, later.at)
    slow = next_change(made, at(power_kw=Decimal("1E-12")))
    assert slow.energy_at is None


def test_a_tariff_read_before_gives_the_same() -> None:
    raw = restricted(start_time="17:00", min_kwh=5)
    read = read_tariff(raw, Place("tariff"))
    assert next_change(read, at()) == next_change(raw, at())
    assert priced_by(read, at()) == priced_by(raw, at())
    billed = session((60, {"ENERGY": 1}))
    assert price(read, billed) == price(raw, billed)


def test_levels_may_move_between_bounds() -> None:
    made = tariff(
        element(component("ENERGY", 1), max_power=16, max_current=32),
        element(component("ENERGY", 2), min_power=16, max_power=50),
    )
    change = next_change(made, at(power_kw=Decimal(16), current_a=Decimal(10)))
    assert change.power_kw == (16, 50)
    assert change.current_a == (None, 32)
    assert next_change(made, at()).power_kw == (None, None)


def test_priced_by_tells_whether_anything_changes() -> None:
    made = tariff(
        element(component("ENERGY", 1), start_time="12:00", max_power=20),
        element(component("ENERGY", 2), component("TIME", 2)),
    )
    assert priced_by(made, at(power_kw=Decimal(11))) == {"ENERGY": 0, "TIME": 1}
    assert priced_by(made, at(power_kw=Decimal(20))) == {"ENERGY": 1, "TIME": 1}
    early = at(NOON - timedelta(hours=1), power_kw=Decimal(11))
    assert priced_by(made, early) == {"ENERGY": 1, "TIME": 1}
    assert priced_by(made, early, time_zone="Europe/Berlin")["ENERGY"] == 0


CLOCKS = st.sampled_from(["00:00", "02:30", "09:00", "17:00", "23:30"])
ELEMENTS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "start_time": CLOCKS,
            "end_time": CLOCKS,
            "day_of_week": st.just(["SUNDAY", "MONDAY"]),
            "start_date": st.just("2026-10-25"),
            "end_date": st.just("2026-10-26"),
            "min_duration": st.integers(0, 90000),
        },
    ),
    min_size=1,
    max_size=3,
)


@settings(deadline=None)
@given(ELEMENTS, st.integers(0, 2880), st.sampled_from(["Europe/Berlin", "America/New_York"]))
def test_nothing_changes_before_the_next_change(made: list[Json], minutes: int, zone: str) -> None:
    priced = tariff(*(element(component("ENERGY", index), **one) for index, one in enumerate(made)))
    begin = datetime(2026, 10, 24, 12, tzinfo=UTC)
    now = begin + timedelta(minutes=minutes)
    due = next_change(priced, State(begin, now), time_zone=zone).due
    end = min(due or now + timedelta(days=1), now + timedelta(days=1))
    here = priced_by(priced, State(begin, now), time_zone=zone)
    moment = now
    while moment < end:
        assert priced_by(priced, State(begin, moment), time_zone=zone) == here
        moment += timedelta(minutes=13)


def cut(made: Json, billed: Json) -> str | None:
    read = read_session(billed)
    local = read.start.astimezone(ZoneInfo("UTC"))
    return missed_cut(
        read_tariff(made, Place("tariff")),
        Moment(local=local, duration_s=Decimal(0), energy_kwh=Decimal(0)),
        read.periods[0],
        ZoneInfo("UTC"),
    )


def test_missed_cuts() -> None:
    clock = restricted(start_time="13:00")
    assert cut(clock, session((90, {"ENERGY": 1}), start=NOON)) == "at 2026-05-04T13:00:00Z"
    assert cut(clock, session((60, {"ENERGY": 1}), start=NOON)) is None
    meter = restricted(min_kwh=5)
    assert cut(meter, session((60, {"ENERGY": 6}), start=NOON)) == "at 5 kWh"
    assert cut(meter, session((60, {"ENERGY": 5}), start=NOON)) is None
    # the meter is at 5 kWh at 12:50, the clock at 13:00: the later of the two changes the price
    both = restricted(min_kwh=5, start_time="13:00")
    assert cut(both, session((100, {"ENERGY": 10}), start=NOON)) == "at 2026-05-04T13:00:00Z"
    assert cut(both, session((100, {"ENERGY": 6}), start=NOON)) == "at 5 kWh"
