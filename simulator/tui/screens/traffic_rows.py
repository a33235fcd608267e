"""How an exchange looks as a line, on whichever screen.

Rule: a line is made when it is seen.
"""

from __future__ import annotations

from collections.abc import Container, Sequence

from simulator.tui.exchange import Exchange
from simulator.tui.widgets.virtual_table import Cell, Column

FULL = (
    Column("Time", 12),
    Column("Leg", 7, above=84),
    Column("Who", 16, grow=2),
    Column("What", 17, grow=2),
    Column("Detail", 6, grow=3, above=64),
    Column("Outcome", 10, grow=3),
    Column("ms", 6, right=True, above=96),
)
TAIL = (
    Column("Time", 12),
    Column("", 1),
    Column("What", 18, grow=2),
    Column("Detail", 6, grow=2, above=50),
    Column("Outcome", 10, grow=1),
)
_LEGS = {"ocpp": "", "ocpi": "accent", "finding": "bad", "step": "warn", "fault": "warn"}


def traffic_cells(
    ex: Exchange | None, columns: Sequence[Column], held: Container[str] = ()
) -> Sequence[Cell | str]:
    """The cells of a line in FULL or TAIL; blanks for one that is forgotten. `held`: what tells
    that a row is held (`holding.marks`).
    """
    if ex is None:
        return [""] * len(columns)
    line = ex.line
    tone: str = "bad" if ex.failed else line.tone if line.tone != "plain" else ""
    outcome = line.outcome or ("✓" if ex.answer is not None else "")
    if ex.leg != "finding" and (ex.findings or ex.errors):
        outcome = f"✗{len(ex.findings) + len(ex.errors)} {outcome}"
    if ex.held in held:
        outcome, tone = "HELD", "warn"
    at = Cell(ex.record["at"][11:23], "quiet")
    name = f"{ex.name} ;" if ex.comments else ex.name
    what = Cell(name, "bad" if ex.leg == "finding" else "quiet" if line.routine else "strong")
    detail = Cell(ex.said, "accent") if ex.comments else Cell(line.detail, "quiet")
    if columns is TAIL:
        station_first = ex.record["actor"].startswith("station/")
        return (at, Cell("↑" if station_first else "↓", _LEGS.get(ex.leg, "")), what, detail,
                Cell(outcome, tone))  # fmt: skip
    ms = "" if ex.ms is None else f"{ex.ms:.0f}"
    who = f"{ex.sender} → {ex.receiver}" if ex.receiver else ex.sender
    return (at, Cell(ex.leg, _LEGS.get(ex.leg, "")), who, what, detail,
            Cell(outcome, tone), Cell(ms, "quiet"))  # fmt: skip
