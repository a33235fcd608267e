"""The terminal interface under load: 5,000 stations, 2,000 exchanges a second, headless.

Rule: records are made before anything is measured and handed over at their pace, so that what is
measured is the interface alone: its share of a core, and how late the loop is for others.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from simulator.kernel.clock import Clock
from simulator.kernel.journal import Record
from simulator.kernel.loop import run as run_loop
from simulator.tui.app import RoamlabApp
from tests.simulator.tui.stage import FakeEngine, evse, station

Figure = tuple[str, float, str]
STATIONS, RATE, SECONDS = 5_000, 2_000, 8.0
LAG_EVERY_S = 0.005
_SCREENS = (
    ("1", "fleet"), ("2", "traffic"), ("3", "sessions"), ("6", "metrics"), ("0", "story"),
)  # fmt: skip


class Loaded(FakeEngine):
    """Exchanges at a steady pace: four records each, as in a closed world."""

    def __init__(self) -> None:
        super().__init__(*(f"CP{n:05}" for n in range(STATIONS)))
        for number, name in enumerate(self.there):
            if number % 5 == 0:
                self.there[name] = station(name, evse(car="any", power_w=7000.0, soc_percent=40.0))
        self._names = list(self.there)
        self._made = 0
        self._began: float | None = None

    def begin(self) -> None:
        self._began = time.perf_counter()

    def take(self) -> Sequence[Record]:
        if self._began is None:
            return []
        due = int((time.perf_counter() - self._began) * RATE)
        new = [record for n in range(self._made, due) for record in _records(n, self._names)]
        self._made = due
        return new

    async def stations(self, names: Sequence[str]) -> Mapping[str, Any]:
        return {name: dict(self.there[name]) for name in names}


def _records(number: int, names: Sequence[str]) -> list[Record]:
    name, ident = f"station/{names[number * 7 % STATIONS]}", f"m{number}"
    shared = {"at": "2026-01-15T07:00:00.000Z", "leg": "ocpp", "session": None, "version": "1.6",
              "action": "MeterValues", "message_id": ident, "errors": []}  # fmt: skip
    call = msgspec.json.encode([2, ident, "MeterValues", {"connectorId": 1}]).decode()
    told = []
    for place, (kind, actor, peer, way) in enumerate((
        (2, name, "cpo", "sent"), (2, "cpo", name, "received"),
        (3, "cpo", name, "sent"), (3, name, "cpo", "received"),
    )):  # fmt: skip
        told.append({**shared, "seq": number * 4 + place + 1, "actor": actor, "peer": peer,
                     "message_type": kind, "direction": way,
                     "frame": call if kind == 2 else f'[3,"{ident}",{{}}]'})  # fmt: skip
    return told


def run() -> list[Figure]:
    """Measure screen by screen, on the loop that `roamlab tui` runs on."""
    return run_loop(_measure(), Clock("real"))


async def _measure() -> list[Figure]:
    began = time.perf_counter()
    engine = Loaded()
    app = RoamlabApp(engine)
    figures: list[Figure] = []
    async with app.run_test(size=(120, 40)) as pilot:
        while not (app.view and app.view.main.keys):
            await pilot.pause(0.01)
        figures.append(("tui: first paint, 5,000 stations", time.perf_counter() - began, "s"))
        made = time.process_time()
        for number in range(RATE * 2):
            _records(number, engine._names)
        load = (time.process_time() - made) / 2  # what making the records costs a second
        _, idle = await _share()  # what the machine itself is late by
        figures.append(
            ("tui: nothing said: loop lag p95", idle[int(len(idle) * 0.95)] * 1000, "ms")
        )
        engine.begin()
        for key, name in _SCREENS:
            await pilot.press(key)
            await asyncio.sleep(1)
            share, lags = await _share()
            figures += [
                (f"tui: {name}, 2,000 exchanges/s: share of a core", (share - load) * 100, "%"),
                (f"tui: {name}: loop lag p95", lags[int(len(lags) * 0.95)] * 1000, "ms"),
                (f"tui: {name}: loop lag, longest", lags[-1] * 1000, "ms"),
            ]
    return figures


async def _share() -> tuple[float, list[float]]:
    """CPU a second of real time, and how late a timer was, sorted."""
    lags: list[float] = []
    cpu, began = time.process_time(), time.perf_counter()
    while time.perf_counter() - began < SECONDS:
        due = time.perf_counter() + LAG_EVERY_S
        await asyncio.sleep(LAG_EVERY_S)
        lags.append(max(0.0, time.perf_counter() - due))
    return (time.process_time() - cpu) / (time.perf_counter() - began), sorted(lags)
