"""Screen 5, Peer: what CPO, peers and EMPs have with each other, one partner, one part at a time.

Rule: partners are asked at most once a second, and only while this is shown. Actions are steps on
the row at the cursor, else they ask.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from textual import on
from textual.binding import BindingType
from textual.containers import Container
from textual.content import Content
from textual.widget import Widget

from simulator.mistakes import Mistake, in_words
from simulator.rule_table import rule_table
from simulator.scenario.steps import STEPS
from simulator.tui import odd
from simulator.tui.engine import Snapshot
from simulator.tui.keys import bindings
from simulator.tui.paint import Painter, Part
from simulator.tui.peer.heard import Heard
from simulator.tui.peer.look import EMP, PEER, Line, Look, OfLine, Rule, Section
from simulator.tui.peer.sections import SECTIONS
from simulator.tui.screens.view import View
from simulator.tui.store import Changes, Store
from simulator.tui.widgets.bars import Bar
from simulator.tui.widgets.detail import Detail
from simulator.tui.widgets.virtual_table import Cell, VirtualTable

# Step -> the sections where its key does something.
_WHERE: Mapping[str, tuple[str, ...]] = {
    "register": ("Connections",),
    "unregister": ("Connections",),
    "rotate": ("Connections",),
    "rule": ("Rules",),
    "push_token": ("Tokens", "Answers"),
    "block_token": ("Tokens", "Answers"),
    "unblock_token": ("Tokens", "Answers"),
    "start_session": ("Tokens", "Connections"),
    "stop_session": ("Tokens", "Connections"),
    "answer": ("Tokens", "Answers"),
    "retry_cdr": ("Queue",),
    "fault": ("Modules", "Faults"),
    "clear_faults": ("Faults",),
}
# The same for an EMP; None: there is no such thing.
_OF_EMP: Mapping[str, str | None] = {
    "register": "emp_register", "unregister": None, "rotate": None, "rule": None,
    "push_token": "emp_token", "start_session": "emp_start", "stop_session": "emp_stop",
    "answer": "emp_answer",
}  # fmt: skip
# What is done at once, and the argument that a row must give for it.
_AT_ONCE = {"block_token": "token", "unblock_token": "token", "retry_cdr": "cdr",
            "clear_faults": "id"}  # fmt: skip
_NARROW = 100  # cells below which names are short


class PeerScreen(View):
    """A partner's connections, modules, rules, tokens, queue, answers, faults."""

    CSS = """
    PeerScreen #body { layout: horizontal; }
    PeerScreen #partner { width: 3fr; height: 1fr; }
    PeerScreen #about { width: 2fr; border-left: solid $foreground 20%; }
    PeerScreen.-narrow #body { layout: vertical; }
    PeerScreen.-narrow #partner { width: 1fr; height: 1fr; }
    PeerScreen.-narrow #about { width: 1fr; height: 1fr; border-left: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("peer")]
    PANES: ClassVar[dict[str, str]] = {"partner": "Peer", "about": "About it"}
    MAIN = "partner"
    HELP = (
        "What the CPO has with a peer or an EMP (P: the next one), part by part ([ and ]): who is "
        "registered with whom since when, and the handshake; which modules are offered and used "
        "in which version; the rules, those broken first, with what they demand and the last "
        "findings; tokens, and what was answered to them; what waits to be told or was refused, "
        "with its next try; what real-time authorization answers, and how fast; faults. A number "
        "beside a part counts what wants to be seen there. enter shows a row's traffic. Tokens of "
        "credentials are nowhere on it. It is asked once a second while you look."
    )

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self._told: Snapshot = {}
        self._trouble = ""
        self._asking = False
        self._partner = 0
        self._section = 0
        self._heard = Heard(store.exchanges)
        self._rules: dict[str, Sequence[Rule]] = {}
        self._lines: dict[str, Line] = {}
        self._cursors: dict[str, str] = {}  # where the cursor was, by section

    def panes(self) -> Iterable[Widget]:
        """The parts, one of them as a table, one row of it."""
        yield Bar("sections", separator="  ")
        yield Container(
            VirtualTable("partner", self.section.columns, self._cells, empty="asking …"),
            Detail("about"),
            id="body",
        )

    def _cells(self, key: str) -> Sequence[Cell | str]:
        line = self._lines.get(key)
        return [""] * len(self.section.columns) if line is None else line.cells

    # Whom and what

    @property
    def section(self) -> Section:
        """The part that is shown."""
        return SECTIONS[self._section]

    @property
    def partners(self) -> list[tuple[str, str]]:
        """Peers and EMPs: name and kind."""
        peers, emps = self._told.get("peers", {}), self._told.get("emps", {})
        return [*((name, PEER) for name in peers), *((name, EMP) for name in emps)]

    @property
    def look(self) -> Look | None:
        """The partner that is shown; None where there is none, or nobody was asked yet."""
        if not self.partners:
            return None
        name, kind = self.partners[self._partner % len(self.partners)]
        own = self._told["peers" if kind == PEER else "emps"][name]
        rules = self._rules_of(str(own.get("name", name))) if kind == PEER else ()
        return Look(self._told, name, kind, self._heard, rules)

    def _rules_of(self, name: str) -> Sequence[Rule]:
        if name not in self._rules:
            try:
                self._rules[name] = rule_table(name)
            except Mistake:  # a peer of another kind: its rules have no text here
                self._rules[name] = ()
        return self._rules[name]

    @property
    def current(self) -> Line | None:
        """The row at the cursor."""
        return self._lines.get(self.main.cursor_key or "")

    # What is shown

    def show_all(self) -> None:
        """What is known, and ask for more."""
        if self.ready:
            self._show()
            self.show_seconds()

    def show_changes(self, changes: Changes) -> None:
        """Nothing: once a second is enough."""

    def show_seconds(self) -> None:
        """Ask again, unless the last answer is still to come."""
        if self.lab.started and not self._asking:
            self._asking = True
            self.beside(self._ask())

    async def _ask(self) -> None:
        try:
            self._told = await self.lab.engine.dealings()
            self._trouble = ""
        except Exception as error:
            self._trouble = in_words(error)
        finally:
            self._asking = False
        if self.lab.view is self and not self.lab.frozen:
            self._show()

    def _show(self) -> None:
        try:
            self._draw()
        except odd.ODD as error:  # a partner that speaks otherwise
            self.head(odd.why(error))

    def _draw(self) -> None:
        self._heard.read()
        look = self.look
        self._show_bar(look)
        every = [] if look is None else list(self.section.lines(look))
        marks = self.main.marks
        picked = [line for line in every if self.fits(OfLine(line, marks))]
        self._lines = {line.key: line for line in picked}
        count = f"{len(picked)} of {len(every)}" if self.filter_text else str(len(picked))
        self.head(self._trouble or f"{self.section.name} {count}")
        self.main.empty = self._empty(look)
        self.main.set_rows(list(self._lines), list(self._lines))
        self._show_one()

    def _empty(self, look: Look | None) -> str:
        if look is None:
            return "this world has no peer" if self._told else self._trouble or "asking …"
        return str(look.own.get("trouble") or self.section.empty)

    def _show_bar(self, look: Look | None) -> None:
        if look is None:
            return
        many = f" {self._partner % len(self.partners) + 1}/{len(self.partners)}"
        parts: list[Part] = [(look.name + (many if len(self.partners) > 1 else ""), "strong")]
        narrow = self.size.width < _NARROW
        for number, section in enumerate(SECTIONS):
            told = section.head(look, narrow=narrow)
            here = number == self._section
            parts.append((f"[{told}]" if here else told, "accent" if here else "quiet"))
        chosen = [part[0] for part in parts if part[1] == "accent"]
        self.query_one("#sections", Bar).show(parts, kept=chosen)

    def _show_one(self) -> None:
        line, pane = self.current, self.query_one("#about", Detail)

        def told() -> Content:
            paint = Painter()
            if line is not None:
                line.tell(paint, max(24, pane.size.width - 3))
            return paint.content

        pane.show((self._partner, self._section, line and line.key), told)

    @on(VirtualTable.Moved, "#partner")
    def _moved(self) -> None:
        self._show_one()

    @on(VirtualTable.Opened, "#partner")
    def _opened(self) -> None:
        line = self.current
        if line is not None and line.traffic is not None:
            self.lab.show_view("traffic", filter_text=line.traffic)
        else:
            pane = self.query_one("#about", Detail)
            pane.focus()
            self.maximize(pane)

    # Going

    def action_section(self, by: str) -> None:
        """The next part, or the one before."""
        self._cursors[self.section.name] = self.main.cursor_key or ""
        self._section = (self._section + int(by)) % len(SECTIONS)
        self.main.set_columns(self.section.columns)
        self._show()
        if not self.main.go_to(self._cursors.get(self.section.name)):
            self.main.move_to(0)
        self._show_one()
        self.refresh_bindings()

    def action_partner(self) -> None:
        """The next peer or EMP."""
        self._partner = (self._partner + 1) % max(1, len(self.partners))
        self.main.marks.clear()
        self._show()
        self.main.move_to(0)
        self._show_one()
        self.refresh_bindings()

    # What is done

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A key does something where its step makes sense."""
        if action != "act" or not parameters:
            return super().check_action(action, parameters)
        name, look = str(parameters[0]), self.look
        emps = look is not None and look.kind == EMP and _OF_EMP.get(name, name) is None
        return self.section.name in _WHERE[name] and not emps

    def action_act(self, name: str) -> None:
        """A step on the row at the cursor; what it needs to know is asked."""
        look, line = self.look, self.current
        own = _OF_EMP.get(name, name) if look is not None and look.kind == EMP else name
        if own is None:
            return
        given: Mapping[str, Any] = {} if line is None else line.given
        if look is not None and not given:
            given = {look.kind: look.name}
        if look is not None and own == "start_session":  # it needs to know where
            given = {"location": next(iter(look.cpo.get("locations", ())), ""), **given}
        needs = _AT_ONCE.get(own)
        if needs is None:
            self.lab.actor.do(own, given)
        elif self.lab.engine.facts.read_only:
            self.lab.say("this view is read-only", "warning")
        else:
            self._at_once(own, needs)

    def _at_once(self, name: str, needs: str) -> None:
        """On all marked rows, else on the one at the cursor."""
        line = self.current
        keys = [key for key in self._lines if key in self.main.marks]
        lines = [self._lines[key] for key in keys] or ([line] if line is not None else [])
        step = STEPS[name]
        takes = {arg.name for arg in step.args}
        for one in lines:
            if needs in one.given:
                told = {key: value for key, value in one.given.items() if key in takes}
                self.lab.actor.perform(step, told)
                continue
            self.lab.say(f"{name}: this row names no {needs}", "warning")
