"""A virtual clock that is held: time passes only where somebody lets it."""

from __future__ import annotations

import asyncio
import threading

import pytest

from simulator.kernel.clock import Clock, ClockError


async def _ticks(clock: Clock, seen: list[float]) -> None:
    while True:
        await clock.sleep(10)
        seen.append(clock.monotonic())


async def test_time_stands_still_until_it_is_let_pass(clock: Clock) -> None:
    seen: list[float] = []
    task = asyncio.create_task(_ticks(clock, seen))
    await clock.sleep(25)
    clock.hold()
    assert clock.held
    knock, loop = asyncio.Event(), asyncio.get_running_loop()
    threading.Timer(0.05, lambda: loop.call_soon_threadsafe(knock.set)).start()
    await knock.wait()
    assert (seen, clock.monotonic()) == ([10.0, 20.0], 25.0)
    with clock.passing(30):
        await clock.sleep(20)
    assert (seen, clock.monotonic()) == ([10.0, 20.0, 30.0, 40.0], 45.0)
    clock.release()
    await clock.sleep(10)
    assert (seen[-1], clock.held) == (50.0, False)
    task.cancel()


async def test_what_is_done_early_leaves_the_rest_of_the_time(clock: Clock) -> None:
    clock.hold()
    with clock.passing(3600):
        await clock.sleep(1)
    assert clock.monotonic() == 1.0
    clock.release()
    with clock.passing(5):
        await clock.sleep(6)  # nobody holds it: it is not bounded
    assert clock.monotonic() == 7.0


@pytest.mark.real
async def test_only_a_virtual_clock_can_be_held() -> None:
    with pytest.raises(ClockError, match="real clock cannot be held"):
        Clock("real").hold()
