"""What the sections are made of: a look at one partner, and the lines that it gives.

Rule: a section is a function from a look to lines; it asks nothing and keeps nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from simulator.kernel.filters import Value
from simulator.tui.engine import Snapshot
from simulator.tui.paint import Painter
from simulator.tui.peer.heard import Heard
from simulator.tui.widgets.virtual_table import Cell, Column

PEER, EMP = "peer", "emp"
Rule = Mapping[str, Any]  # a row of simulator.rule_table
Cells = list[Cell | str]
Words = dict[str, Value]


@dataclass(frozen=True, slots=True)
class Look:
    """A partner: `told` is what actors have with each other, `heard` what was said, `rules` what
    the partner judges by.
    """

    told: Snapshot
    name: str
    kind: str
    heard: Heard
    rules: Sequence[Rule] = ()

    @property
    def own(self) -> Snapshot:
        """What the partner tells of itself; `trouble` alone where it tells nothing."""
        side = self.told["peers" if self.kind == PEER else "emps"]
        found: Snapshot = side.get(self.name, {})
        return found

    @property
    def actors(self) -> frozenset[str]:
        """What the journal calls it."""
        return frozenset({self.name, str(self.own.get("name", self.name))})

    @property
    def names(self) -> frozenset[str]:
        """What others call it. Peers of one kind share their name in the journal: of several, each
        is called as the world calls it.
        """
        side = self.told["peers" if self.kind == PEER else "emps"]
        own = self.own.get("name")
        others = {str(one.get("name", name)) for name, one in side.items() if name != self.name}
        return frozenset({self.name}) if own in others or own in side else self.actors

    @property
    def cpo(self) -> Snapshot:
        """What the CPO tells; nothing of one that is outside, or dead."""
        return self.told["cpo"] or {}

    @property
    def other_side(self) -> list[tuple[str, Snapshot]]:
        """Who else tells of a connection with it, and that connection."""
        if self.kind == PEER:
            return [("cpo", one) for one in self.cpo.get("connections", ())
                    if one["peer"] in self.names]  # fmt: skip
        return [
            ("roam", emp["connection"])
            for peer in self.told["peers"].values()
            for emp in peer.get("emps", ())
            if emp["connection"]["peer"] in self.names
        ]

    def party(self, connection: str) -> str:
        """Who is at the other end of a connection of its own: country and party, as in DE*ABC; the
        connection's id where that is not told.
        """
        ours = (one for one in self.own.get("connections", ()) if one["id"] == connection)
        roles = next(ours, {"their_roles": ()})["their_roles"] or ()
        told = (f"{role['country_code']}*{role['party_id']}" for role in roles)
        return ", ".join(dict.fromkeys(told)) or connection

    @property
    def version(self) -> str | None:
        """The OCPI version that is spoken with it."""
        both = [*self.own.get("connections", ()), *(one for _, one in self.other_side)]
        return next((one["version"] for one in both), None)


@dataclass(frozen=True, slots=True)
class Line:
    """A row: its cells, its details, its words by a filter's operator, what an action on it begins
    with, and the filter by which its traffic is found.
    """

    key: str
    cells: Sequence[Cell | str]
    tell: Callable[[Painter, int], object]
    words: Mapping[str, Value] = field(default_factory=dict)
    given: Mapping[str, Any] = field(default_factory=dict)
    traffic: str | None = None


@dataclass(frozen=True, slots=True)
class OfLine:
    """A line's fields, for a filter."""

    line: Line
    marked: Container[str] = ()

    def field(self, name: str) -> Value:
        """See `Filterable`."""
        if name == "m":
            return self.line.key in self.marked
        if name == "any":
            return " ".join(c if isinstance(c, str) else c.text for c in self.line.cells)
        return self.line.words.get(name)


def nothing(_look: Look) -> int:
    """There is nothing to count."""
    return 0


@dataclass(frozen=True, slots=True)
class Section:
    """One table: `count` is how many of it want to be seen, beside its name; `short` is the name
    where there is little room.
    """

    name: str
    columns: Sequence[Column]
    lines: Callable[[Look], Iterable[Line]]
    empty: str
    count: Callable[[Look], int] = nothing
    short: str = ""

    def head(self, look: Look, *, narrow: bool) -> str:
        """Its name, with what wants to be seen."""
        name, count = (narrow and self.short) or self.name, self.count(look)
        return f"{name} {count}" if count else name


def when(moment: object) -> str:
    """A moment of the journal, short: month, day and time."""
    text = str(moment or "")
    return f"{text[5:10]} {text[11:19]}" if len(text) >= 19 else text
