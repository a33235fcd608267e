"""What the interface needs of a world, wherever that world runs.

Rule: looking goes by records and snapshots, doing by steps; nothing else reaches a world from here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from simulator.kernel.journal import Record

Snapshot = dict[str, Any]
READ_ONLY = "this view is read-only: it was started with --read-only"


NOTHING_HELD: Snapshot = {"held": [], "intercepts": []}


@dataclass(frozen=True, slots=True)
class Facts:
    """What a world is: `kind` is where it runs, local or attached; `clock` how fast it goes now;
    `recording` the file into which its journal is being taken down.
    """

    kind: str
    world: str
    seed: int
    clock: str
    read_only: bool = False
    paused: bool = False
    recording: str | None = None


class Engine(Protocol):
    """A world that can be looked at and played."""

    @property
    def facts(self) -> Facts:
        """What it is."""

    @property
    def trouble(self) -> str:
        """What keeps it from being looked at, in words; empty while all is well."""

    async def start(self) -> None:
        """Make it ready to be looked at. Raises Mistake, BindError."""

    async def stop(self) -> None:
        """Let it go."""

    def take(self) -> Sequence[Record]:
        """The records since the last call, oldest first."""

    def names(self) -> Sequence[str]:
        """The stations, in the world's order."""

    async def stations(self, names: Sequence[str]) -> Mapping[str, Snapshot]:
        """How these stations stand now."""

    async def world(self) -> Snapshot:
        """All that the world's actors know."""

    async def figures(self) -> Snapshot:
        """What goes on there, over the last minutes (docs/control.md, `GET /v1/metrics`); empty
        where nobody measures.
        """

    async def dealings(self) -> Snapshot:
        """What CPO, peers and EMPs have with each other. Raises Mistake."""

    async def held(self) -> Snapshot:
        """The messages that are `held` on their way, and the `intercepts` that hold them
        (docs/faults.md, Holding).
        """

    def faults(self) -> Sequence[Snapshot]:
        """The faults that were placed and have not gone."""

    def known(self, what: str) -> Sequence[str]:
        """Names of a kind, for completion: station, car, peer, emp, tariff, token."""

    async def perform(self, step: str, arguments: Mapping[str, Any]) -> Any:
        """Perform a step; gives what it gives. Raises Mistake: it could not be done, and why."""

    # Stages: steps that wait there (`scenario.stage.Stage`, docs/control.md)

    async def load(self, steps: str | Sequence[Any], name: str, only: str = "") -> Snapshot:
        """Load a scenario file's text (`only`: what the run's title must hold), or steps as a file
        has them; gives the stage's state. Raises Mistake with all that is wrong.
        """

    async def stages(self) -> Sequence[Snapshot]:
        """How far each stage is, the oldest first; none where it cannot be asked."""

    async def step(self, stage: str) -> Snapshot:
        """Perform the next step of a stage; gives its state. Raises Mistake."""

    async def play(self, stage: str, until: int | None = None) -> Snapshot:
        """Perform the steps that are left, or those before number `until`. Raises Mistake."""

    async def drop(self, stage: str) -> Snapshot:
        """Let a stage go; a step that runs is cancelled. Raises Mistake."""


def tokens_of(lists: Sequence[Sequence[Mapping[str, Any]]]) -> list[str]:
    """The uids of lists of tokens, those first that are valid."""
    told = [token for tokens in lists for token in tokens if "uid" in token]
    ranked = sorted(told, key=lambda token: token.get("valid", True) is False)
    return list(dict.fromkeys(str(token["uid"]) for token in ranked))
