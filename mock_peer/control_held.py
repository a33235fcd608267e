"""Messages that the peer holds on their way, over the control API (docs/faults.md, Holding).

Rule: a fault of kind `hold` stops them; here they are looked at and let go on. A peer in a world
leaves that to the world, whose desk knows all of its actors.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from mock_peer.control import ControlError
from mock_peer.control_shapes import Given, Object, Taken
from mock_peer.operation import Call, Operation
from simulator.wire.faults_guest import GuestBoard
from simulator.wire.held_edit import MISSING, Edit
from simulator.wire.holding import Desk, HoldError


class HeldList(Given, frozen=True, kw_only=True):
    """What is held, oldest first: who to whom, its name, its JSON, when it goes on by itself."""

    held: list[Object]


class Release(Taken, frozen=True, kw_only=True):
    """How a message goes on: as it is, changed, or lost."""

    body: Annotated[
        Any, Meta(description="another body: JSON, or a text of JSON, sent as it is written")
    ] = msgspec.UNSET
    set: Annotated[Object, Meta(description="new values in its JSON, by pointers")] = msgspec.field(
        default_factory=dict
    )
    remove: Annotated[list[str], Meta(description="pointers of what is taken out")] = msgspec.field(
        default_factory=list
    )
    status: Annotated[int | None, Meta(description="another HTTP status, of an answer")] = None
    headers: Annotated[
        dict[str, str | None], Meta(description="other HTTP headers; null takes one out")
    ] = msgspec.field(default_factory=dict)
    drop: Annotated[bool, Meta(description="true: it is lost")] = False

    @property
    def edit(self) -> Edit:
        """The same, as the desk takes it."""
        body = MISSING if self.body is msgspec.UNSET else self.body
        remove = tuple(self.remove)
        return Edit(body, self.set, remove, self.status, self.headers, self.drop)


class Released(Given, frozen=True, kw_only=True):
    """The ids of what went on."""

    released: list[str]


class HeldControl:
    """The operations of one peer's desk."""

    def __init__(self, board: GuestBoard) -> None:
        self._board = board

    def operations(self) -> tuple[Operation, ...]:
        """Rows for the control API's table."""
        return (
            Operation("GET", "/held", "The messages that are held on their way.", None, HeldList,
                      self.held),
            Operation("POST", "/held/release", "Let all that is held go on.", Release, Released,
                      self.release_all, optional=True),
            Operation("POST", "/held/{id}/release", "Let a held message go on, changed or not.",
                      Release, Released, self.release, optional=True),
        )  # fmt: skip

    @property
    def _desk(self) -> Desk:
        if self._board.own_desk is None:
            raise ControlError(
                409, "a world holds its messages itself: GET /v1/held, and the step release"
            )
        return self._board.own_desk

    async def held(self, call: Call) -> HeldList:
        """All that is held."""
        return HeldList(held=self._desk.snapshot())

    async def release(self, call: Call) -> Released:
        """Let one go on."""
        return self._released(call.params["id"], call.body)

    async def release_all(self, call: Call) -> Released:
        """Let all go on; only one can be changed."""
        return self._released(None, call.body)

    def _released(self, number: str | None, how: Release) -> Released:
        try:
            return Released(released=self._desk.release(number, how.edit))
        except HoldError as error:
            raise ControlError(409, str(error)) from error
