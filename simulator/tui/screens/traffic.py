"""Screen 2, Traffic: both wires in one list, and all about one exchange.

Rule: what is shown is numbers of the store's ring; an exchange becomes words when it is seen.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Container, Iterable, Sequence
from typing import ClassVar

import msgspec
from textual import on
from textual.binding import BindingType
from textual.containers import Container as Box
from textual.widget import Widget

from simulator.mistakes import Mistake
from simulator.scenario.filter_names import unpicked
from simulator.scenario.steps import STEPS
from simulator.tui import details, resending
from simulator.tui.exchange import Exchange
from simulator.tui.keys import bindings
from simulator.tui.rows import OfExchange
from simulator.tui.screens.hold_view import HoldView, marks
from simulator.tui.screens.traffic_rows import FULL, traffic_cells
from simulator.tui.store import Changes, Store
from simulator.tui.widgets.bars import InterceptBar
from simulator.tui.widgets.detail import Detail
from simulator.tui.widgets.virtual_table import Cell, VirtualTable


class TrafficScreen(HoldView):
    """Exchanges, and one of them."""

    CSS = """
    TrafficScreen #body { layout: horizontal; }
    TrafficScreen #traffic { width: 3fr; height: 1fr; }
    TrafficScreen #exchange { width: 2fr; border-left: solid $foreground 20%; }
    TrafficScreen.-narrow #body { layout: vertical; }
    TrafficScreen.-narrow #traffic { width: 1fr; height: 1fr; }
    TrafficScreen.-narrow #exchange { width: 1fr; height: 1fr; border-left: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("traffic")]
    PANES: ClassVar[dict[str, str]] = {"traffic": "Traffic", "exchange": "Exchange"}
    MAIN = "traffic"
    HELP = (
        "Every call and its answer, on OCPP and OCPI, with steps, faults that struck and findings "
        "between them. ✗ counts rules and schema errors; the pane beside shows them at their "
        "places in the JSON. n goes to the next failure, c shows all of a session, l its ladder. i "
        "says what shall be HELD on its way; e changes such a message, a lets it go on."
    )

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self._shown: list[int] = []
        self._next = 1  # the first number that was not judged yet
        self._marks: Container[str] = ()  # what is held

    def panes(self) -> Iterable[Widget]:
        """The list, and one of it."""
        yield Box(
            VirtualTable("traffic", FULL, self._cells, rising=True, follow=True),
            Detail("exchange"),
            id="body",
        )
        yield InterceptBar()

    def _cells(self, number: int) -> Sequence[Cell | str]:
        return traffic_cells(self.store.exchanges.get(number), FULL, self._marks)

    # What is shown

    def remark(self, text: str) -> str:
        """A word that is part of no name there is picks nothing, yet somebody's own may come."""
        return unpicked(text) or ""

    def show_all(self) -> None:
        """Judge everything anew."""
        if not self.ready:
            return
        self._shown, self._next = [], 1
        self._take_new(self.main.keys)
        self._show_one()

    def show_changes(self, changes: Changes) -> None:
        """What came, at the end; what is known better, in its place."""
        if not changes.exchanges:
            return
        if self.filter_text:
            self._judge_again([n for n in changes.exchanges if n < self._next])
        self._take_new(changes.exchanges)
        if not self.main.follow and self.main.cursor_key in changes.exchanges:
            self._show_one()

    def _judge_again(self, numbers: Iterable[int]) -> None:
        """An answer may make a filter pick, or no more pick, what it judged before."""
        for number in numbers:
            place = bisect_left(self._shown, number)
            there = place < len(self._shown) and self._shown[place] == number
            fits = self._fits(self.store.exchanges.get(number))
            if fits and not there:
                self._shown.insert(place, number)
            elif there and not fits:
                del self._shown[place]

    def _fits(self, ex: Exchange | None) -> bool:
        return ex is not None and self.fits(OfExchange(ex, self.main.marks))

    def _take_new(self, changed: Collection[int]) -> None:
        ring = self.store.exchanges
        if self.filter_text:
            fresh = ring.after(self._next - 1)
            self._shown += [ex.number for ex in fresh if self._fits(ex)]
        else:
            self._shown += range(max(self._next, ring.first), ring.last + 1)
        self._next = ring.last + 1
        gone = bisect_left(self._shown, ring.first)
        if gone:
            del self._shown[:gone]
        self.head(f"Traffic {len(self._shown)}" + (f" of {len(ring)}" if self.filter_text else ""))
        self.main.set_rows(self._shown, changed)

    def _show_one(self) -> None:
        ex = self.current
        if ex is not None:
            self.query_one("#exchange", Detail).show(ex.number, lambda: details.exchange(ex))

    @property
    def current(self) -> Exchange | None:
        """The exchange at the cursor."""
        number = self.main.cursor_key
        return None if number is None else self.store.exchanges.get(number)

    @on(VirtualTable.Moved, "#traffic")
    def _moved(self) -> None:
        if not self.main.follow:  # while it runs by, once a second is enough
            self._show_one()

    def show_seconds(self) -> None:
        """What runs by, where the newest is followed."""
        if self.main.follow:
            self._show_one()
        self.show_held()

    def show_held(self) -> None:
        """Mark what is held."""
        now = marks(self.store.holding["held"])
        if now != self._marks:
            self._marks = now
            self.main.clear_lines()

    def go_back(self) -> bool:
        """Leave what was opened last."""
        return self.close_intercept() or super().go_back()

    @on(VirtualTable.Opened, "#traffic")
    def _opened(self) -> None:
        pane = self.query_one("#exchange", Detail)
        pane.focus()
        self.maximize(pane)

    # What is done

    def picked(self) -> list[Exchange]:
        """The marked exchanges, else all that are shown."""
        numbers = sorted(self.main.marks) or self._shown
        return [ex for number in numbers if (ex := self.store.exchanges.get(number)) is not None]

    def stations_of(self, key: int) -> Iterable[str]:
        """Who speaks, and of other lines the step's station."""
        ex = self.store.exchanges.get(key)
        if ex is None:
            return ()
        about = (ex.record.get("arguments") or {}).get("station")
        return (ex.sender, ex.receiver, *((about,) if isinstance(about, str) else ()))

    def action_correlate(self) -> None:
        """All that belongs to the same session."""
        session = self._session()
        if session is not None:
            key = self.main.cursor_key
            self.set_filter(f"~sess {session}")
            self.main.go_to(key)

    def action_ladder(self) -> None:
        """Its session's ladder."""
        session = self._session()
        if session is not None:
            self.lab.show_view("sessions", key=session)

    def _session(self) -> str | None:
        ex = self.current
        if ex is None or ex.session is None:
            self.lab.say("this belongs to no session", "warning")
            return None
        return ex.session

    def action_copy(self) -> None:
        """Its request to the clipboard."""
        ex = self.current
        if ex is not None:
            told = msgspec.json.format(msgspec.json.encode(ex.request)).decode()
            self.lab.copy_to_clipboard(told)
            self.lab.say(f"{ex.name}: the request was copied")

    def action_comment(self) -> None:
        """Say something about this exchange."""
        ex = self.current
        if ex is not None:
            self.lab.actor.do("note", {"about": ex.record["seq"]})

    def action_resend(self) -> None:
        """Send it once more."""
        ex = self.current
        if ex is None:
            return
        try:
            step, arguments = resending.again(ex)
        except Mistake as error:
            self.lab.say(str(error), "error")
        else:
            self.lab.actor.perform(STEPS[step], arguments)

    def action_failure(self, by: str) -> None:
        """The next failure in this direction."""
        here = self.main.cursor_key or 0
        failed = [n for n in self._shown if (ex := self.store.exchanges.get(n)) and ex.failed]
        if not failed:
            self.lab.say("nothing has failed here")
        elif by == "1":  # round the end to the first
            self.main.go_to(next((n for n in failed if n > here), failed[0]))
        else:
            self.main.go_to(next((n for n in failed[::-1] if n < here), failed[-1]))
