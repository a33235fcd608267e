"""Faults of an actor itself: its clock, and what a world registers hooks for.

Rule: a clock that is wrong shows wrong times, and still waits as long as it was told: timers are
the world's. `clock_skew` needs no hook; power cuts and the PKI's faults do (docs/faults.md).
"""

from __future__ import annotations

from datetime import datetime

from simulator.kernel.clock import Clock
from simulator.wire.faults import FaultBoard


class ClockView(Clock):
    """The world's clock as one actor sees it."""

    def __init__(self, world: Clock, board: FaultBoard, actor: str) -> None:
        super().__init__(world.mode)
        self._pace = world._pace  # it waits as the world does, whatever its speed becomes
        self._world = world
        self._board = board
        self._actor = actor

    def monotonic(self) -> float:
        """World seconds: the same for all."""
        return self._world.monotonic()

    def now(self) -> datetime:
        """What this actor takes for the time, UTC."""
        now = self._world.now()
        return self._board.shown(self._actor, now) if self._board.skewed else now
