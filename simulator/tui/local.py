"""A world of this process, on the loop that the interface runs on.

Rule: the interface's share of that loop is latency of the world's protocols; so records are only
collected here, and stations are looked at when somebody asks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from simulator.kernel.journal import Record
from simulator.mistakes import Mistake
from simulator.scenario.dealings import dealings
from simulator.scenario.gauges import Gauges
from simulator.scenario.snapshot import holding, recorded, snapshot
from simulator.scenario.stages import Stages
from simulator.scenario.step import Play
from simulator.scenario.steps import perform
from simulator.tui.engine import READ_ONLY, Facts, Snapshot, tokens_of
from simulator.wire.http_aio import HttpFailure
from simulator.world import World


class LocalEngine:
    """An embedded world, started and stopped with the interface; `begin`: how much of it starts
    (`World.begin`).
    """

    trouble = ""

    def __init__(self, world: World, *, read_only: bool = False, begin: str = "all") -> None:
        self._world, self._begin = world, begin
        self._read_only = read_only
        self._new: list[Record] = []
        self._leave = world.journal.subscribe(self._new.append)
        self._gauges = Gauges(world)
        self._play: Play | None = None
        self._stages = Stages(world)

    @property
    def facts(self) -> Facts:
        """What it is."""
        world, clock = self._world, self._world.clock
        return Facts("local", world.plan.name, world.seed, str(clock), self._read_only,
                     clock.paused, recorded(world))  # fmt: skip

    async def start(self) -> None:
        """Start the world. Raises Mistake, BindError."""
        await self._world.begin(self._begin)

    async def stop(self) -> None:
        """Stop the world."""
        self._leave()
        self._gauges.close()
        if self._play is not None:
            self._play.sightings.close()
        await self._stages.close()
        await self._world.stop()

    def take(self) -> Sequence[Record]:
        """The records since the last call."""
        new = self._new[:]
        self._new.clear()
        return new

    def names(self) -> Sequence[str]:
        """The stations, in the file's order."""
        return list(self._world.stations)

    async def stations(self, names: Sequence[str]) -> Mapping[str, Snapshot]:
        """How these stations stand now."""
        there = self._world.stations
        return {name: there[name].snapshot() for name in names if name in there}

    async def world(self) -> Snapshot:
        """All that the world's actors know."""
        return await snapshot(self._world)

    async def figures(self) -> Snapshot:
        """What goes on there, over the last minutes."""
        return self._gauges.figures()

    async def dealings(self) -> Snapshot:
        """What CPO, peers and EMPs have with each other."""
        return await dealings(self._world)

    async def held(self) -> Snapshot:
        """What is held, and what is intercepted."""
        return holding(self._world)

    def faults(self) -> Sequence[Snapshot]:
        """The faults on the world's board."""
        return self._world.faults.board.list()

    def known(self, what: str) -> Sequence[str]:
        """Names of a kind, as the world's file has them."""
        kind = _KNOWN.get(what)
        return [] if kind is None else list(kind(self._world))

    async def perform(self, step: str, arguments: Mapping[str, Any]) -> Any:
        """Perform a step. Raises Mistake."""
        self._admit()
        if self._play is None:
            self._play = Play(self._world)
        try:
            return await perform(self._play, step, dict(arguments))
        except (TimeoutError, OSError, HttpFailure) as error:
            raise Mistake(f"{step}: {error or type(error).__name__}") from error

    def _admit(self) -> None:
        if self.facts.read_only:
            raise Mistake(READ_ONLY)

    async def load(self, steps: str | Sequence[Any], name: str, only: str = "") -> Snapshot:
        """Load steps into the world. Raises Mistake."""
        self._admit()
        return self._stages.load(steps, name, only).state()

    async def stages(self) -> Sequence[Snapshot]:
        """How far each stage is."""
        return self._stages.states()

    async def step(self, stage: str) -> Snapshot:
        """Perform the next step of a stage. Raises Mistake."""
        self._admit()
        return await self._stages[stage].step()

    async def play(self, stage: str, until: int | None = None) -> Snapshot:
        """Perform the steps that are left, or those before number `until`. Raises Mistake."""
        self._admit()
        return await self._stages[stage].run(until)

    async def drop(self, stage: str) -> Snapshot:
        """Let a stage go. Raises Mistake."""
        self._admit()
        return await self._stages.drop(stage)


_KNOWN: Mapping[str, Callable[[World], Sequence[str] | Mapping[str, Any]]] = {
    "station": lambda world: world.stations,
    "car": lambda world: world.plan.cars,
    "peer": lambda world: world.peers,
    "emp": lambda world: world.emps,
    "tariff": lambda world: world.cpo.sites.tariffs if world.cpo_lives else (),
    "token": lambda world: tokens_of(
        [*(peer.tokens for peer in world.plan.peers), *(emp.tokens for emp in world.plan.emps)]
    ),
}
