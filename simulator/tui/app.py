"""The interface: screens over one store, and every action a step.

Rule: it shares its loop with the world. It looks some times a second, draws what changed, and does
nothing for each frame; frozen, or under another page, it draws nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Literal

from textual.actions import ActionParseResult
from textual.binding import BindingType
from textual.dom import DOMNode
from textual.filter import LineFilter
from textual.widget import Widget

from simulator.kernel.clock import stopwatch
from simulator.mistakes import Exit, in_words
from simulator.tui import doing, helping, questions, saving, status
from simulator.tui.acting import Actor
from simulator.tui.config import Config
from simulator.tui.engine import Engine
from simulator.tui.guard import GuardedApp
from simulator.tui.harmless import HARMLESS
from simulator.tui.keys import bindings, looks, rows
from simulator.tui.presenter import DEFAULT
from simulator.tui.screens.view import View
from simulator.tui.store import Changes, Store
from simulator.tui.themes import DARK, LIGHT
from simulator.tui.views import VIEWS
from simulator.tui.widgets.bars import Bar, FilterLine
from simulator.tui.widgets.jump import Jump
from simulator.tui.widgets.palette import Choice, Palette, Sheet
from simulator.tui.worlds import Worlds

READ_S, DRAW_S, SECOND_S = 0.05, 0.25, 1.0
Severity = Literal["information", "warning", "error"]


class RoamlabApp(GuardedApp):
    """The whole interface over one engine; `folder` is where exports go, `story` the scenario file
    that screen 0 presents, with which it then begins.
    """

    TITLE = "roamlab"
    ENABLE_COMMAND_PALETTE = False
    # Words that go away by themselves: not over the feet of screens, forms and pages.
    CSS = """
    ToastRack { dock: top; align: right top; margin: 2 0 0 0; }
    Toast { width: auto; max-width: 60; padding: 0 1; margin: 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("app")]

    def __init__(
        self,
        engine: Engine,
        config: Config | None = None,
        *,
        folder: Path | None = None,
        story: str | None = None,
    ) -> None:
        super().__init__()
        self.engine, self.store = engine, Store(engine)
        self.config = config or Config()
        self.folder = folder or Path.cwd()
        self.story, self._first = story or DEFAULT, "fleet" if story is None else "story"
        self.frozen = False
        self.failure: Exception | None = None  # why the world did not start
        self.trouble = ""  # what keeps it from looking
        self._changes = Changes()
        self._looking = False
        self._before: str | None = None
        self.actor = Actor(self)
        self._elapsed = stopwatch()
        self.worlds = Worlds(self)
        for name in VIEWS:
            self.add_mode(name, self.maker(name))

    def maker(self, name: str) -> Callable[[], View]:
        """What makes a screen, for the world that is shown by then."""
        return lambda: VIEWS[name](self.store)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Also keep what a wire or a file tells from being a command to the terminal."""
        return [*super().get_line_filters(), HARMLESS]

    def show_store(self, store: Store) -> None:
        """Let another world be the one that is shown."""
        self.engine, self.store = store.engine, store
        self._changes, self._before = Changes(), None

    async def on_mount(self) -> None:
        """First something to see, then the world."""
        for theme in (DARK, LIGHT):
            self.register_theme(theme)
        self.theme = f"roamlab-{self.config.theme}"
        self.set_keymap(dict(self.config.keys))
        await self.switch_mode(self._first)
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
        self.show_status()
        if self.view is not None:
            self.view.show_all()

    async def on_unmount(self) -> None:
        """Leave no process behind."""
        await self.worlds.close()

    # Looking

    @property
    def view(self) -> View | None:
        """The screen that is shown; None while a page stands over it."""
        under = self.under
        return under if under is not None and under.is_active else None

    @property
    def under(self) -> View | None:
        """The screen that is shown, perhaps under a page."""
        if not self.is_running:  # its panes go already
            return None
        views = (one for one in self.screen_stack[::-1] if isinstance(one, View) and one.ready)
        return next(views, None)

    def _read(self) -> None:
        self.worlds.read()
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
        self.show_status()
        if self.view is not None and not self.frozen:
            self.view.show_seconds()

    async def _look(self) -> None:
        self._looking = True
        try:
            self._changes.stations |= await self.store.look()
            self.trouble = ""
        except Exception as error:
            self.trouble = in_words(error)
        finally:
            self._looking = False

    def show_status(self) -> None:
        """The line above, which goes on over a form as well."""
        if self.under is not None:
            for bar in self.under.query("#status").results(Bar):  # none while it all ends
                bar.show(status.parts(self))

    def say(self, words: str, severity: Severity = "information") -> None:
        """A few words that go away by themselves."""
        self.notify(words, severity=severity, markup=False, timeout=8 if severity == "error" else 4)

    def beside(self, work: Awaitable[object]) -> None:
        """Do something while all else goes on."""
        self.run_worker(self.doing(work), exit_on_error=False)

    async def doing(self, work: Awaitable[object]) -> None:
        """Do something; what goes wrong with it is said."""
        try:
            await work
        except Exception as error:
            self.say(in_words(error), "error")

    async def run_action(
        self,
        action: str | ActionParseResult,
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """Do what a key means. Where that goes wrong it is said: the world goes on."""
        try:
            return await super().run_action(action, default_namespace, namespaces)
        except Exception as error:
            self.say(in_words(error), "error")
            return True

    # Going

    def show_view(self, name: str, *, filter_text: str | None = None, key: object = None) -> None:
        """Go to a screen; there to a filter, to a row."""
        self.action_view(name)

        def there() -> None:
            if self.view is None:
                return
            if filter_text is not None:
                self.view.set_filter(filter_text)
            table = self.view.table
            if table is None:
                return
            if key is not None and not table.go_to(key):
                self.view.set_filter("")
                table.go_to(key)
            table.focus()

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
        if self.view is not None and self.view.table is not None:
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
            content = helping.page(title, self.view.HELP, place, self.config.keys, self.view.pane,
                                   typing=isinstance(self.focused, FilterLine))  # fmt: skip
            keys = [question.key for question in questions.QUESTIONS]
            self.push_screen(Sheet(f"help: {title}", content, keys), self._asked)

    def _asked(self, key: str | None) -> None:
        if key is not None:
            questions.answer(self, questions.of(key))

    async def action_quit(self) -> None:
        """End."""
        self.exit(Exit.PASS)

    def action_interrupt(self) -> None:
        """End, as Ctrl-C ends every command."""
        self.exit(Exit.INTERRUPTED)

    # Doing

    def action_palette(self) -> None:
        """Every command; where one may only look, those that look."""
        read_only = self.engine.facts.read_only
        own = [
            Choice(f"key:{row.action}", row.label, row.what, "interface")
            for row in rows("app")
            if row.name not in ("palette", "interrupt", "back")
            and not (read_only and not looks(row.action))
        ]
        offered = own if read_only else doing.choices(own)
        meant = self.view.meant() if self.view is not None and not read_only else {}
        self.push_screen(Palette("commands", offered, meant), self._chosen)

    async def _chosen(self, chosen: str | None) -> None:
        kind, _, name = (chosen or "").partition(":")
        if kind == "key":
            await self.run_action(name)
        elif kind == "step":
            step, _, target = name.partition(" ")
            self.actor.do(step, target=target)

    def do(self, name: str) -> None:
        """A step on what is meant; what it needs to know is asked."""
        self.actor.do(name)

    def action_speed(self, way: str) -> None:
        """The world's clock, faster or slower."""
        self.actor.speed(int(way))

    def action_pause(self) -> None:
        """The world's time stands still, or goes on."""
        self.actor.pause()

    def action_record(self) -> None:
        """The journal goes into a file of its own, or does not any more."""
        self.actor.record()

    def action_screenshot(self, filename: str | None = None, path: str | None = None) -> None:
        """The screen as a picture, beside the other exports."""
        saving.screenshot(self)

    def action_export(self) -> None:
        """What can be saved, to choose from."""
        saving.offer(self)
