"""Screen 3, Sessions: from plug-in to the CDR, its price, and why it was refused.

Rule: told by the journal alone, so that sessions of own stations and own peers are here as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual import on
from textual.binding import BindingType
from textual.containers import Container
from textual.widget import Widget

from simulator.tui import story
from simulator.tui.keys import bindings
from simulator.tui.rows import OfVisit
from simulator.tui.screens.view import View
from simulator.tui.store import Changes
from simulator.tui.visits import Visit
from simulator.tui.widgets.detail import Detail
from simulator.tui.widgets.virtual_table import Cell, Column, VirtualTable

COLUMNS = (
    Column("Began", 8),
    Column("Station", 8, grow=1),
    Column("EVSE", 4, right=True, above=64),
    Column("Token", 8, grow=1, above=56),
    Column("State", 10),
    Column("kWh", 8, right=True),
    Column("Net", 12, right=True, above=48),
    Column("CDR", 9),
    Column("✗", 2, right=True),
)
_STATES = {"charging": "good", "refused": "bad", "completed": "", "invalid": "bad"}
_CDRS = {"accepted": "good", "refused": "bad", "made": "warn"}


class SessionsScreen(View):
    """Sessions, and one of them."""

    CSS = """
    SessionsScreen #body { layout: vertical; }
    SessionsScreen #sessions { height: 2fr; }
    SessionsScreen #session { height: 3fr; }
    SessionsScreen.-tall #sessions { height: 1fr; }
    SessionsScreen.-tall #session { height: 2fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("sessions")]
    PANES: ClassVar[dict[str, str]] = {"sessions": "Sessions", "session": "Session"}
    MAIN = "sessions"
    HELP = (
        "Charging sessions, the newest below. Of the one at the cursor: what was refused and why, "
        "with the rule, the place in the JSON and what was expected there; the price, line by "
        "line; of a contract its certificates up to the root with their OCSP state, who checked "
        "what, why it was refused, and what each protocol called it; then the ladder of who said "
        "what to whom. c shows its traffic."
    )

    def panes(self) -> Iterable[Widget]:
        """The list above, one of it below."""
        yield Container(
            VirtualTable("sessions", COLUMNS, self._cells, follow=True,
                         empty="no session yet: p plugs a car in on screen 1, t taps a card"),
            Detail("session", wrap=False),
            id="body",
        )  # fmt: skip

    def _cells(self, name: str) -> Sequence[Cell | str]:
        visit = self.store.visits.all.get(name)
        if visit is None:
            return [""] * len(COLUMNS)
        cost = f"{float(visit.cost):.2f} {visit.currency}" if visit.cost else ""
        return (
            Cell(visit.began[11:19], "quiet"),
            Cell(visit.place, "strong" if visit.station else "quiet"),
            visit.evse,
            visit.token,
            Cell(visit.state, _STATES.get(visit.state, "")),
            self._energy(visit),
            cost,
            Cell(visit.cdr, _CDRS.get(visit.cdr, "")),
            Cell(str(len(visit.findings) or ""), "bad"),
        )

    def _energy(self, visit: Visit) -> str:
        """In kWh: as the station's meter says while it charges, as the journal says after."""
        now = self.store.stations.get(visit.station)
        for evse in now["evses"] if now is not None else ():
            if evse["session"] == visit.id and evse["transaction"] is not None:
                return f"{evse['energy_wh'] / 1000:.3f}"
        return f"{float(visit.kwh):.3f}" if visit.kwh else ""

    def show_all(self) -> None:
        """Sessions picked, and the one at the cursor."""
        if not self.ready:
            return
        self._list()
        self._show_one()

    def _list(self, changed: Iterable[str] | None = None) -> None:
        names = list(self.store.visits.all)
        total = len(names)
        if self.filter_text:
            known, marks = self.store.visits.all, self.main.marks
            names = [name for name in names if self.fits(OfVisit(known[name], marks))]
        count = f"{len(names)} of {total}" if self.filter_text else str(total)
        self.head(f"Sessions {count}")
        self.main.set_rows(names, names if changed is None else list(changed))

    def show_changes(self, changes: Changes) -> None:
        """Sessions of which more is known, and those whose station was looked at."""
        if changes.stations:
            self.main.touch(self._at(changes.stations))
        if changes.visits:
            self._list(changes.visits)
            if self.main.cursor_key in changes.visits:
                self._show_one()

    def _at(self, stations: Iterable[str]) -> list[str]:
        """The sessions that go on at these stations."""
        there = self.store.stations
        return [evse["session"] for name in stations for evse in there[name]["evses"]
                if evse["session"] is not None]  # fmt: skip

    @property
    def current(self) -> Visit | None:
        """The session at the cursor."""
        return self.store.visits.all.get(self.main.cursor_key or "")

    def _show_one(self) -> None:
        visit = self.current
        if visit is not None:
            pane = self.query_one("#session", Detail)
            pane.show(visit.id, lambda: story.visit(visit, pane.size.width - 3))

    @on(VirtualTable.Moved, "#sessions")
    def _moved(self) -> None:
        self._show_one()

    @on(VirtualTable.Opened, "#sessions")
    def _opened(self) -> None:
        pane = self.query_one("#session", Detail)
        pane.focus()
        self.maximize(pane)

    def targets(self) -> Sequence[str]:
        """The session's station."""
        visit = self.current
        return [visit.station] if visit is not None and visit.station else []

    def stations_of(self, key: str) -> Iterable[str]:
        """A session's station."""
        visit = self.store.visits.all.get(key)
        return (visit.station,) if visit is not None and visit.station else ()

    @property
    def picked(self) -> list[Visit]:
        """The marked sessions, else the one at the cursor."""
        names = self.main.marks or {self.main.cursor_key}
        return [visit for name, visit in self.store.visits.all.items() if name in names]

    def action_correlate(self) -> None:
        """Its exchanges on both wires."""
        visit = self.current
        if visit is not None:
            self.lab.show_view("traffic", filter_text=f"~sess {visit.id}")
