"""The clock: one interface, three speeds."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from simulator.kernel.clock import (
    DEFAULT_START,
    Clock,
    ClockError,
    cpu_seconds,
    parse_rfc3339,
    rfc3339,
    stopwatch,
)


@pytest.mark.parametrize(
    ("text", "mode", "factor"),
    [("real", "real", 1.0), ("virtual", "virtual", 1.0), ("scaled:60", "scaled", 60.0)],
)
def test_a_clock_is_read_from_its_name_and_writes_it(text: str, mode: str, factor: float) -> None:
    clock = Clock.parse(text)
    assert (clock.mode, clock.factor, str(clock)) == (mode, factor, text)


@pytest.mark.parametrize(
    "text", ["", "fast", "scaled", "scaled:", "scaled:0", "scaled:-1", "scaled:nan", "scaled:inf"]
)
def test_words_that_name_no_clock_are_refused_with_what_was_expected(text: str) -> None:
    with pytest.raises(ClockError, match="scaled:"):
        Clock.parse(text)


@pytest.mark.parametrize("text", ["real:2", "virtual:3"])
def test_only_a_scaled_clock_takes_a_number(text: str) -> None:
    with pytest.raises(ClockError, match="expected real, virtual or scaled:N"):
        Clock.parse(text)


async def test_virtual_time_starts_where_the_world_says_and_moves_only_by_sleeping() -> None:
    start = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    clock = Clock("virtual", start=start)
    assert clock.now() == start
    await clock.sleep(40 * 60)
    assert clock.now() == start + timedelta(minutes=40)
    assert clock.monotonic() == pytest.approx(2400)


async def test_before_the_world_runs_the_clock_stands_at_its_start() -> None:
    outside = await asyncio.to_thread(lambda: Clock("virtual").now())
    assert outside == DEFAULT_START


async def test_a_timeout_is_on_the_worlds_clock(clock: Clock) -> None:
    began = clock.now()
    with pytest.raises(TimeoutError):
        async with clock.timeout(3600):
            await asyncio.Event().wait()
    assert (clock.now() - began).total_seconds() == pytest.approx(3600)


async def test_wait_for_returns_what_came_in_time_and_cancels_what_did_not(clock: Clock) -> None:
    cancelled = asyncio.Event()

    async def slow() -> str:
        try:
            await clock.sleep(10)
        except asyncio.CancelledError:
            cancelled.set()
            raise
        return "came"

    assert await clock.wait_for(slow(), 11) == "came"
    with pytest.raises(TimeoutError):
        await clock.wait_for(slow(), 9)
    assert cancelled.is_set()


async def test_wait_event_tells_whether_it_came(clock: Clock) -> None:
    event = asyncio.Event()
    assert await clock.wait_event(event, 5) is False
    clock.call_later(2, event.set)
    assert await clock.wait_event(event, 5) is True
    assert clock.monotonic() == pytest.approx(7)


async def test_a_call_can_be_taken_back(clock: Clock) -> None:
    called: list[int] = []
    clock.call_later(1, lambda: called.append(1))
    clock.call_later(2, lambda: called.append(2)).cancel()
    await clock.sleep(3)
    assert called == [1]


@pytest.mark.real
async def test_a_scaled_minute_passes_in_a_moment() -> None:
    clock = Clock("scaled", factor=6000)
    elapsed_ms = stopwatch()
    before = clock.now()
    await clock.sleep(60)
    assert clock.now() - before >= timedelta(seconds=60)
    assert elapsed_ms() < 60_000


@pytest.mark.parametrize(
    ("clock", "patience_s"),
    [("real", 30), ("virtual", 30), ("scaled:10", 30), ("scaled:60", 30), ("scaled:600", 300)],
)
def test_patience_is_longer_than_a_hiccup(clock: str, patience_s: float) -> None:
    assert Clock.parse(clock).patience(30) == patience_s


@pytest.mark.real
async def test_a_scaled_timeout_is_scaled_too() -> None:
    clock = Clock("scaled", factor=6000)
    elapsed_ms = stopwatch()
    with pytest.raises(TimeoutError):
        async with clock.timeout(60):
            await asyncio.Event().wait()
    assert elapsed_ms() < 60_000


@pytest.mark.real
async def test_the_real_clock_follows_the_wall() -> None:
    clock = Clock("real")
    before = clock.now()
    await clock.sleep(0.02)
    assert timedelta(milliseconds=10) < clock.now() - before < timedelta(seconds=5)
    assert clock.factor == 1.0


def test_moments_are_written_in_utc_with_milliseconds() -> None:
    berlin = datetime.fromisoformat("2026-01-15T09:00:00.123456+01:00")
    assert rfc3339(berlin) == "2026-01-15T08:00:00.123Z"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-15T08:00:00Z", datetime(2026, 1, 15, 8, tzinfo=UTC)),
        ("2026-01-15T08:00:00", datetime(2026, 1, 15, 8, tzinfo=UTC)),
        ("2026-01-15T09:00:00.500+01:00", datetime(2026, 1, 15, 8, 0, 0, 500_000, tzinfo=UTC)),
    ],
)
def test_moments_are_read_as_utc(text: str, expected: datetime) -> None:
    assert parse_rfc3339(text) == expected


def test_a_moment_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="Invalid isoformat"):
        parse_rfc3339("yesterday")


def test_cpu_time_goes_on() -> None:
    before = cpu_seconds()
    sum(range(200_000))
    assert cpu_seconds() > before


@pytest.mark.parametrize("factor", ["1e-300", "1e300", "nan", "inf", "-1", "0"])
def test_a_factor_that_no_timer_could_hold_is_refused(factor: str) -> None:
    with pytest.raises(ClockError):
        Clock.parse(f"scaled:{factor}")
