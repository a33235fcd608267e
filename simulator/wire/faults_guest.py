"""The board of a guest: a peer or an EMP that was started in a world, which has a board of its own.

Rule: of the world's faults two reach a guest: messages that are held, and certificates that are
shown in place of its own. All else is placed on its own board; of one that is in no world, all.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.wire.fault_kinds import HOLD
from simulator.wire.fault_spec import Fault
from simulator.wire.faults import FaultBoard, FaultError, Hit
from simulator.wire.holding import Desk
from simulator.wire.moment import Moment


class Welcome(NamedTuple):
    """What a world tells a guest: its board, and what it calls the guest there."""

    faults: FaultBoard
    name: str


class GuestBoard(FaultBoard):
    """A guest's own faults, and what reaches it of the world's, if it is in one.

    `known_as` is whose certificates it shows.
    """

    def __init__(
        self,
        chance: Chance,
        clock: Clock,
        journal: Journal,
        *,
        actor: str,
        guest_of: Welcome | None = None,
    ) -> None:
        self._world = None if guest_of is None else guest_of.faults
        super().__init__(chance, clock, journal, actor=actor)
        self.known_as = actor
        if guest_of is None:
            self.desk = Desk(clock, journal)
        else:
            self.known_as = guest_of.name
            self.disguises, self.desk = guest_of.faults.disguises, guest_of.faults.desk

    @property
    def active(self) -> bool:
        """Whether a message may be struck at all."""
        return self._own_active or (self._world is not None and self._world.holds)

    @active.setter
    def active(self, told: bool) -> None:
        self._own_active = told

    def add(self, spec: Any) -> str:
        """Place a fault of its own; returns its id. Raises FaultError."""
        fault = spec if isinstance(spec, Fault) else Fault.parse(spec)
        if fault.kind == HOLD and self._world is not None:
            raise FaultError("kind", "hold: the world's board reaches here; place it without 'at'")
        return super().add(fault)

    @property
    def own_desk(self) -> Desk | None:
        """Where its messages are held, if that is no world's affair."""
        return self.desk if self._world is None else None

    def let_go(self) -> None:
        """The end: what is held at a desk of its own goes on."""
        if self.own_desk is not None:
            self.own_desk.close()

    def strike(self, moment: Moment, *, holds_only: bool = False) -> Iterator[Hit]:
        """The faults that strike a message: its own, then those of the world that hold it."""
        yield from super().strike(moment, holds_only=holds_only)
        if self._world is not None and self._world.holds:
            yield from self._world.strike(moment, holds_only=True)
