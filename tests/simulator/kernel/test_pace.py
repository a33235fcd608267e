"""A scaled clock whose speed changes: time goes on, never back, and wakes whoever waits in time."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock, ClockError
from simulator.kernel.journal import Journal
from simulator.kernel.loop import run
from simulator.wire.faults import FaultBoard

# The loop of these tests is virtual: its seconds pass at once and exactly.
_LOOP = Clock("virtual")
_SPEEDS = st.sampled_from([0.0, 0.001, 0.5, 1.0, 2.0, 60.0, 3600.0, 1e6])
_CHANGES = st.lists(st.tuples(st.floats(0, 50), _SPEEDS), max_size=12)
_DELAYS = st.lists(st.floats(0, 5000), min_size=1, max_size=8)


@given(_CHANGES, _DELAYS, st.sampled_from([0.5, 1.0, 60.0]))
def test_at_any_speeds_time_goes_on_and_every_timer_strikes_at_its_second(
    changes: list[tuple[float, float]], delays: list[float], first: float
) -> None:
    clock = Clock("scaled", factor=first)
    struck: dict[str, float] = {}
    expected = 0.0

    def note(name: str) -> None:
        struck[name] = clock.monotonic()

    async def asleep(name: str, delay_s: float) -> None:
        await clock.sleep(delay_s)
        note(name)

    async def bounded(name: str, delay_s: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with clock.timeout(delay_s):
                await asyncio.Event().wait()
        note(name)

    async def main() -> None:
        nonlocal expected
        assert clock.monotonic() == 0
        loop = asyncio.get_running_loop()
        tasks = [loop.create_task(asleep(f"sleep {d}", d)) for d in delays]
        tasks += [loop.create_task(bounded(f"bound {d}", d)) for d in delays]
        for d in delays:
            clock.call_later(d, lambda d=d: note(f"call {d}"))  # type: ignore[misc]
        seen, rate = 0.0, first
        for pause_s, factor in changes:
            await _ticks(pause_s)
            expected += pause_s * rate
            assert clock.monotonic() >= seen
            clock.speed(factor)
            seen, rate = clock.monotonic(), factor
            assert seen == pytest.approx(expected, rel=1e-9, abs=1e-6)
            assert clock.paused == (factor == 0)
        clock.go_on()
        await asyncio.gather(*tasks)
        await clock.sleep(0.001)  # the calls of the same moment

    run(main(), _LOOP)
    for name, at_s in struck.items():
        due_s = float(name.split()[1])
        # Seen from a loop whose resolution is 1e-9 s, at up to 1e6 world seconds in one.
        assert due_s <= at_s <= due_s * (1 + 1e-6) + 2e-2, name
    assert len(struck) == 3 * len(set(delays))


async def _ticks(seconds: float) -> None:
    """Let the loop's time go on, whatever the world's does."""
    await Clock("virtual").sleep(seconds)


async def test_the_speed_changes_what_is_left_of_a_wait() -> None:
    clock, loop = Clock("scaled", factor=1), asyncio.get_running_loop()
    waiting = loop.create_task(clock.sleep(100))
    await _ticks(40)
    clock.speed(60)
    began = loop.time()
    await waiting
    assert loop.time() - began == pytest.approx(1)
    assert clock.monotonic() == pytest.approx(100)
    assert (str(clock), clock.factor) == ("scaled:60", 60)


async def test_a_paused_clock_stands_and_goes_on_where_it_stood() -> None:
    clock = Clock("scaled", factor=10)
    called: list[int] = []
    clock.call_later(20, lambda: called.append(1))
    await _ticks(1)
    clock.speed(0)
    now = clock.now()
    await _ticks(1000)
    assert (clock.now(), called, clock.paused) == (now, [], True)
    assert (str(clock), clock.factor) == ("scaled:10", 10)  # what it goes on with
    clock.go_on()
    await _ticks(0.9)
    assert called == []
    await _ticks(0.2)
    assert called == [1]
    assert clock.now() - now == timedelta(seconds=11)


async def test_what_begins_while_it_stands_waits_until_it_goes_on() -> None:
    clock, loop = Clock("scaled", factor=2), asyncio.get_running_loop()
    clock.speed(0)
    tasks = [loop.create_task(clock.sleep(4)), loop.create_task(clock.wait_for(_ever(), 4))]
    timer = clock.call_later(4, lambda: None)
    await _ticks(500)
    assert not any(task.done() for task in tasks)
    timer.cancel()
    clock.speed(4)
    _, timed_out = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(timed_out, TimeoutError)
    assert loop.time() == pytest.approx(501)


async def test_where_asked_for_the_loops_seconds_bound_a_wait_while_it_stands() -> None:
    clock, loop = Clock("scaled"), asyncio.get_running_loop()
    clock.speed(0)
    with pytest.raises(TimeoutError):
        async with clock.timeout(600, paused_s=5):
            await _ever()
    assert loop.time() == pytest.approx(5)


async def test_a_wait_that_ended_is_left_alone() -> None:
    clock = Clock("scaled", factor=1)
    called: list[int] = []
    clock.call_later(5, lambda: called.append(1)).cancel()
    async with clock.timeout(5):
        await clock.sleep(1)
    task = asyncio.get_running_loop().create_task(clock.sleep(5))
    await _ticks(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    clock.speed(1000)
    await _ticks(10)
    assert called == []


async def test_a_timeout_that_strikes_may_change_the_speed_and_nothing_breaks() -> None:
    clock = Clock("scaled", factor=1)
    with pytest.raises(TimeoutError):
        async with clock.timeout(1):
            try:
                await _ever()
            finally:
                clock.speed(7)
    assert clock.factor == 7


@pytest.mark.parametrize("clock", [Clock("real"), Clock("virtual")])
async def test_other_clocks_have_one_speed(clock: Clock) -> None:
    with pytest.raises(ClockError, match=rf"a {clock.mode} clock .* --clock scaled:1"):
        clock.speed(2)
    clock.go_on()
    assert (clock.factor, clock.paused) == (1, False)


@pytest.mark.parametrize("factor", [-1, 1e-9, 1e9, float("nan")])
async def test_a_factor_that_no_timer_could_hold_changes_nothing(factor: float) -> None:
    clock = Clock("scaled", factor=3)
    with pytest.raises(ClockError, match=r"from 0\.001 to 1e"):
        clock.speed(factor)
    assert clock.factor == 3


async def test_an_actors_view_goes_at_the_worlds_speed(chance: Chance, journal: Journal) -> None:
    world = Clock("scaled", factor=1)
    board = FaultBoard(chance, world, journal)
    view = board.clock_of("station/A")
    board.add({"kind": "clock_skew", "actor": "station/A", "seconds": -90})
    waiting = asyncio.get_running_loop().create_task(view.sleep(120))
    await _ticks(0)
    world.speed(60)
    assert view.factor == 60
    await waiting
    assert asyncio.get_running_loop().time() == pytest.approx(2)
    assert world.now() - view.now() == timedelta(seconds=90)


@pytest.mark.real
async def test_on_a_real_loop_too() -> None:
    clock = Clock("scaled", factor=0.01)
    waiting = asyncio.get_running_loop().create_task(clock.sleep(600))
    real = Clock("real")
    await real.sleep(0)
    clock.speed(60_000)
    await real.wait_for(waiting, 5)
    assert clock.monotonic() >= 599


async def _ever() -> None:
    await asyncio.Event().wait()
