"""How much goes on in a world now, and its meter: what screen 6 and the control API both tell.

Rule: looking at thousands of stations costs milliseconds, so it is done when somebody asks, and at
most once a second.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simulator.kernel.clock import rfc3339
from simulator.kernel.journal import Record
from simulator.scenario.meter import WINDOW_S, Meter
from simulator.world import World


class Gauges:
    """The figures of a world, from now until `close`; `elapsed_ms` tells real time."""

    def __init__(self, world: World, elapsed_ms: Callable[[], float] | None = None) -> None:
        self._world = world
        self._meter = Meter(elapsed_ms)
        self._cdrs: dict[str, int] | None = None  # by state; None: it has changed since
        self.close = world.journal.subscribe(self._hear)

    def _hear(self, record: Record) -> None:
        self._meter.take(record)
        if record["leg"] == "event" and record["what"].startswith(("cdr.", "cpo.")):
            self._cdrs = None

    def look(self) -> dict[str, float]:
        """Sessions that go on, by the CPO where it is ours, and the power of its own stations."""
        known = self._meter.now().gauges
        if not known:
            known = self._look()
            self._meter.gauge(known)
        return dict(known)

    def _look(self) -> dict[str, float]:
        world = self._world
        charging = [
            evse
            for station in world.stations.values()
            for evse in station.core.evses
            if evse.transaction is not None
        ]
        sessions = len(world.cpo.ledger.open_sessions()) if world.cpo_lives else len(charging)
        power_w = sum(evse.meter.power_w() for evse in charging)
        return {"sessions": sessions, "power_kw": round(power_w / 1000, 2)}

    def figures(self, window_s: int = WINDOW_S) -> dict[str, Any]:
        """All figures, plain JSON (docs/control.md)."""
        now, world = self.look(), self._world
        return {
            "at": rfc3339(world.clock.now()),
            "clock": str(world.clock),
            "records": world.journal.seq,
            **now,
            "cdrs": self._cdr_states(),
            **self._meter.figures(window_s),
        }

    def _cdr_states(self) -> dict[str, int]:
        """How many CDRs are in which state; counted anew only after something became of one."""
        if self._cdrs is None:
            self._cdrs = self._world.cpo.book.cdrs.states() if self._world.cpo_lives else {}
        return dict(self._cdrs)
