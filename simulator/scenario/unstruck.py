"""Faults that were placed and never struck: what they were to show was not seen.

Rule: read from the journal alone. It is a remark and no failure: whoever needs the fault to strike
expects it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from simulator.kernel.journal import Record
from simulator.scenario.compare import shown
from simulator.wire.fault_spec import MATCHERS

# Whose board it is: the world's, or a peer's, for its other face, too.
_WORLD, _ROAM = "world", "roam"


class Unstruck:
    """What was placed, as the journal tells of it, and whether it has struck."""

    def __init__(self) -> None:
        self._placed: dict[tuple[str, str], dict[str, Any]] = {}
        self._struck: set[tuple[str, str]] = set()
        self._peer = _WORLD

    def hear(self, record: Record) -> None:
        """Take a record in, in its turn."""
        if record["leg"] == "event" and record["what"] == "fault.placed":
            board, data = record["actor"], record["data"]
            self._peer = self._peer if board == _WORLD else board
            self._placed[board, data["id"]] = data["spec"]
        elif record["leg"] == "fault":
            number, actor = record["data"]["id"], record["actor"]
            # A peer has a board of its own; but what the world holds is held there, too.
            for board in (self._peer if actor == _ROAM else actor, _WORLD):
                spec = self._placed.get((board, number))
                if spec is not None and spec["kind"] == record["fault"]:
                    self._struck.add((board, number))
                    return

    def remarks(self) -> list[str]:
        """A line for each that has not: `fault-1 never struck: drop, action Heartbeat`."""
        return [
            f"{number}{'' if board == _WORLD else f' of {board}'} never struck: {_words(spec)}"
            for (board, number), spec in self._placed.items()
            if (board, number) not in self._struck
        ]


def never_struck(records: Iterable[Record]) -> list[str]:
    """The remarks on all faults that these records tell of."""
    unstruck = Unstruck()
    for record in records:
        unstruck.hear(record)
    return unstruck.remarks()


def _words(spec: dict[str, Any]) -> str:
    told = (f"{key} {shown(spec[key])}" for key in MATCHERS if key in spec)
    return ", ".join((spec["kind"], *told))
