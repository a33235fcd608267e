"""Screen 0, Story: for an audience: who says what to whom, what we see now, the next step.

Rule: few words, large; all of it is told by the journal, the stations and the world's stages, so
that whoever is attached sees what the presenter does.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Digits, Static

from simulator.kernel.clock import Clock
from simulator.tui import odd, plainly, presenter
from simulator.tui.bill import Bill, bill
from simulator.tui.keys import bindings
from simulator.tui.paint import TONES, Part
from simulator.tui.plainly import Plainly, Said
from simulator.tui.presenter import Presenter
from simulator.tui.screens.view import View
from simulator.tui.store import Changes, Store
from simulator.tui.widgets.lanes import Lanes

# What may be said at once; more than that nobody reads.
_MOST = 40
# How long a caption stands before the next, in real seconds, where nobody presses a key.
_READ_S = 3.0
# Lines: of the meters, and of all below with its border; on a screen of so many one more.
_METER_LINES, _LEAST, _TALL = 4, 7, 32
_STATES = {
    "begun": "arriving", "plugged": "plugged in", "refused": "not allowed to charge",
    "completed": "charged", "ended": "charged", "invalid": "void",
}  # fmt: skip


class Meter(Vertical):
    """A number in large digits, with its unit."""

    DEFAULT_CSS = """
    Meter { height: 4; width: 1fr; }
    Meter Static { height: 1; color: $text-muted; }
    Meter Digits { height: 3; width: auto; color: $text; text-style: bold; }
    """

    def __init__(self, ident: str, unit: str) -> None:
        super().__init__(id=ident)
        self._unit = unit

    def compose(self) -> ComposeResult:
        """The unit, and the number."""
        yield Static(self._unit, markup=False)
        yield Digits("")

    def show(self, number: str, unit: str) -> None:
        """Show a number."""
        digits = self.query_one(Digits)
        if digits.value != number:
            digits.update(number)
        if unit != self._unit:
            self._unit = unit
            self.query_one(Static).update(unit)


class StoryScreen(View):
    """For an audience: who says what, and the next step."""

    CSS = """
    StoryScreen #below { height: 8; border-top: solid $accent; background: $panel; }
    StoryScreen #told { width: 1fr; padding: 0 2; }
    StoryScreen #caption { height: 1fr; content-align: left middle; text-style: bold; }
    StoryScreen #next { height: 2; }
    StoryScreen #session { width: 46; padding: 0 2; }
    StoryScreen.-narrow #session { width: 34; padding: 0 1; }
    StoryScreen #meters { height: 4; }
    StoryScreen #state { height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("story")]
    PANES: ClassVar[dict[str, str]] = {"lanes": "Story"}
    HELP = (
        "For people who know neither protocol: who says what to whom, in plain words, with the "
        "protocol's name of it small in the arrow; below it what we see now, what F10 will do, and "
        "the session's energy, price and what became of its bill. F10 plays the next piece of the "
        "story (scenarios/demo/partners, or the file of --story) in this world; F5 plays all that "
        "is left; while cars charge the clock runs faster, so that nobody waits. Whoever is "
        "attached to the same world sees the same, also with --read-only."
    )

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self._plainly = Plainly()
        self._told: dict[tuple[str, int], None] = {}  # lately
        self._heard = 0  # the newest event that was told
        self._drawn: dict[str, Content] = {}
        self._looking = False
        self._story = ""  # the stage that is told
        self.presenter = Presenter(store.engine, self._clock)

    def panes(self) -> Iterable[Widget]:
        """Lanes above; words and numbers below."""
        yield Lanes("lanes", moves=self.lab.animation_level != "none")
        yield Horizontal(
            Vertical(
                Static("", id="caption", markup=False), Static("", id="next", markup=False),
                id="told",
            ),
            Vertical(
                Horizontal(Meter("energy", "kWh"), Meter("price", "EUR"), id="meters"),
                Static("", id="state", markup=False),
                id="session",
            ),
            id="below",
        )  # fmt: skip

    def on_mount(self) -> None:
        """Begin at the lanes."""
        self.presenter.story = self.lab.story
        super().on_mount()
        self.lanes.focus()

    def _clock(self) -> str:
        """The world's clock, as it was told last."""
        return str(self.store.figures.get("clock") or self.store.engine.facts.clock)

    @property
    def lanes(self) -> Lanes:
        """Who says what."""
        return self.query_one("#lanes", Lanes)

    # Showing

    def show_all(self) -> None:
        """Show it anew: of what was before, the newest."""
        if not self.ready:
            return
        self._plainly.emps = frozenset(self.store.engine.known("emp"))
        ring = self.store.exchanges
        self._say(range(max(ring.first, ring.last - _MOST), ring.last + 1))
        self.show_seconds()

    def show_changes(self, changes: Changes) -> None:
        """What was said, and how the session stands."""
        self._begins()
        self._say(sorted(changes.exchanges)[-_MOST:])
        self._show_words()
        self._show_session()

    def show_seconds(self) -> None:
        """Look at the story, and at the meter."""
        if not (self._looking or self.presenter.busy):
            self._looking = True
            self.beside(self._look())
        self._show_words()
        self._show_session()

    async def _look(self) -> None:
        try:
            await self.presenter.look()
        finally:
            self._looking = False
        self._show_words()

    def _begins(self) -> None:
        """A story that is begun here: what was before it is not of it."""
        stage = self.presenter.stage
        if stage is not None and stage["id"] != self._story:
            self._story = stage["id"]
            if self.presenter.busy:
                self.lanes.clear()

    def _say(self, numbers: Iterable[int]) -> None:
        """Hand what was said to the lanes, each once, in its order."""
        told: list[Said] = []
        for number in numbers:
            ex = self.store.exchanges.get(number)
            if ex is not None and self._concerns(ex.session):
                with contextlib.suppress(*odd.ODD):  # screen 2 says that it cannot be shown
                    told += self._plainly.exchange(ex)
        for record in reversed(self.store.events):
            if record["seq"] <= self._heard or len(told) > 2 * _MOST:
                break
            happened = plainly.event(record)
            if happened is not None and self._concerns(record["session"]):
                told.append(happened)
        if self.store.events:
            self._heard = self.store.events[-1]["seq"]
        fresh = sorted((one for one in told if one.key not in self._told), key=lambda one: one.seq)
        self._told.update(dict.fromkeys(one.key for one in fresh))
        for key in list(self._told)[: -20 * _MOST]:
            del self._told[key]
        self.lanes.say(fresh[-_MOST:])

    def _concerns(self, session: str | None) -> bool:
        """False for what belongs to a session at another station than the one that is played."""
        focus = self._station()
        visit = self.store.visits.all.get(session or "")
        return focus is None or visit is None or visit.station in ("", focus)

    def _station(self) -> str | None:
        """The station that a step named last."""
        for record in reversed(self.store.steps):
            if (named := record["arguments"].get("station")) is not None:
                return str(named)
        return None

    # Words and numbers

    def _show_words(self) -> None:
        self._put("caption", self._caption)
        self._put("next", self._coming)

    def _coming(self) -> Content:
        """How far the story is, and what F10 will do."""
        stage = self.presenter.stage
        parts: list[Part] = []
        if stage is not None:
            parts += [(f"{presenter.progress(stage)}  ", TONES["accent"]),
                      (f"{stage['name']}\n", TONES["quiet"])]  # fmt: skip
        return Content.assemble(*parts, *self._next())

    def _put(self, name: str, make: Callable[[], Content]) -> None:
        """Draw what has changed, no more: each of these places has its size."""
        content, before = odd.content(make), self._drawn.get(name)
        if before is None or (content.plain, content.spans) != (before.plain, before.spans):
            self._drawn[name] = content
            self.query_one(f"#{name}", Static).update(content, layout=False)
            self._fit()

    def on_resize(self) -> None:
        """Other widths, other lines."""
        self.call_after_refresh(self._fit)

    def _fit(self) -> None:
        """Give the words as many lines as they need, up to half of the screen; the lanes the
        rest.
        """
        lines = {name: self._lines(name) for name in ("caption", "next", "state")}
        need = 1 + max(lines["caption"] + lines["next"], _METER_LINES + lines["state"])
        least = _LEAST if self.size.height < _TALL else _LEAST + 1
        self.query_one("#next").styles.height = lines["next"]
        self.query_one("#below").styles.height = max(least, min(need, self.size.height // 2))

    def _lines(self, name: str) -> int:
        """What a place needs for what it says now."""
        width = self.query_one(f"#{name}").content_size.width
        said = self._drawn.get(name)
        return 2 if said is None or width < 1 else max(2, said.get_height({}, width))

    def _caption(self) -> Content:
        stage = self.presenter.stage
        over = presenter.ended(stage) if stage is not None else None
        notes = (r["arguments"] for r in reversed(self.store.steps) if r["step"] == "note")
        note = next((told for told in notes if "about" not in told), None)  # no remark of traffic
        begun = "" if self.store.visits.all else "Nobody has come yet."
        words = str(note["text"]) if note is not None else begun
        if over is None:
            return Content(words)
        good = over[1] == "good"
        return Content.assemble(*([words, " "] if good else []), (over[0], TONES[over[1]]))

    def _next(self) -> list[Part]:
        """What F10 will do."""
        told, facts = self.presenter, self.store.engine.facts
        key, stage = ("" if facts.read_only else "F10 ", "bold $text-accent"), told.stage
        if told.busy or (stage is not None and stage["running"]):
            return [("… ", "bold $text-accent"), "it happens"]
        beat = presenter.coming(stage) if stage is not None else None
        if beat is not None:
            return [key, ("next: ", TONES["quiet"]), beat.deeds]
        if facts.kind == "recorded" or facts.read_only:
            over = facts.kind == "recorded"
            return [("it has happened" if over else "the presenter begins", TONES["quiet"])]
        return [key, "begins" if stage is None else "begins again", (f" {_called(told.story)}", "")]

    def _show_session(self) -> None:
        told = bill(self.store, self._station())
        energy, price = self.query_one("#energy", Meter), self.query_one("#price", Meter)
        energy.show(told.kwh, "kWh")
        price.show(told.cost, f"{told.currency} net" if told.cost else "price")
        self._put("state", lambda: _state(told))
        self.lanes.name_lanes(("", told.station, "", "", ""))

    # Doing

    def action_next(self) -> None:
        """The next piece of the story."""
        self._present(all_of_it=False)

    def action_rest(self) -> None:
        """All that is left of it."""
        self._present(all_of_it=True)

    def _present(self, *, all_of_it: bool) -> None:
        lab = self.lab
        if lab.engine.facts.read_only or not lab.started:
            why = "this view is read-only" if lab.started else "the world is still starting"
            lab.say(why, "warning")
        elif not self.presenter.busy:
            lab.beside(self._go_on(all_of_it=all_of_it))

    async def _go_on(self, *, all_of_it: bool) -> None:
        told = self.presenter
        try:
            await told.go_on()
            while all_of_it and told.stage is not None and presenter.coming(told.stage):
                self._show_words()
                await Clock("real").sleep(_READ_S)
                await told.go_on()
        finally:
            if self.is_attached:
                self._show_words()


def _state(told: Bill) -> Content:
    """What became of it, in a word or two."""
    parts: list[Part] = [(_STATES.get(told.state, told.state), "bold")]
    if told.cdr == "accepted":
        parts += ["  ", ("✓ bill accepted", f"bold {TONES['good']}")]
    elif told.cdr == "refused":
        parts += [
            "  ",
            ("✗ bill refused", f"bold {TONES['bad']}"),
            f"\n{told.problem.removeprefix('refused: ')}",
        ]
    elif told.cdr:
        parts += ["  ", ("bill on its way", TONES["warn"])]
    return Content.assemble(*parts)


def _called(story: str) -> str:
    """A story as an audience reads it, without the long path of its file."""
    path = Path(story)
    return path.stem if path.is_absolute() else story
