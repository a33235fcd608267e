"""The faults of a world: those of its file, and where one is placed while it runs.

Rule: a spec may say `at`, the peer that shall place it on a board of its own; without it, it is
the world's, whose board stations and CPO share.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Protocol
from urllib.parse import quote

from simulator.mistakes import did_you_mean
from simulator.strict_yaml import Document, Place
from simulator.wire.fault_spec import FaultError, problems
from simulator.wire.faults import FaultBoard
from simulator.world_names import no_actor

AT = "at"
# Where a fault may be placed beside the peers by name: the first peer of the world.
FIRST_PEER = "peer"
Spec = Mapping[str, Any]


class Controlled(Protocol):
    """A peer with a control API, unless it is outside."""

    @property
    def outside(self) -> bool:
        """True for one that has none here."""

    async def control(self, method: str, path: str, body: Any = None) -> Any:
        """Call it. Raises Mistake."""


def check_faults(document: Document, actors: Collection[str]) -> None:
    """Note what is wrong with the faults of a world file, whose actors these are."""
    inside = [p["name"] for p in document.data.get("peers", ()) if "url" not in p]
    for number, spec in enumerate(document.data.get("faults", ())):
        place: Place = ("faults", number)
        at = spec.get(AT)
        if at is not None and at not in inside and not (inside and at == FIRST_PEER):
            hint = did_you_mean(str(at), inside)
            document.wrong((*place, AT), f"no peer '{at}' runs in this world.{hint}")
        for key in ("actor", "peer"):
            told = spec.get(key)
            why = no_actor(told, actors) if isinstance(told, str) else None
            if why is not None:
                document.wrong((*place, key), why)
        for error in problems(without_place(spec)):
            document.wrong((*place, error.key) if error.key in spec else place, error.why)


def without_place(spec: Spec) -> dict[str, Any]:
    """The spec as a board takes it."""
    return {key: value for key, value in spec.items() if key != AT}


class Faults:
    """Where faults are placed: on the world's board, or at its peers."""

    def __init__(self, board: FaultBoard, peers: Mapping[str, Controlled]) -> None:
        self.board = board
        self._peers = peers

    async def place(self, spec: Spec) -> str:
        """Place a fault; returns its id. Raises FaultError, Mistake."""
        if spec.get(AT) is None:
            return self.board.add(without_place(spec))
        told = await self._peer(spec[AT]).control("POST", "/faults", without_place(spec))
        return str(told["id"])

    async def clear(self, number: str | None = None, at: str | None = None) -> None:
        """Take one fault away, or all of the world's board (of a peer's). Raises FaultError."""
        if at is not None:
            path = "/faults" if number is None else f"/faults/{quote(number, safe='')}"
            await self._peer(at).control("DELETE", path)
        elif number is None:
            self.board.clear()
        else:
            self.board.remove(number)

    def place_here(self, specs: tuple[Spec, ...]) -> None:
        """Place those of a world file that are for the world's own board. Raises FaultError."""
        for spec in specs:
            if AT not in spec:
                self.board.add(spec)

    async def place_there(self, specs: tuple[Spec, ...]) -> None:
        """Place those for its peers, which must run. Raises Mistake."""
        for spec in specs:
            if AT in spec:
                await self.place(spec)

    def _peer(self, name: str) -> Controlled:
        inside = {key: peer for key, peer in self._peers.items() if not peer.outside}
        if name in inside:
            return inside[name]
        if name == FIRST_PEER and inside:
            return next(iter(inside.values()))
        raise FaultError(AT, f"no peer '{name}' runs in this world.{did_you_mean(name, inside)}")
