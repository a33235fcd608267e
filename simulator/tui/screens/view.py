"""What all screens have: the status line, a filter, keys below, and a table in the middle.

Rule: a screen is told what has changed some times a second, and draws that and nothing else.
"""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.dom import DOMNode
from textual.markup import escape
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input

from simulator.kernel.filters import EVERYTHING, Filter, Filterable, FilterError, parse
from simulator.tui import doing
from simulator.tui.guard import Guarded
from simulator.tui.odd import ODD
from simulator.tui.store import Changes, Store
from simulator.tui.widgets.bars import Bar, FilterBar, KeyBar
from simulator.tui.widgets.virtual_table import VirtualTable

if TYPE_CHECKING:
    from simulator.tui.app import RoamlabApp


class View(Guarded, Screen[None]):
    """A screen of the interface. `PANES`: what can be focused, by name; `HELP` explains it."""

    DEFAULT_CSS = """
    View VirtualTable, View Detail { border-top: solid $foreground 20%; border-title-color: $text;
        border-title-style: bold; }
    View VirtualTable:focus, View Detail:focus { border-top: solid $accent;
        border-title-color: $text-accent; }
    View #body { height: 1fr; }
    """
    TITLE = ""
    HELP: ClassVar[str] = ""
    PANES: ClassVar[dict[str, str]] = {}  # id -> name
    MAIN: ClassVar[str] = ""
    ALLOW_IN_MAXIMIZED_VIEW = "Bar, FilterBar"  # a pane alone still says how to leave it
    ESCAPE_TO_MINIMIZE = False  # going back does it, and gives the focus back

    def __init__(self, store: Store) -> None:
        super().__init__()
        self.HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]
        self.VERTICAL_BREAKPOINTS = [(0, "-short"), (32, "-tall")]
        self.store = store
        self.filter: Filter = EVERYTHING
        self.filter_text = ""
        self.ready = False  # once its panes are there

    def compose(self) -> ComposeResult:
        """Status, panes, filter, keys."""
        yield Bar("status")
        yield from self.panes()
        yield FilterBar()
        yield KeyBar()

    def panes(self) -> Iterable[Widget]:
        """The panes of this screen."""
        raise NotImplementedError

    @property
    def lab(self) -> RoamlabApp:
        """The app, by its own type."""
        from simulator.tui.app import RoamlabApp

        assert isinstance(self.app, RoamlabApp)
        return self.app

    @property
    def main(self) -> VirtualTable:
        """The table that the filter picks from, on a screen that has one."""
        return self.query_one(f"#{self.MAIN}", VirtualTable)

    @property
    def table(self) -> VirtualTable | None:
        """The same; None on a screen without one."""
        return self.main if self.MAIN else None

    @property
    def pane(self) -> tuple[str, str]:
        """The pane that has the focus: its id and name; nothing where none has."""
        here: DOMNode | None = self.focused
        while here is not None and here.id not in self.PANES:
            here = here.parent
        return ("", "") if here is None else (str(here.id), self.PANES[str(here.id)])

    def on_mount(self) -> None:
        """Name the panes, and begin at the table."""
        for pane, name in self.PANES.items():
            self.query_one(f"#{pane}").border_title = name
        self.ready = True
        if self.table is not None:
            self.table.focus()
        self.show_all()

    def on_screen_resume(self) -> None:
        """What has happened meanwhile is shown at once."""
        if not self.ready:
            return
        self.show_all()
        self.lab.show_status()

    def beside(self, work: Awaitable[object]) -> None:
        """Do something while all else goes on, as long as this screen lives."""
        self.run_worker(self.lab.doing(work), exit_on_error=False)

    # What is shown

    def show_all(self) -> None:
        """Show everything anew."""
        raise NotImplementedError

    def show_changes(self, changes: Changes) -> None:
        """Show what has changed."""
        raise NotImplementedError

    def show_seconds(self) -> None:
        """Once a second: what is drawn of passing time."""

    def targets(self) -> Sequence[str]:
        """The stations that an action means: those marked, else the one at the cursor."""
        return ()

    def stations_of(self, key: Any) -> Iterable[str]:
        """The stations that a row of its table means."""
        return ()

    def meant(self) -> doing.Meant:
        """Whom each target means here, in the world's order: the row at the cursor, those marked,
        those shown, all stations.
        """
        told: dict[str, Iterable[Any]] = {}
        if self.table is not None:
            here = self.table.cursor_key
            told = {
                doing.FOCUS: () if here is None else (here,),
                doing.MARKED: self.table.marks,
                doing.SHOWN: self.table.keys,
            }
        names = self.store.engine.names()
        found = {
            target: {name for key in keys for name in self.stations_of(key)}
            for target, keys in told.items()
        }
        found[doing.ALL] = set(names)
        picked = {target: [n for n in names if n in those] for target, those in found.items()}
        return {target: those for target, those in picked.items() if those}

    def head(self, title: str) -> None:
        """Name the main table; what picks from it stands beside."""
        told = f"{title} · filter {self.filter_text}" if self.filter_text else title
        self.main.border_title = escape(told)

    # The filter

    def fits(self, row: Filterable) -> bool:
        """Whether the filter picks a row; none that it cannot judge."""
        try:
            return self.filter.matches(row)
        except ODD:
            return False

    def ask_filter(self, text: str | None = None) -> None:
        """Let somebody type a filter."""
        self.query_one(FilterBar).open(self.filter_text if text is None else text)

    def set_filter(self, text: str) -> bool:
        """Take a filter; False where it cannot be read, which is said at its place."""
        bar = self.query_one(FilterBar)
        try:
            self.filter = parse(text)
        except FilterError as error:
            bar.complain(error.place, str(error))
            return False
        bar.complain(0, "")
        self.filter_text = text.strip()
        self.show_all()
        return True

    @on(Input.Changed, "#filter")
    def _typing(self, event: Input.Changed) -> None:
        event.stop()
        try:
            parse(event.value)
        except FilterError as error:
            self.query_one(FilterBar).complain(error.place, str(error))
        else:
            self.query_one(FilterBar).complain(0, self.remark(event.value))

    def remark(self, text: str) -> str:
        """What to say of a filter that can be read; nothing where words can be part of anything."""
        return ""

    @on(Input.Submitted, "#filter")
    def _typed(self, event: Input.Submitted) -> None:
        event.stop()
        if self.set_filter(event.value):
            self.close_filter()

    def close_filter(self) -> bool:
        """Put the line away; False where there was none."""
        bar = self.query_one(FilterBar)
        if not bar.has_class("-open"):
            return False
        bar.close()
        self.main.focus()
        return True

    def go_back(self) -> bool:
        """Leave what was opened last; False where nothing was."""
        if self.close_filter():
            return True
        if self.maximized is not None:
            self.minimize()
            if self.table is not None:
                self.table.focus()
            return True
        if self.filter_text:
            return self.set_filter("")
        if self.table is not None and self.table.marks:
            self.table.marks.clear()
            self.table.clear_lines()
            return True
        return False
