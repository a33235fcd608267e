"""Named timers of one owner, on the world's clock.

Rule: a name has at most one timer; arming it anew forgets the old one. None is there without need.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable

from simulator.kernel.clock import Clock
from simulator.kernel.pace import Timer


class Timers:
    """Timers by name."""

    __slots__ = ("_clock", "_handles")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._handles: dict[Hashable, Timer] = {}

    def __len__(self) -> int:
        return len(self._handles)

    def arm(self, name: Hashable, delay_s: float, act: Callable[[], object]) -> None:
        """Act once after `delay_s`."""
        self.disarm(name)

        def fire() -> None:
            del self._handles[name]
            act()

        self._handles[name] = self._clock.call_later(delay_s, fire)

    def every(self, name: Hashable, interval_s: float, act: Callable[[], object]) -> None:
        """Act each `interval_s` until disarmed; an interval of 0 means never."""
        self.disarm(name)
        if interval_s <= 0:
            return

        def again() -> None:
            self.every(name, interval_s, act)
            act()

        self.arm(name, interval_s, again)

    def disarm(self, name: Hashable) -> None:
        """Forget a timer, if there is one."""
        handle = self._handles.pop(name, None)
        if handle is not None:
            handle.cancel()

    def clear(self) -> None:
        """Forget all."""
        for handle in self._handles.values():
            handle.cancel()
        self._handles.clear()
