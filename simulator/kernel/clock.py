"""The world's clock: real, scaled or virtual, behind one class.

Rule: whoever needs the time, a pause or a deadline asks this clock, so that a world runs the same
way at any speed. All durations are seconds of the world. A scaled clock's speed may change while
the world runs (`pace`).
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Literal, TypeVar

from simulator.kernel.pace import Alarm, Bound, Pace, Timer
from simulator.mistakes import Mistake

T = TypeVar("T")
Mode = Literal["real", "scaled", "virtual"]

# A virtual world starts here unless its file says otherwise: a Thursday in winter, before the
# morning rush.
DEFAULT_START = datetime(2026, 1, 15, 7, 0, tzinfo=UTC)
# A busy machine may let a process wait so long: nobody's patience is shorter on a scaled clock.
_HICCUP_S = 0.5
# Beyond these, timers of the loop could not hold the world's seconds.
_SLOWEST, _FASTEST = 0.001, 1e6


class ClockError(Mistake, ValueError):
    """A clock was asked for in words that name none."""


class Clock:
    """Tell the time of a world, sleep in it and bound waits in it."""

    def __init__(
        self, mode: Mode = "real", *, factor: float = 1.0, start: datetime | None = None
    ) -> None:
        _check(factor)
        self.mode: Mode = mode
        self._pace = Pace(factor) if mode == "scaled" else None
        self._follows_wall = mode == "real" and start is None
        self._start = start or (DEFAULT_START if mode == "virtual" else datetime.now(UTC))
        self._last = (0.0, self._start)
        # A virtual loop begins at 0; other loops at any number, so that the first look counts.
        self._origin: float | None = 0.0 if mode == "virtual" else None
        self._passing: list[float] = []  # until when whoever lets a held clock go on lets it

    @classmethod
    def parse(cls, text: str, *, start: datetime | None = None) -> Clock:
        """Read `real`, `virtual` or `scaled:N` (N world seconds pass in one second). Raises
        ClockError.
        """
        word, _, number = text.partition(":")
        if word in ("real", "virtual") and not number:
            return cls("real" if word == "real" else "virtual", start=start)
        if word == "scaled":
            try:
                return cls("scaled", factor=float(number), start=start)
            except ValueError as error:
                raise ClockError(
                    f"clock '{text}': scaled:N takes a number above 0, as in scaled:60"
                ) from error
        raise ClockError(f"clock '{text}': expected real, virtual or scaled:N")

    def __str__(self) -> str:
        return f"scaled:{self.factor:g}" if self.mode == "scaled" else self.mode

    @property
    def factor(self) -> float:
        """World seconds that pass in one second; of a paused clock, once it goes on."""
        return 1.0 if self._pace is None else self._pace.factor

    @property
    def paused(self) -> bool:
        """True while a scaled clock stands still."""
        return self._pace is not None and self._pace.paused

    def patience(self, duration_s: float) -> float:
        """How long to wait for an answer that is due within `duration_s`: on a scaled clock no less
        than half a second of the machine, whose hiccups would else be silence of the others.
        """
        return duration_s if self._pace is None else max(duration_s, _HICCUP_S * self.factor)

    def speed(self, factor: float) -> None:
        """Let a scaled clock go on at another factor from now, or stand still at 0.

        Raises ClockError for other clocks, and for a factor that none can have.
        """
        if self._pace is None:
            raise ClockError(
                f"a {self.mode} clock has one speed: start with --clock scaled:1 to change it"
            )
        if factor != 0:
            _check(factor)
        self._pace.change(factor)

    def go_on(self) -> None:
        """Let a paused clock go on as before; nothing for others."""
        if self.paused:
            self.speed(self.factor)

    def monotonic(self) -> float:
        """World seconds since the clock was first used; never goes back."""
        if self._pace is not None:
            return self._pace.seconds()
        try:
            ticks = asyncio.get_running_loop().time()
        except RuntimeError:  # before the world runs: it stands at its start
            return 0.0
        if self._origin is None:
            self._origin = ticks
        return ticks - self._origin

    def now(self) -> datetime:
        """The world's time, UTC."""
        if self._follows_wall:
            return datetime.now(UTC)
        at_s = self.monotonic()
        if at_s != self._last[0]:  # much happens at one moment of a virtual world
            self._last = (at_s, self._start + timedelta(seconds=at_s))
        return self._last[1]

    async def sleep(self, duration_s: float) -> None:
        """Let the world go on for `duration_s`."""
        if self._pace is not None:
            await self._pace.sleep(duration_s)
        else:
            await asyncio.sleep(max(0.0, duration_s))

    def timeout(
        self, duration_s: float | None, *, paused_s: float | None = None
    ) -> contextlib.AbstractAsyncContextManager[object]:
        """Bound a block: `async with clock.timeout(5)` raises TimeoutError after 5 s.

        A paused clock's seconds do not pass; `paused_s` of the loop's bound the block then.
        """
        if self._pace is not None and duration_s is not None:
            return Bound(self._pace, duration_s, paused_s)
        return asyncio.timeout(duration_s)

    async def wait_for(self, awaitable: Awaitable[T], duration_s: float | None) -> T:
        """Await within `duration_s`, else cancel it and raise TimeoutError."""
        async with self.timeout(duration_s):
            return await awaitable

    # A virtual clock can be held, so that somebody outside may turn it

    @property
    def held(self) -> bool:
        """True while time passes only where `passing` lets it."""
        return getattr(asyncio.get_running_loop(), "horizon", None) is not None

    def hold(self) -> None:
        """Hold a virtual clock: from now on time stands still. Raises ClockError for others."""
        loop: Any = asyncio.get_running_loop()
        if self.mode != "virtual" or not hasattr(loop, "horizon"):
            raise ClockError(f"a {self} clock cannot be held: only a virtual one can")
        loop.horizon = loop.time()

    def release(self) -> None:
        """Let time go on by itself."""
        if self.held:
            loop: Any = asyncio.get_running_loop()
            loop.horizon = None

    @contextlib.contextmanager
    def passing(self, at_most_s: float) -> Iterator[None]:
        """Let time pass while a block runs, at most so much; nothing special unless it is held.

        Several may run at once: time passes until the last has ended.
        """
        loop: Any = asyncio.get_running_loop()
        if getattr(loop, "horizon", None) is None:
            yield
            return
        until = loop.time() + at_most_s
        self._passing.append(until)
        loop.horizon = max(self._passing)
        try:
            yield
        finally:
            self._passing.remove(until)
            if loop.horizon is not None:
                loop.horizon = max(self._passing, default=loop.time())

    def call_later(self, delay_s: float, callback: Callable[[], object]) -> Timer:
        """Call back once after `delay_s`; the timer cancels it."""
        if self._pace is not None:
            return Alarm(self._pace, delay_s, callback)
        return asyncio.get_running_loop().call_later(max(0.0, delay_s), callback)

    async def wait_event(self, event: asyncio.Event, duration_s: float | None) -> bool:
        """Wait for an event at most `duration_s`; True when it came."""
        with contextlib.suppress(TimeoutError):
            await self.wait_for(event.wait(), duration_s)
        return event.is_set()


def _check(factor: float) -> None:
    """Raises ClockError for a factor that no clock can have."""
    if not _SLOWEST <= factor <= _FASTEST:  # NaN is neither
        raise ClockError(
            f"a clock runs forward: the factor must be above 0, from {_SLOWEST:g} to"
            f" {_FASTEST:g}, not {factor}"
        )


def rfc3339(moment: datetime) -> str:
    """Write a moment as OCPP and OCPI want it: UTC, milliseconds, `Z`."""
    return _written(moment if moment.tzinfo is UTC else moment.astimezone(UTC))


@lru_cache(maxsize=1024)  # a moment is written by all who took part in it
def _written(moment: datetime) -> str:
    return moment.isoformat("T", "milliseconds")[:-6] + "Z"


def parse_rfc3339(text: str) -> datetime:
    """Read an RFC 3339 moment; without an offset it is UTC (OCPI types). Raises ValueError."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def cpu_seconds() -> float:
    """CPU time of this process so far, for figures and progress, never for decisions."""
    return time.process_time()


def stopwatch() -> Callable[[], float]:
    """Measure real elapsed milliseconds, for display only: nothing of a world may depend on it."""
    began = time.perf_counter()
    return lambda: (time.perf_counter() - began) * 1000.0
