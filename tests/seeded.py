"""The demo world at one moment, for pictures and tests of screens: seed 42, virtual time.

Rule: what is shown of it is the same in every run, on every machine.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from simulator.kernel.clock import Clock
from simulator.kernel.journal import Record
from simulator.kernel.loop import run
from simulator.scenario.gauges import Gauges
from simulator.tui.engine import Facts, Snapshot
from simulator.tui.local import LocalEngine
from simulator.tui.recorded import RecordedEngine
from simulator.tui.store import POINTS
from simulator.world import World
from simulator.world_file import find, read

FILE = Path(__file__).with_suffix(".yaml")
PLAYED = 18  # steps of that file; those after them wait
# Real seconds are counted as if the clock were scaled:15; stations are looked at once in each.
_SCALE = 15


@dataclass(frozen=True)
class Moment:
    """All that an engine tells at one moment; `points`: each station's EVSEs, second by second."""

    header: Record
    records: Sequence[Record]
    world: Snapshot
    dealings: Snapshot
    figures: Snapshot
    stages: Sequence[Snapshot]
    known: Mapping[str, Sequence[str]]
    points: Mapping[str, Sequence[Snapshot]]


class SeededEngine(RecordedEngine):
    """The moment, as a world that runs would tell it; `file` is where its stage came from."""

    def __init__(self, moment: Moment, file: Path = FILE) -> None:
        super().__init__(moment.header, moment.records, now=moment.world)
        self._moment, self._file = moment, str(file.resolve())
        self.facts = Facts("local", "demo", 42, f"scaled:{_SCALE}")

    async def dealings(self) -> Snapshot:
        return self._moment.dealings

    async def figures(self) -> Snapshot:
        return self._moment.figures

    async def stages(self) -> Sequence[Snapshot]:
        return [{**stage, "file": self._file} for stage in self._moment.stages]

    def known(self, what: str) -> Sequence[str]:
        return self._moment.known.get(what, ())


@cache
def moment() -> Moment:
    """Play it, once in each process."""
    return run(_played(), Clock("virtual"))


async def _played() -> Moment:
    world = World(read(find("demo")), clock="virtual", seed=42)
    began_s = world.clock.monotonic()
    engine = LocalEngine(world)
    gauges = Gauges(world, lambda: (world.clock.monotonic() - began_s) * 1000 / _SCALE)
    await engine.start()
    points: dict[str, list[Snapshot]] = {name: [] for name in world.stations}

    async def look() -> None:
        while True:
            gauges.look()
            for name, station in world.stations.items():
                points[name] = [*points[name][1 - POINTS :], station.snapshot()]
            await world.clock.sleep(_SCALE)

    looking = asyncio.get_running_loop().create_task(look())
    try:
        state = await engine.load(FILE.read_text(encoding="utf-8"), FILE.stem)
        for _ in range(PLAYED):
            state = await engine.step(state["id"])
            assert state["verdict"] is None, state["why"]
        kinds = ("station", "car", "peer", "emp", "tariff", "token")
        return Moment(
            world.journal.header, list(world.journal.records), await engine.world(),
            await engine.dealings(), gauges.figures(), await engine.stages(),
            {kind: engine.known(kind) for kind in kinds}, points,
        )  # fmt: skip
    finally:
        looking.cancel()
        gauges.close()
        await engine.stop()
