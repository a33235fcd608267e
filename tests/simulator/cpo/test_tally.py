"""Energy of a session, whatever its meter says on the way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import msgspec
from hypothesis import example, given
from hypothesis import strategies as st

from simulator.cpo.readings import Reading
from simulator.cpo.session import Event, Head, Place, Session, replay
from simulator.cpo.tally import Tally, rising, stop_of
from tests.simulator.cpo.test_session import ALLOWED, CDR_LOCATION
from tests.simulator.cpo.world import TARIFF

START = datetime(2026, 1, 15, 7, tzinfo=UTC)
PLACE = Place(CDR_LOCATION, "Europe/Berlin", "EUR", TARIFF, 22_000)
HEAD = Head("S1", "DE", "ABC", "CP1", "TX1", 1, PLACE, START, "CP1-1-1")


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def reading(minutes: float, kwh: object, **fields: Any) -> Reading:
    return Reading(at(minutes), register_kwh=Decimal(str(kwh)), **fields)


def interval(minutes: float, kwh: object) -> Reading:
    return Reading(at(minutes), interval_kwh=Decimal(str(kwh)))


def begun(kwh: object = 1000, minutes: float = 0) -> Event:
    start = Decimal(str(kwh))
    told = reading(minutes, start, begin_kwh=start)
    return Event("started", at(minutes), START, readings=(told,), decision=ALLOWED)


def told(*readings: Reading, state: str | None = None) -> Event:
    return Event("updated", readings[0].at, at(30), readings=readings, state=state)


def ended(minutes: float, *readings: Reading) -> Event:
    return Event("ended", at(minutes), at(30), readings=readings)


def stopped(minutes: float, kwh: object, *before: Reading) -> Event:
    stop = Decimal(str(kwh))
    return ended(minutes, *before, reading(minutes, stop, end_kwh=stop))


def billed(*events: Event) -> Decimal:
    """The energy of the CDR; its periods hold as much, one after the other, in its time."""
    done = replay(HEAD, events)
    cdr = done.to_cdr(at(60))
    volumes = [d for period in cdr["charging_periods"] for d in period["dimensions"]]
    assert sum(d["volume"] for d in volumes if d["type"] == "ENERGY") == cdr["total_energy"]
    hours = [d["volume"] for d in volumes if d["type"] in ("TIME", "PARKING_TIME")]
    assert sum(hours) == cdr["total_time"]
    assert min(d["volume"] for d in volumes) >= 0
    starts = [period["start_date_time"] for period in cdr["charging_periods"]]
    assert starts == sorted(starts)
    assert cdr["end_date_time"] >= cdr["start_date_time"]
    assert isinstance(cdr["total_energy"], Decimal)
    return cdr["total_energy"]


def test_a_register_that_drops_for_a_moment_bills_nothing() -> None:
    events = [begun(), told(reading(10, 1005)), told(reading(11, 0)), told(reading(12, 1006))]
    running = replay(HEAD, events)
    assert running.kwh == 6
    assert "went back" in running.odd[0]
    assert billed(*events, stopped(30, 1010)) == 10
    assert billed(*events, ended(30)) == 6


def test_a_value_in_the_wrong_unit_bills_nothing() -> None:
    events = [begun(1), told(reading(10, 6000))]
    running = replay(HEAD, events)
    assert running.kwh == 0
    assert "jumped" in running.odd[0]
    assert billed(*events, stopped(30, 11)) == 10
    assert billed(begun(1), told(reading(10, 6)), stopped(30, 11_000)) == 5


def test_intervals_beside_a_register_are_the_same_energy() -> None:
    events = [begun(1), told(interval(10, 5)), told(interval(20, 5))]
    assert replay(HEAD, events).kwh == 0
    assert billed(*events, stopped(30, 11)) == 10


def test_intervals_before_the_first_register_count() -> None:
    first = Event("started", START, START, decision=ALLOWED)
    assert billed(first, told(interval(10, 4)), told(reading(11, 7)), stopped(30, 9)) == 6
    assert billed(first, told(interval(10, 4)), told(interval(10, 4)), ended(30)) == 4


def test_the_register_may_come_after_the_power_of_the_same_moment() -> None:
    power = Reading(at(30), power_kw=Decimal(0))
    assert billed(begun(1), told(power), told(reading(30, 10)), ended(30)) == 9
    assert billed(begun(1), told(power), stopped(30, 11)) == 10


def test_the_stop_counts_whenever_it_is_said_to_have_been() -> None:
    late = told(reading(31, "10.5"))
    assert billed(begun(1), told(reading(30, "10.5")), stopped(30, 11)) == 10
    assert billed(begun(1), late, stopped(30, 11)) == 10
    assert replay(HEAD, [begun(1), late, stopped(30, 11)]).ended_at == at(30)
    assert billed(begun(1), stopped(-30, 11)) == 10  # its clock was set in between
    assert billed(begun(1, minutes=600), told(reading(10, 6)), stopped(30, 11)) == 10


def test_a_beginning_told_with_the_end_counts() -> None:
    first = Event("started", START, START, decision=ALLOWED, state="Charging")
    whole = (reading(0, 1, begin_kwh=Decimal(1)), reading(10, 5))
    assert billed(first, stopped(30, 11, *whole)) == 10


def test_energy_from_before_the_card_was_shown_is_the_transactions() -> None:
    plugged = Event("started", START, START, readings=(reading(0, 1, begin_kwh=Decimal(1)),))
    shown = Event("updated", at(5), at(5), readings=(reading(5, 2),), decision=ALLOWED)
    assert billed(plugged, shown, stopped(30, 11)) == 10


def test_what_comes_late_is_metered_where_it_belongs() -> None:
    idle = told(reading(20, 9), state="SuspendedEV")
    done = replay(HEAD, [begun(1), idle, told(reading(10, 9)), stopped(30, 9)])
    assert done.metering is not None
    assert [(p.dimension, p.kwh) for p in done.metering.closed] == [
        ("TIME", Decimal(8)),
        ("PARKING_TIME", Decimal(0)),
    ]


def test_a_new_meter_goes_on_counting() -> None:
    exchanged = [begun(100), told(reading(5, 103)), told(reading(10, 0))]
    counting = [told(reading(15, 1)), told(reading(20, 2))]
    running = replay(HEAD, [*exchanged, *counting])
    assert running.kwh == 5
    assert "new meter" in running.odd[-1]
    assert billed(*exchanged, *counting, stopped(30, 4)) == 7
    assert billed(*exchanged, stopped(30, 4)) == 7
    assert billed(*exchanged, stopped(30, 0)) == 3


def test_a_stop_below_the_start_is_noted() -> None:
    done = replay(HEAD, [begun(11), stopped(30, 1)])
    assert done.kwh == 0
    assert "meter stopped at 1, started at 11 kWh" in done.odd


def test_more_than_any_connector_gives_is_not_believed_without_its_power_either() -> None:
    tally = Tally()
    tally.take(reading(0, 0))
    assert tally.take(reading(1, 400)) == 400
    assert tally.take(reading(2, 5000)) == 0


def test_the_stop_among_the_last_readings() -> None:
    assert stop_of(()) is None
    assert stop_of([reading(1, 5), Reading(at(2))]) == 5
    assert stop_of([reading(1, 5, end_kwh=Decimal(6)), reading(2, 7)]) == 6


@given(st.lists(st.integers(0, 9), max_size=12))
def test_the_readings_that_agree_are_the_most_that_do(numbers: list[int]) -> None:
    chain = rising([Decimal(number) for number in numbers])
    assert chain == sorted(set(chain))
    assert all(numbers[a] <= numbers[b] for a, b in pairwise(chain))
    longest = [0] * len(numbers)
    for i, number in enumerate(numbers):
        longest[i] = 1 + max((longest[j] for j in range(i) if numbers[j] <= number), default=0)
    assert len(chain) == max(longest, default=0)


minutes = st.integers(-20, 50)
glitches = st.builds(reading, minutes, st.integers(-10, 2_000_000))
intervals = st.builds(interval, minutes, st.integers(0, 100))
powers = st.builds(lambda m, kw: Reading(at(m), power_kw=Decimal(kw)), minutes, st.integers(-9, 99))
states = st.sampled_from(["Charging", "SuspendedEV", "SuspendedEVSE", None])


@given(
    st.integers(0, 2000),
    st.lists(st.integers(0, 3), min_size=1, max_size=10),
    st.lists(st.one_of(glitches, intervals, powers), max_size=6),
    st.data(),
)
@example(1000, [0, 10], [reading(5, 0), reading(6, 1), reading(7, 2)], None)
def test_whatever_is_sampled_the_stop_less_the_start_is_billed(
    start: int, steps: list[int], faults: list[Reading], data: Any
) -> None:
    registers = [start + sum(steps[: n + 1]) for n in range(len(steps))]
    samples = [reading(3 * n, kwh) for n, kwh in enumerate(registers)] + faults
    stop_at: float = 30
    if data is not None:
        again = data.draw(st.lists(st.sampled_from(samples), max_size=5))
        samples = data.draw(st.permutations(samples + again))
        stop_at = data.draw(minutes)
    events = [begun(start)]
    for sample in samples:
        state = data.draw(states) if data is not None else None
        events.append(told(sample, state=state))
    assert billed(*events, stopped(stop_at, registers[-1])) == registers[-1] - start


def test_a_replay_settles_alike() -> None:
    events = [begun(), told(reading(11, 0)), told(reading(10, 1005)), stopped(30, 1010)]
    stored = [msgspec.json.encode(event) for event in events]
    again = replay(HEAD, [msgspec.json.decode(event, type=Event) for event in stored])
    assert isinstance(again, Session)
    assert again.to_cdr(at(60)) == replay(HEAD, events).to_cdr(at(60))
