"""The interface: screens over one store, and every action a step.

Rule: it shares its loop with the world. It looks some times a second, draws what changed, and does
nothing for each frame; frozen, or under another page, it draws nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

from textual.app import App, ScreenStackError
from textual.binding import BindingType
from textual.theme import Theme
from textual.widget import Widget

from simulator.kernel.clock import stopwatch
from simulator.mistakes import Exit, Mistake
from simulator.scenario.step import Step
from simulator.scenario.steps import STEPS
from simulator.tui import doing, export, helping
from simulator.tui.config import Config
from simulator.tui.engine import Engine
from simulator.tui.keys import bindings, rows
from simulator.tui.paint import Part
from simulator.tui.screens.fleet import FleetScreen
from simulator.tui.screens.sessions import SessionsScreen
from simulator.tui.screens.traffic import TrafficScreen
from simulator.tui.screens.view import View
from simulator.tui.store import Changes, Store
from simulator.tui.widgets.bars import Bar
from simulator.tui.widgets.form import Form
from simulator.tui.widgets.jump import Jump
from simulator.tui.widgets.palette import Choice, Palette, Sheet

VIEWS: Mapping[str, type[View]] = {
    "fleet": FleetScreen, "traffic": TrafficScreen, "sessions": SessionsScreen,
}  # fmt: skip
READ_S, DRAW_S, SECOND_S = 0.1, 0.2, 1.0
Severity = Literal["information", "warning", "error"]
_DARK = Theme(
    "roamlab-dark", primary="#4C8DFF", secondary="#7AA2C8", accent="#F2A93B", success="#5BC98C",
    warning="#E8B04B", error="#FF6B6B", foreground="#D8DEE6", background="#0F141A",
    surface="#141A21", panel="#1C242D", dark=True,
)  # fmt: skip
_LIGHT = Theme(
    "roamlab-light", primary="#1F5FD0", secondary="#456B8C", accent="#A65A00", success="#1A7F45",
    warning="#8A5A00", error="#C22B2B", foreground="#1C2733", background="#FFFFFF",
    surface="#FAFBFC", panel="#E9EEF3", dark=False,
)  # fmt: skip


class RoamlabApp(App[int]):
    """The whole interface over one engine; `folder` is where exports go."""

    TITLE = "roamlab"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("app")]

    def __init__(
        self, engine: Engine, config: Config | None = None, *, folder: Path | None = None
    ) -> None:
        super().__init__()
        self.engine, self.store = engine, Store(engine)
        self.config = config or Config()
        self.folder = folder or Path.cwd()
        self.frozen = False
        self.failure: Exception | None = None  # why the world did not start
        self.started = False
        self._changes = Changes()
        self._looking = False
        self._before: str | None = None
        self._token = ""
        self._elapsed = stopwatch()
        for name, kind in VIEWS.items():
            self.add_mode(name, _maker(kind, self.store))

    async def on_mount(self) -> None:
        """First something to see, then the world."""
        for theme in (_DARK, _LIGHT):
            self.register_theme(theme)
        self.theme = f"roamlab-{self.config.theme}"
        self.set_keymap(dict(self.config.keys))
        await self.switch_mode("fleet")
        self.run_worker(self._start(), exit_on_error=False)
        self.set_interval(READ_S, self._read)
        self.set_interval(DRAW_S, self._draw)
        self.set_interval(SECOND_S, self._second)

    async def _start(self) -> None:
        try:
            await self.engine.start()
        except Exception as error:
            self.failure = error
            self.exit(Exit.INTERNAL)
            return
        self.started = True
        await self._look()
        if self.view is not None:
            self.view.show_all()

    # Looking

    @property
    def view(self) -> View | None:
        """The screen that is shown; None while a page stands over it."""
        try:
            screen = self.screen
        except ScreenStackError:  # it is about to end
            return None
        return screen if isinstance(screen, View) and screen.ready else None

    def _read(self) -> None:
        found = self.store.read()
        if found:
            self._changes.visits |= found.visits
            self._changes.exchanges |= found.exchanges

    def _draw(self) -> None:
        if self.frozen or self.view is None or not self._changes:
            return
        changes, self._changes = self._changes, Changes()
        self.view.show_changes(changes)

    async def _second(self) -> None:
        self.store.tick(self._elapsed())
        if self.started and not self._looking:
            self.run_worker(self._look(), exit_on_error=False)
        if self.view is not None and not self.frozen:
            self.view.show_seconds()
        self.show_status()

    async def _look(self) -> None:
        self._looking = True
        try:
            self._changes.stations |= await self.store.look()
        finally:
            self._looking = False

    def show_status(self) -> None:
        """The line above."""
        if self.view is not None:
            self.view.query_one("#status", Bar).show(self._status())

    def _status(self) -> list[Part]:
        facts, store = self.engine.facts, self.store
        if not self.started:
            return [("roamlab", "strong"), "starting the world …"]
        parts: list[Part] = [(f"{facts.kind}", "accent"), (facts.world, "strong")]
        if self.frozen:
            parts.append(("FROZEN", "warn"))
        if self.engine.trouble:
            parts.append((self.engine.trouble, "bad"))
        if facts.read_only:
            parts.append(("read-only", "warn"))
        if faults := len(self.engine.faults()):
            parts.append((f"faults:{faults}", "warn"))
        if marks := len(self.view.main.marks) if self.view else 0:
            parts.append((f"marked:{marks}", "accent"))
        parts += [store.at[11:19] or "--:--:--", f"clock {facts.clock}", f"seed {facts.seed}",
                  f"{store.rate:.0f} msg/s"]  # fmt: skip
        parts.append((f"{store.failures} err", "bad" if store.failures else "quiet"))
        return parts

    def say(self, words: str, severity: Severity = "information") -> None:
        """A few words that go away by themselves."""
        self.notify(words, severity=severity, markup=False, timeout=8 if severity == "error" else 4)

    # Going

    def show_view(self, name: str, *, filter_text: str | None = None, key: object = None) -> None:
        """Go to a screen; there to a filter, to a row."""
        self.action_view(name)

        def there() -> None:
            if self.view is None:
                return
            if filter_text is not None:
                self.view.set_filter(filter_text)
            if key is not None and not self.view.main.go_to(key):
                self.view.set_filter("")
                self.view.main.go_to(key)
            self.view.main.focus()

        self.call_after_refresh(there)

    def action_view(self, name: str) -> None:
        """Go to a screen."""
        if name != self.current_mode:
            self._before = self.current_mode
            self.switch_mode(name)

    def action_last(self) -> None:
        """The screen before this one."""
        if self._before is not None:
            self.action_view(self._before)

    async def action_back(self) -> None:
        """Leave what was opened last, on the screen or as a screen."""
        if self.view is not None and not self.view.go_back():
            self.action_last()

    def action_filter(self) -> None:
        """Let somebody type a filter."""
        if self.view is not None:
            self.view.ask_filter()

    def action_jump(self) -> None:
        """Letters on the panes."""
        view = self.view
        if view is None:
            return
        found = {name: view.query_one(f"#{pane}") for pane, name in view.PANES.items()}
        shown = {name: pane for name, pane in found.items() if pane.region}

        def jump(pane: Widget | None) -> None:
            if pane is not None:
                pane.focus()

        self.push_screen(Jump(shown), jump)

    def action_wide(self) -> None:
        """The focused pane alone, or all again."""
        view = self.view
        if view is None or view.focused is None:
            return
        if view.maximized is not None:
            view.minimize()
        else:
            view.maximize(view.focused)

    def action_freeze(self) -> None:
        """Let the view stand still, or go on; the world goes on anyway."""
        self.frozen = not self.frozen
        if not self.frozen and self.view is not None:
            self.view.show_all()
        self.show_status()

    def action_theme(self) -> None:
        """Dark or light."""
        self.theme = "roamlab-light" if self.theme == "roamlab-dark" else "roamlab-dark"

    def action_help(self) -> None:
        """What this is, and its keys."""
        if self.view is not None:
            place = str(self.current_mode)
            title = place.capitalize()
            content = helping.page(title, self.view.HELP, place, self.config.keys)
            self.push_screen(Sheet(f"help: {title}", content))

    async def action_quit(self) -> None:
        """End."""
        self.exit(Exit.PASS)

    def action_interrupt(self) -> None:
        """End, as Ctrl-C ends every command."""
        self.exit(Exit.INTERRUPTED)

    # Doing

    def action_palette(self) -> None:
        """Every command."""
        own = [
            Choice(f"key:{row.action}", row.label, row.what, "interface")
            for row in rows("app")
            if row.name not in ("palette", "interrupt", "back")
        ]
        self.push_screen(Palette("commands", doing.choices(own)), self._chosen)

    async def _chosen(self, chosen: str | None) -> None:
        kind, _, name = (chosen or "").partition(":")
        if kind == "key":
            await self.run_action(name)
        elif kind == "step":
            self.do(name)

    def do(self, name: str) -> None:
        """A step on what is meant; what it needs to know is asked."""
        step = STEPS[name]
        targets = self.view.targets() if self.view is not None else ()
        if self.engine.facts.read_only or not self.started:
            why = "this view is read-only" if self.started else "the world is still starting"
            self.say(why, "warning")
            return
        if not doing.asks(step) and (targets or not doing.has(step, "station")):
            self.perform(step, {}, targets)
            return
        token = self._token or next(iter(self.engine.known("token")), "")
        form = Form(step, doing.beginning(step, targets, token), self.engine.known)

        def send(given: dict[str, Any] | None) -> None:
            if given is not None:
                self._token = str(given.get("token", self._token))
                self.perform(step, given, targets)

        self.push_screen(form, send)

    def perform(self, step: Step, given: Mapping[str, Any], targets: Sequence[str]) -> None:
        """Perform a step for each station that is meant, all at once, and say what came of it."""
        calls = list(doing.spread(step, given, targets, self.store.stations))
        if step.name == "clear_faults" or calls:
            self.run_worker(self._perform(step, calls), exit_on_error=False)

    async def _perform(self, step: Step, calls: Sequence[Mapping[str, Any]]) -> None:
        results = await asyncio.gather(
            *(self.engine.perform(step.name, call) for call in calls), return_exceptions=True
        )
        failed = [result for result in results if isinstance(result, BaseException)]
        if failed:
            words = str(failed[0]).removeprefix(f"{step.name}: ")
            if not isinstance(failed[0], Mistake):  # ours, not the user's: it must not be lost
                words = f"internal error: {type(failed[0]).__name__}: {words}"
            self.say(f"{step.name}: {words}" + _more(len(failed) - 1), "error")
        done = len(results) - len(failed)
        if done:
            self.say(
                _told(step, calls, results) if len(calls) == 1 else f"{step.name}: {done} done"
            )

    # Taking along

    def action_export(self) -> None:
        """What can be saved, to choose from."""
        wanted = [Choice("scenario", "scenario", f"the {len(self.store.steps)} steps done so far")]
        if isinstance(self.view, TrafficScreen):
            picked = len(self.view.picked())
            wanted += [
                Choice("ndjson", "NDJSON", f"{picked} exchanges, as a journal file"),
                Choice("curl", "curl", "this OCPI request, to the clipboard and a file"),
            ]
        self.push_screen(Palette("save", wanted), self._save)

    def _save(self, what: str | None) -> None:
        if what is None:
            return
        try:
            stem, suffix, text = self._exported(what)
            path = export.save(self.folder, stem, suffix, text)
        except Mistake as error:
            self.say(str(error), "error")
        else:
            self.say(f"saved {path}")

    def _exported(self, what: str) -> tuple[str, str, str]:
        facts = self.engine.facts
        if what == "scenario":
            return f"by-hand-{facts.world}", "yaml", export.scenario(self.store.steps, facts)
        assert isinstance(self.view, TrafficScreen)
        if what == "ndjson":
            return f"traffic-{facts.world}", "ndjson", export.ndjson(self.view.picked(), facts)
        ex = self.view.current
        if ex is None:
            raise Mistake("nothing is at the cursor")
        text = export.curl(ex)
        self.copy_to_clipboard(text)
        return "request", "sh", text


def _maker(kind: type[View], store: Store) -> Callable[[], View]:
    return lambda: kind(store)


def _more(number: int) -> str:
    return f" (and {number} more)" if number else ""


def _told(step: Step, calls: Sequence[Mapping[str, Any]], results: Sequence[Any]) -> str:
    """A step that was done, in words."""
    where = calls[0].get("station") or ""
    evse = f" EVSE {calls[0]['evse']}" if "evse" in calls[0] else ""
    result = results[0]
    came = "" if result is None or isinstance(result, dict | list) else f": {result}"
    if result is False:
        came = ": refused"
    elif result is True:
        came = ": accepted"
    return f"{step.name} {where}{evse}{came}".replace("  ", " ")
