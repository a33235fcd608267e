"""What is due to whom: the CPO's sessions and CDRs, Roam's CDRs for EMPs, pushes that failed.

Rule: what waits has its next try, what was refused its reason; nothing else is a queue.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from textwrap import wrap
from typing import Any

from simulator.tui.paint import Painter
from simulator.tui.peer.look import PEER, Cells, Line, Look, Section, Words, when
from simulator.tui.widgets.virtual_table import Cell, Column

COLUMNS = (
    Column("What", 8),
    Column("Id", 12, grow=1),
    Column("From → to", 18, grow=1, above=68),
    Column("State", 10),
    Column("Tries", 5, right=True, above=76),
    Column("Next", 14),
    Column("Why", 10, grow=2, above=94),
)
_STATES = {"pending": "warn", "refused": "bad", "unsendable": "bad", "waiting": "warn"}
Due = Mapping[str, Any]


def lines(look: Look) -> Iterator[Line]:
    """What waits, then what was refused."""
    for number, due in enumerate(_due(look)):
        yield _line(look, due, number)


def _due(look: Look) -> Iterator[Due]:
    """All of it in one shape: kind, id, way, state, attempts, next_try, message."""
    if look.kind == PEER:
        for row in look.cpo.get("queue", ()):
            if row["to"] in look.names or row["to"] is None:
                yield {**row, "way": f"cpo → {row['to'] or 'nobody'}"}
    for name, peer in look.told["peers"].items():
        for row in peer.get("waiting", ()):
            if name == look.name or row["emp"] in look.names:
                yield {"kind": "cdr", "id": row["id"], "way": f"roam → {row['emp']}",
                       "state": "waiting", "attempts": row["tries"], "next_try": row["due"],
                       "message": None}  # fmt: skip
    if look.kind == PEER:
        yield from _pushes(look)


def _pushes(look: Look) -> Iterator[Due]:
    for token in look.own.get("tokens", ()):
        for name, one in token["pushed"].items():
            if one["problem"]:
                yield {"kind": "token", "id": token["uid"], "way": f"{look.name} → {name}",
                       "state": "refused", "attempts": None, "next_try": None,
                       "message": one["problem"]}  # fmt: skip


def _line(look: Look, due: Due, number: int) -> Line:
    state, why = str(due["state"]), str(due["message"] or "")
    cells: Cells = [
        str(due["kind"]), Cell(str(due["id"]), "strong"), str(due["way"]),
        Cell(state, _STATES.get(state, "")),
        "" if due["attempts"] is None else str(due["attempts"]),
        when(due["next_try"]), Cell(why, "quiet"),
    ]  # fmt: skip
    words: Words = {"cp": str(due["way"]), "s": state, "a": str(due["kind"]), "err": bool(why)}
    given = {due["kind"]: due["id"], look.kind: look.name}
    key = f"{due['kind']} {due['id']} {due['way']} {number if due['kind'] == 'token' else ''}"
    return Line(key, cells, partial(_tell, due=due), words, given,
                traffic=f'~leg ocpi & ~body "{due["id"]}"')  # fmt: skip


def _tell(paint: Painter, width: int, *, due: Due) -> None:
    paint.line((f"{due['kind']} {due['id']}", "strong"))
    paint.facts([("way", due["way"]), ("state", due["state"]), ("tried", due["attempts"]),
                 ("next try", due["next_try"])])  # fmt: skip
    if due["message"]:
        paint.title("What was answered last", "bad")
        for part in wrap(str(due["message"]), max(24, width)):
            paint.line(part)
    paint.line()
    if due["state"] == "waiting":
        paint.line(("Roam sends it again at night, for seven nights", "quiet"))
    elif due["kind"] == "cdr":
        paint.line(("try again (retry_cdr) sends it once more", "quiet"))
    paint.line(("enter shows what was said of it", "quiet"))


def waiting(look: Look) -> int:
    """How much there is."""
    return sum(1 for _ in _due(look))


SECTION = Section("Queue", COLUMNS, lines, "nothing waits, nothing was refused", waiting)
