"""The peer's own faults over the control API: place, list, take away (docs/faults.md).

Rule: specs are those of everywhere else; the control API itself is never struck.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from mock_peer.control import ControlError
from mock_peer.control_shapes import Done, Given, Object
from mock_peer.operation import Call, Operation
from simulator.wire.fault_kinds import FAULTS
from simulator.wire.fault_spec import LIMITS, MATCHERS
from simulator.wire.faults import FaultBoard, FaultError


def _fields() -> dict[str, str]:
    """Every key that a spec may have, and what it says."""
    told = {**MATCHERS, **LIMITS}
    for kind in FAULTS.values():
        for parameter in kind.parameters:
            about = f"{kind.name}: {parameter.help}"
            before = told.get(parameter.name)
            told[parameter.name] = about if before is None else f"{before}; {about}"
    return told


def _typed(about: str) -> Any:
    return Annotated[Any, Meta(description=about)]


# `for` is a word of Python's own.
NewFault: type[msgspec.Struct] = msgspec.defstruct(
    "NewFault",
    [
        ("kind", Annotated[str, Meta(description="one of FAULTS: drop, delay, …")]),
        *((f"{name}_", _typed(about), msgspec.UNSET) for name, about in _fields().items()),
    ],
    frozen=True,
    forbid_unknown_fields=True,
    rename=lambda name: name.rstrip("_") or None,
    namespace={"__doc__": "A fault to place, as docs/faults.md has it."},
)


class FaultPlaced(Given, frozen=True, kw_only=True):
    """A fault that was placed."""

    id: str


class FaultList(Given, frozen=True, kw_only=True):
    """The faults that were placed: id, hits, whether it may strike yet (active), and its spec."""

    faults: list[Object]


class FaultControl:
    """The operations of one peer's board."""

    def __init__(self, board: FaultBoard) -> None:
        self._board = board

    def operations(self) -> tuple[Operation, ...]:
        """Rows for the control API's table."""
        return (
            Operation("GET", "/faults", "The faults that were placed, and how often they struck.",
                      None, FaultList, self.faults),
            Operation("POST", "/faults", "Place a fault.", NewFault, FaultPlaced, self.place_fault),
            Operation("DELETE", "/faults", "Take all faults away.", None, Done, self.clear_faults),
            Operation("DELETE", "/faults/{id}", "Take a fault away.", None, Done,
                      self.remove_fault),
        )  # fmt: skip

    async def faults(self, call: Call) -> FaultList:
        """All that were placed."""
        return FaultList(faults=self._board.list())

    async def place_fault(self, call: Call) -> FaultPlaced:
        """Place one."""
        try:
            return FaultPlaced(id=self._board.add(msgspec.to_builtins(call.body)))
        except FaultError as error:
            raise ControlError(400, error.why, f"/{error.key}" if error.key else "") from error

    async def clear_faults(self, call: Call) -> Done:
        """Take all away."""
        self._board.clear()
        return Done()

    async def remove_fault(self, call: Call) -> Done:
        """Take one away."""
        try:
            self._board.remove(call.params["id"])
        except FaultError as error:
            raise ControlError(404, error.why) from error
        return Done()
