"""Screen 1, Fleet: the stations, all about one of them, and what it says.

Rule: actions are steps on the stations that are marked, else on the one at the cursor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import ClassVar

from textual import on
from textual.binding import BindingType
from textual.containers import Container, Vertical
from textual.widget import Widget

from simulator.tui import details, doing
from simulator.tui.engine import Snapshot
from simulator.tui.keys import bindings
from simulator.tui.rows import OfStation
from simulator.tui.screens.traffic_rows import TAIL, traffic_cells
from simulator.tui.screens.view import View
from simulator.tui.store import Changes, Store
from simulator.tui.widgets.detail import Detail
from simulator.tui.widgets.virtual_table import Cell, Column, VirtualTable

COLUMNS = (
    Column("Station", 10, grow=1),
    Column("OCPP", 5),
    Column("State", 12, grow=1),
    Column("EVSEs", 7),
    Column("kW", 7, right=True),
    Column("SoC", 5, right=True),
    Column("Session", 9, grow=1, above=72),
    Column("Queue", 5, right=True, above=84),
)
_GLYPHS = {
    "available": "○", "plugged": "◐", "ready": "◑", "charging": "●", "suspended_ev": "◍",
    "suspended_evse": "◍", "finishing": "◒",
}  # fmt: skip
_TAIL_LINES = 60


class FleetScreen(View):
    """Stations, one of them, its traffic."""

    CSS = """
    FleetScreen #body { layout: horizontal; }
    FleetScreen #left { width: 3fr; }
    FleetScreen #station { width: 2fr; border-left: solid $foreground 20%; }
    FleetScreen #tail { height: 2fr; }
    FleetScreen #stations { height: 3fr; }
    FleetScreen.-narrow #body { layout: vertical; }
    FleetScreen.-narrow #left { width: 1fr; height: 1fr; }
    FleetScreen.-narrow #station { width: 1fr; height: 1fr; border-left: none; }
    FleetScreen.-narrow.-short #tail { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("fleet")]
    PANES: ClassVar[dict[str, str]] = {
        "stations": "Stations", "station": "Station", "tail": "Its traffic",
    }  # fmt: skip
    MAIN = "stations"
    HELP = (
        "The stations of the world. One line each: how it stands, a sign for each EVSE (○ free, "
        "◐ plugged, ● charging, ◍ paused, ✗ faulted), power, the car's state of charge. Mark "
        "several with m: actions then mean all of them. Enter shows a station's traffic. Beside: "
        "each EVSE with what it waits for, its car and the contract in it, and how far Plug & "
        "Charge came; certificates; configuration."
    )

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self._order = 0

    def panes(self) -> Iterable[Widget]:
        """The stations at the left, one of them at the right."""
        stations = VirtualTable("stations", COLUMNS, self._cells, empty="no station yet")
        tail = VirtualTable("tail", TAIL, self._tail_cells, follow=True, rising=True)
        yield Container(Vertical(stations, tail, id="left"), Detail("station"), id="body")

    # What is shown

    def _cells(self, name: str) -> Sequence[Cell | str]:
        now = self.store.stations.get(name)
        if now is None:
            return (name, "", Cell("…", "quiet"), "", "", "", "", "")
        evses = now["evses"]
        busy = [evse for evse in evses if evse["car"] is not None]
        power_w = sum(evse["power_w"] for evse in evses)
        soc = next((e["soc_percent"] for e in busy if e["soc_percent"] is not None), None)
        return (
            Cell(name, "strong"),
            now["version"],
            self._state(now),
            Cell("".join("✗" if e["faulted"] else _GLYPHS.get(e["state"], "?") for e in evses),
                 "bad" if any(e["faulted"] for e in evses) else "good" if busy else "quiet"),
            f"{power_w / 1000:.2f}" if power_w else "",
            f"{soc:.0f} %" if soc is not None else "",
            Cell(next((e["session"] for e in evses if e["session"]), ""), "quiet"),
            str(now["queued"] or ""),
        )  # fmt: skip

    def _state(self, now: Snapshot) -> Cell:
        if not now["powered"]:
            return Cell("off", "quiet")
        if not now["connected"]:
            return Cell("offline", "bad")
        if now["boot"] != "Accepted":
            return Cell(f"boot {now['boot']}", "warn")
        evses = now["evses"]
        broken = next((evse for evse in evses if evse["faulted"]), None)
        if broken is not None:
            return Cell(broken["status"], "bad")
        evse = next((evse for evse in evses if evse["state"] != "available"), evses[0])
        return Cell(evse["status"], "good" if evse["state"] == "charging" else "")

    def _tail_cells(self, number: int) -> Sequence[Cell | str]:
        return traffic_cells(self.store.exchanges.get(number), TAIL)

    def show_all(self) -> None:
        """Stations picked and sorted, the one at the cursor, its traffic."""
        if not self.ready:
            return
        names = list(self.store.engine.names())
        marks = self.main.marks
        if self.filter_text:
            told = self.store.stations
            names = [n for n in names if self.fits(OfStation(n, told.get(n), marks))]
        if self._order:
            names.sort(key=lambda name: ORDERS[self._title](self.store.stations.get(name) or {}))
        self.head(self._heading(len(names)))
        self.main.set_rows(names, changed=names if len(names) < 500 else self.main.keys)
        self._show_one()
        self._show_tail()

    def _heading(self, shown: int) -> str:
        total = len(self.store.engine.names())
        count = f"{total}" if shown == total else f"{shown} of {total}"
        return f"Stations {count}" + (f", by {self._title}" if self._order else "")

    @property
    def _title(self) -> str:
        return list(ORDERS)[self._order]

    def show_changes(self, changes: Changes) -> None:
        """Lines of stations that changed; the tail, where something was said."""
        if changes.stations:
            if len(self.main.keys) != len(self.store.engine.names()) and not self.filter_text:
                self.show_all()
            else:
                self.main.touch(changes.stations)
        if changes.exchanges:
            self._show_tail(changes.exchanges)

    def show_seconds(self) -> None:
        """The one at the cursor; and the order, or what the filter picks, where either is set."""
        if self._order or self.filter_text:
            self.show_all()
        else:
            self._show_one()

    def _show_one(self) -> None:
        name = self.main.cursor_key
        self.store.focus = name
        now = self.store.stations.get(name) if name else None
        pane = self.query_one("#station", Detail)
        if now is not None:
            pane.show(name, lambda: details.station(now, self.store.history, pane.size.width))

    def _show_tail(self, changed: Iterable[int] = ()) -> None:
        tail = self.query_one("#tail", VirtualTable)
        name = self.main.cursor_key
        if name is None or not tail.display:
            return
        tail.border_title = f"Traffic of {name}"
        numbers = [ex.number for ex in self.store.of_station(name, _TAIL_LINES)]
        seen = set(numbers)
        tail.set_rows(numbers, [number for number in changed if number in seen])

    @on(VirtualTable.Moved, "#stations")
    def _moved(self) -> None:
        self._show_one()
        self._show_tail()

    @on(VirtualTable.Opened, "#stations")
    def _opened(self, event: VirtualTable.Opened) -> None:
        self.lab.show_view("traffic", filter_text=f"~cp {event.key}")

    @on(VirtualTable.Opened, "#tail")
    def _opened_tail(self, event: VirtualTable.Opened) -> None:
        self.lab.show_view("traffic", filter_text=f"~cp {self.main.cursor_key}", key=event.key)

    # What is done

    def targets(self) -> Sequence[str]:
        """The marked stations in their order, else the one at the cursor."""
        meant = self.meant()
        return meant.get(doing.MARKED) or meant.get(doing.FOCUS) or ()

    def stations_of(self, key: str) -> Iterable[str]:
        """A row is a station."""
        return (key,)

    def on_resize(self) -> None:
        """The tail may have room now that it had not."""
        if self.ready:
            self.call_after_refresh(self._show_tail)

    def action_do(self, step: str) -> None:
        """A step, on the targets."""
        self.lab.do(step)

    def action_order(self) -> None:
        """Sort by the next column."""
        self._order = (self._order + 1) % len(ORDERS)
        self.show_all()


def _power(now: Snapshot) -> float:
    return -sum((evse["power_w"] for evse in now.get("evses", ())), 0.0)


def _trouble(now: Snapshot) -> int:
    return 0 if not now.get("connected") or any(e["faulted"] for e in now["evses"]) else 1


# What the stations are sorted by, in turn; the first is the world's order.
ORDERS: Mapping[str, Callable[[Snapshot], str | float]] = {
    "": lambda now: 0,
    "name": lambda now: str(now.get("id", "")),
    "power": _power,
    "trouble": _trouble,
    "version": lambda now: str(now.get("version", "")),
}
