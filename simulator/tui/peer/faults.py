"""The faults that are placed: on the world's board, and on the partner's own.

Rule: each as it was placed; what it matches stands in the words of docs/faults.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from simulator.tui.paint import Painter
from simulator.tui.peer.look import Cells, Line, Look, Section, Words
from simulator.tui.widgets.virtual_table import Cell, Column
from simulator.wire.fault_kinds import FAULTS
from simulator.wire.fault_spec import LIMITS, MATCHERS

COLUMNS = (
    Column("Fault", 8),
    Column("Kind", 14, grow=1),
    Column("Board", 11, above=70),
    Column("Hits", 5, right=True),
    Column("State", 6),
    Column("Where it strikes", 16, grow=3),
)
WORLD = "world"
_HEAD = ("id", "hits", "active", "kind")
_USUAL = {"after": 0, "probability": 1.0}  # what need not be said


def lines(look: Look) -> Iterator[Line]:
    """The world's, then the partner's own."""
    for board, fault in _placed(look):
        yield _line(board, fault)


def _placed(look: Look) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for fault in look.told["faults"]:
        yield WORLD, fault
    for fault in look.own.get("faults", ()):
        yield look.name, fault


def _line(board: str, fault: Mapping[str, Any]) -> Line:
    told = {name: value for name, value in fault.items()
            if name not in _HEAD and _USUAL.get(name) != value}  # fmt: skip
    state = Cell("placed", "warn") if fault["active"] else Cell("over", "quiet")
    cells: Cells = [
        Cell(str(fault["id"]), "strong"), Cell(str(fault["kind"]), "accent"), board,
        str(fault["hits"]), state, " ".join(f"{name}={value}" for name, value in told.items()),
    ]  # fmt: skip
    given = {"id": fault["id"], "kind": fault["kind"]}
    if board != WORLD:
        given["at"] = board
    words: Words = {"a": str(fault["kind"]), "cp": str(told.get("actor", board)), "s": state.text,
             "fault": True}  # fmt: skip
    tell = partial(_tell, board=board, fault=fault, told=told)
    traffic = f"~fault & ~a {fault['kind']}"
    return Line(f"{board} {fault['id']}", cells, tell, words, given, traffic)


def _tell(
    paint: Painter, _width: int, *, board: str, fault: Mapping[str, Any], told: Mapping[str, Any]
) -> None:
    paint.line((str(fault["kind"]), "strong"), f"  on the board of {board}")
    row = FAULTS.get(str(fault["kind"]))
    if row is not None:
        paint.line((row.help, "quiet"))
    struck = "" if fault["active"] else ", and will strike no more"
    paint.line().line(f"has struck {fault['hits']} times{struck}")
    paint.title("As it was placed").facts(told.items(), 12)
    paint.title("Its words")
    own = {parameter.name: parameter.help for parameter in row.parameters} if row else {}
    about = {**MATCHERS, **LIMITS, **own}
    for name in told:
        paint.line((f"{name:<12} ", "quiet"), about.get(name, ""))


def placed(look: Look) -> int:
    """How many there are."""
    return sum(1 for _ in _placed(look))


SECTION = Section("Faults", COLUMNS, lines, "no fault is placed", placed)
