"""How fast a scaled clock runs, which may change while its world lives, and what waits for it.

Rule: the world's seconds go on from where they were, faster, slower or not at all, and never back;
whoever waits is woken at the world's second it asked for, whatever the speed was meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Protocol


class Timer(Protocol):
    """A call that is to come."""

    def cancel(self) -> None:
        """Take it back; nothing happens where it has come already."""


class _Waiter(Protocol):
    """Whoever has to be told when the speed changes."""

    def arrange(self) -> None:
        """Wait anew, as long as it takes now."""


class Pace:
    """The seconds of a scaled clock. `factor` of them pass in one of the loop; while it is `paused`
    none do, and `factor` is what they will pass at.
    """

    def __init__(self, factor: float) -> None:
        self.factor = factor
        self.paused = False
        self._rate = factor
        self._since: tuple[float, float] | None = None  # the loop's seconds and the world's
        self._reached = 0.0  # a timer has struck for this second: it is not before it any more
        self._waiting: dict[_Waiter, None] = {}  # in the order they came

    def seconds(self) -> float:
        """World seconds since the first look; 0 before the loop runs."""
        return max(self._passed(), self._reached)

    def _passed(self) -> float:
        """The same by the loop alone, whose timers may strike a moment early."""
        try:
            ticks = asyncio.get_running_loop().time()
        except RuntimeError:
            return 0.0
        if self._since is None:
            self._since = (ticks, 0.0)
        began, seconds = self._since
        return seconds + (ticks - began) * self._rate

    def reach(self, at_s: float) -> None:
        """A timer has struck for this second: nobody it wakes shall find it a hair before that."""
        self._reached = max(self._reached, at_s)

    def change(self, factor: float) -> None:
        """Go on at `factor` from now, or stand still at 0; whoever waits waits anew."""
        seconds = self.seconds()
        if self._since is not None:
            self._since = (asyncio.get_running_loop().time(), seconds)
        self.paused = factor == 0
        self.factor, self._rate = factor or self.factor, factor
        for waiter in tuple(self._waiting):
            waiter.arrange()

    def ticks_until(self, at_s: float) -> float | None:
        """The loop's seconds until the world's second `at_s`; None where it does not come."""
        return None if self.paused else max(0.0, at_s - self._passed()) / self._rate

    async def sleep(self, duration_s: float) -> None:
        """Let the world go on for `duration_s`."""
        if duration_s <= 0:
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def wake() -> None:
            if not woken.done():
                woken.set_result(None)

        alarm = Alarm(self, duration_s, wake)
        try:
            await woken
        finally:
            alarm.cancel()

    def add(self, waiter: _Waiter) -> None:
        """Tell it when the speed changes."""
        self._waiting[waiter] = None

    def remove(self, waiter: _Waiter) -> None:
        """It waits no more."""
        self._waiting.pop(waiter, None)


class Alarm:
    """A call at a world's second."""

    __slots__ = ("_at_s", "_callback", "_handle", "_pace")

    def __init__(self, pace: Pace, delay_s: float, callback: Callable[[], object]) -> None:
        self._pace, self._callback = pace, callback
        self._at_s = pace.seconds() + max(0.0, delay_s)
        self._handle: asyncio.TimerHandle | None = None
        pace.add(self)
        self.arrange()

    def arrange(self) -> None:
        """Set the loop's timer anew."""
        if self._handle is not None:
            self._handle.cancel()
        left = self._pace.ticks_until(self._at_s)
        loop = asyncio.get_running_loop()
        self._handle = None if left is None else loop.call_later(left, self._ring)

    def _ring(self) -> None:
        self._pace.remove(self)
        self._pace.reach(self._at_s)
        self._callback()

    def cancel(self) -> None:
        """Take it back."""
        self._pace.remove(self)
        if self._handle is not None:
            self._handle.cancel()


class Bound:
    """A block that may take so long: `async with` it; raises TimeoutError as asyncio.timeout does.

    `paused_s` bounds it in the loop's seconds while the clock stands still; without, nothing does.
    """

    __slots__ = ("_at_s", "_comes", "_pace", "_paused_s", "_timeout")

    def __init__(self, pace: Pace, duration_s: float, paused_s: float | None) -> None:
        self._pace, self._paused_s = pace, paused_s
        self._at_s = pace.seconds() + duration_s
        self._comes = True  # that second; the clock does not stand still
        self._timeout = asyncio.Timeout(None)

    def arrange(self) -> None:
        """Set the deadline anew; one that has struck stays."""
        if self._timeout.expired():
            return
        left = self._pace.ticks_until(self._at_s)
        self._comes = left is not None
        left = left if self._comes else self._paused_s
        at = None if left is None else asyncio.get_running_loop().time() + left
        self._timeout.reschedule(at)

    async def __aenter__(self) -> None:
        await self._timeout.__aenter__()
        self._pace.add(self)
        self.arrange()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pace.remove(self)
        if self._comes and self._timeout.expired():
            self._pace.reach(self._at_s)
        await self._timeout.__aexit__(kind, error, trace)
