"""Named timers."""

from __future__ import annotations

from simulator.kernel.clock import Clock
from simulator.station.timers import Timers


async def test_a_name_has_one_timer(clock: Clock) -> None:
    timers, fired = Timers(clock), []
    timers.arm("a", 10, lambda: fired.append("old"))
    timers.arm("a", 20, lambda: fired.append("new"))
    await clock.sleep(15)
    assert fired == []
    await clock.sleep(10)
    assert fired == ["new"]
    assert len(timers) == 0


async def test_every_repeats_until_disarmed(clock: Clock) -> None:
    timers, fired = Timers(clock), []

    def act() -> None:
        fired.append(clock.monotonic())
        if len(fired) == 3:
            timers.disarm("a")

    timers.every("a", 10, act)
    timers.every("never", 0, act)
    await clock.sleep(100)
    assert fired == [10, 20, 30]


async def test_clear_forgets_all(clock: Clock) -> None:
    timers, fired = Timers(clock), []
    timers.arm("a", 1, lambda: fired.append(1))
    timers.every(("b", 2), 1, lambda: fired.append(2))
    timers.clear()
    timers.disarm("a")
    await clock.sleep(10)
    assert fired == []
