"""Screen 4, Scenarios: scenario files; the steps of one, and how it ended.

Rule: files are played in worlds of their own, in processes of their own, so that none disturbs the
world that is shown; stepped, a scenario's own world is the one that is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar

from textual import on
from textual.binding import BindingType
from textual.containers import Container, Vertical
from textual.content import Content
from textual.markup import escape
from textual.timer import Timer
from textual.widget import Widget

from simulator.mistakes import Mistake
from simulator.scenario.schema import Scenario
from simulator.tui import playbill
from simulator.tui.engine import READ_ONLY, Snapshot
from simulator.tui.keys import bindings
from simulator.tui.library import Entry, Library, OfFile
from simulator.tui.plays import BAD, Plays
from simulator.tui.screens.view import View
from simulator.tui.stepping import Stepping
from simulator.tui.store import Changes, Store
from simulator.tui.widgets.bars import FilterBar
from simulator.tui.widgets.detail import Detail
from simulator.tui.widgets.palette import Choice, Palette
from simulator.tui.widgets.virtual_table import Cell, Column, VirtualTable

FILES = (Column("Scenario", 12, grow=1), Column("Verdict", 10))
STEPS = (
    Column("#", 3, right=True),
    Column("", 1),
    Column("Step", 14),
    Column("With", 10, grow=1),
    Column("Took", 10, right=True, above=48),
)
# Until the cursor rests on a file, nothing of it is read; how often what runs is looked at.
_REST_S, _LOOK_S = 0.12, 0.25
_READING = "it is long, and being read …"


class ScenariosScreen(View):
    """Scenario files, the steps of one, its verdict."""

    CSS = """
    ScenariosScreen #body { layout: horizontal; }
    ScenariosScreen #files { width: 2fr; border-right: solid $foreground 20%; }
    ScenariosScreen #right { width: 3fr; }
    ScenariosScreen #steps { height: 3fr; }
    ScenariosScreen #verdict { height: 2fr; }
    ScenariosScreen.-failed #steps { height: 2fr; }
    ScenariosScreen.-failed #verdict { height: 3fr; }
    ScenariosScreen.-narrow #body { layout: vertical; }
    ScenariosScreen.-narrow #files { width: 1fr; height: 2fr; border-right: none; }
    ScenariosScreen.-narrow #right { width: 1fr; height: 4fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("scenarios")]
    PANES: ClassVar[dict[str, str]] = {
        "files": "Scenarios", "steps": "Steps", "verdict": "Verdict",
    }  # fmt: skip
    MAIN = "files"
    HELP = (
        "Scenario files: yours (of the current folder and of scenarios in it), then those that "
        "come along. F5 plays the one at the cursor, or all that are marked, each in a world of "
        "its own beside this one; R plays those again that failed. F10 steps it: its own world is "
        "built and shown on all screens, and each F10 performs the next step; F5 then plays the "
        "rest, b on a step all before it. Where a step fails, Verdict shows what came nearest and "
        "how it differed. h lets the steps wait in the world that is shown instead, which must "
        "have the stations they name. e, or esc, leaves a scenario's world."
    )

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self._entries: dict[str, Entry] = {}
        self._runs: list[Scenario] = []  # of the file at the cursor
        self._wrong = ""  # why it cannot be played
        self._chosen: dict[str, str] = {}  # path -> the run of it that was stepped last
        self._state: Snapshot | None = None
        self._rest: Timer | None = None
        self._seen: object = None
        self._asking = False

    def panes(self) -> Iterable[Widget]:
        """Files at the left; steps and verdict of one at the right."""
        files = VirtualTable("files", FILES, self._file_cells, empty="no scenario is picked")
        steps = VirtualTable("steps", STEPS, self._step_cells, empty="")
        yield Container(files, Vertical(steps, Detail("verdict"), id="right"), id="body")

    def on_mount(self) -> None:
        """Begin with what there is."""
        self._library = Library(self.lab.folder)
        self._plays = Plays(self.lab.worlds.children)
        self._stepping = Stepping(self.lab, self._stepped)
        self._find()
        super().on_mount()
        self.set_interval(_LOOK_S, self._tick)

    def on_screen_resume(self) -> None:
        """Files may have come meanwhile."""
        if self.ready:
            self._find()
        super().on_screen_resume()

    def _find(self) -> None:
        self._signs = self._library.signs()
        self._entries = {entry.path: entry for entry in self._library.entries()}

    # What is shown

    def _file_cells(self, path: str) -> Sequence[Cell | str]:
        entry = self._entries.get(path)
        if entry is None:
            return ("", "")
        result, stage = self._plays.results.get(path), self._of(path)
        if self._stepping.begins == path:
            verdict = Cell("begins …", "accent")
        elif stage is not None and stage["verdict"] is None:
            verdict = Cell(f"▶ {stage['at']}/{stage['of']}", "accent")
        elif stage is not None:
            verdict = Cell(stage["verdict"], playbill.VERDICTS.get(stage["verdict"], ""))
        elif result is None:
            verdict = Cell("")
        elif result.state == "ended":
            verdict = Cell(result.verdict, playbill.VERDICTS.get(result.verdict, ""))
        else:
            count = f" {len(result.outcomes)}/{result.of}" if result.of > 1 else ""
            verdict = Cell(f"{result.state}{count}", "accent")
        return (Cell(f"{entry.folder}/{entry.name}"), verdict)

    def _step_cells(self, number: int) -> Sequence[Cell | str]:
        steps = self._state["steps"] if self._state is not None else []
        if self._state is None or not 1 <= number <= len(steps):
            return [""] * len(STEPS)
        step = steps[number - 1]
        tone = playbill.TONES.get(step["state"], "")
        return (
            str(number),
            Cell(playbill.GLYPHS[step["state"]], tone),
            Cell(step["verb"], "quiet" if step["state"] == "skipped" else "strong"),
            step["text"],
            Cell(playbill.took(step, self._state), "accent" if tone == "accent" else "quiet"),
        )

    def show_all(self) -> None:
        """The files picked, and the one at the cursor."""
        if not self.ready:
            return
        names = list(self._entries)
        if self.filter_text:
            names = [name for name in names if self.filter.matches(self._as_row(name))]
        of = f"{len(names)} of {len(self._entries)}" if self.filter_text else str(len(names))
        self.head(f"Scenarios {of}")
        self.main.set_rows(names, names)
        self._show_one()

    def _as_row(self, path: str) -> OfFile:
        result = self._plays.results.get(path)
        verdict = result.verdict if result is not None else ""
        return OfFile(self._entries[path], verdict, self._library.text, self.main.marks)

    def show_changes(self, changes: Changes) -> None:
        """What runs is looked at by itself."""

    @property
    def path(self) -> str:
        """The file at the cursor; empty where there is none."""
        return str(self.main.cursor_key or "")

    def _show_one(self) -> None:
        """Read the file at the cursor, and show it."""
        self._runs, self._wrong = [], ""
        if self.path:
            try:
                runs = self._library.runs(self.path, self._read)
                self._runs, self._wrong = runs or [], "" if runs is not None else _READING
            except Mistake as mistake:
                self._wrong = str(mistake)
        self._draw()

    def _read(self) -> None:
        """A long file was read, perhaps the one at the cursor."""
        if self.is_attached:
            self._show_one()

    def _draw(self) -> None:
        """Show the file at the cursor, as far as it is."""
        pane, steps = self.query_one("#verdict", Detail), self.query_one("#steps", VirtualTable)
        self._state = state = self._shown()
        self.set_class(state is not None and state["verdict"] in BAD, "-failed")
        if state is None:
            steps.set_rows([])
            pane.show(self.path, Content(self._wrong))
            return
        numbers = range(1, len(state["steps"]) + 1)
        steps.set_rows(numbers, numbers)
        steps.border_title = escape(f"Steps {state['at']} of {state['of']}")
        result = self._plays.results.get(self.path) if self._of(self.path) is None else None
        at = steps.cursor_key
        looked_at = state["steps"][at - 1] if at is not None and steps.has_focus else None
        told = playbill.told(state, result, runs=len(self._runs), step=looked_at)
        pane.show((self.path, looked_at and at), told)

    def _shown(self) -> Snapshot | None:
        """How the file at the cursor stands: its stage, else how it was played, else as it is."""
        stage = self._of(self.path)
        if stage is not None or not self._runs:
            return stage
        result = self._plays.results.get(self.path)
        outcome = result.telling if result is not None else None
        titles = {run.title: run for run in self._runs}
        told = outcome["scenario"] if outcome is not None else self._chosen.get(self.path, "")
        run = titles.get(told, self._runs[0])
        return playbill.shape(run, outcome if outcome and run.title == told else None)

    def _of(self, path: str) -> Snapshot | None:
        """A file's stage, also one that has ended and is gone, unless it was played since."""
        return self._stepping.of(path) or self._stepping.kept.get(path)

    def show_seconds(self) -> None:
        """Stages may have been loaded by others, and files have changed."""
        self._look()
        if self._library.signs() != self._signs:
            self._find()
            self.show_all()

    def _tick(self) -> None:
        """Look at what runs, and draw what has changed."""
        if not self.is_current or self.lab.frozen:
            return
        if any(stage["running"] for stage in self._stepping.stages):
            self._look()
        self._drawn()

    def _look(self) -> None:
        if self._asking or not self.lab.started:
            return
        self._asking = True

        async def ask() -> None:
            try:
                await self._stepping.look()
            finally:
                self._asking = False
            self._drawn()

        self.beside(ask())

    def _drawn(self) -> None:
        """Draw what has changed."""
        now = (self._plays.version, self._stepping.begins, self._stepping.stages)
        if now != self._seen and self.ready:
            self._seen = now
            self.main.touch(self.main.keys)
            self._draw()

    def _stepped(self) -> None:
        """Something was done with a stage: go where it stands."""
        self._drawn()
        if self._state is not None and self._stepping.of(self.path) is not None:
            at = self._state["at"] + (self._state["verdict"] is None)
            self.query_one("#steps", VirtualTable).move_to(at - 1)

    @on(VirtualTable.Moved, "#files")
    def _moved(self) -> None:
        if self._rest is not None:
            self._rest.stop()
        self._rest = self.set_timer(_REST_S, self._show_one)

    @on(VirtualTable.Opened, "#files")
    def _opened(self) -> None:
        self._show_one()
        self.query_one("#steps").focus()

    @on(VirtualTable.Moved, "#steps")
    def _step_moved(self) -> None:
        self._draw()

    @on(VirtualTable.Opened, "#steps")
    def _step_opened(self) -> None:
        self.query_one("#verdict").focus()

    def go_back(self) -> bool:
        """To the files, out of the filter; at last out of a scenario's world."""
        typing = self.query_one(FilterBar).has_class("-open")
        if not typing and self.maximized is None and self.focused is not self.main:
            self.main.focus()
            return True
        if super().go_back():
            return True
        if not self.lab.worlds.away:
            return False
        self.lab.beside(self.lab.worlds.leave())
        return True

    # Keys

    def _may_play(self) -> bool:
        """Whether anything can be done here; if not it is said."""
        if self.lab.engine.facts.read_only or not self.lab.started:
            self.lab.say(READ_ONLY if self.lab.started else "the world still starts", "warning")
            return False
        return True

    def _may(self) -> bool:
        """The same, of the file at the cursor."""
        if not self._may_play():
            return False
        self._show_one()
        if self._wrong or not self._runs:
            self.lab.say(self._wrong or "no scenario is at the cursor", "error")
            return False
        return True

    def action_run(self) -> None:
        """Play the rest of what is stepped, else the files that are meant."""
        marked = [name for name in self.main.keys if name in self.main.marks]
        if not (self._may_play() if marked else self._may()):
            return
        if not marked and self._stepping.going(self.path) is not None:
            self._stepping.play(self.path, "")
        else:
            self._ask(marked or [self.path])

    def action_rerun(self) -> None:
        """Play those again that failed, whatever is at the cursor."""
        if not self._may_play():
            return
        kept = self._stepping.kept.items()
        stepped = [path for path, stage in kept if stage["verdict"] in BAD]
        if failed := list(dict.fromkeys((*stepped, *self._plays.failed))):
            self._ask(failed)
        else:
            self.lab.say("nothing has failed here")

    def _ask(self, paths: Sequence[str]) -> None:
        taken = self._plays.ask((path, self._number(path)) for path in paths)
        if taken:
            for path in paths:
                if self._stepping.going(path) is None:
                    self._stepping.forget(path)
            self.lab.beside(self._plays.play())
        else:
            self.lab.say("it plays already", "warning")
        self._drawn()

    def _number(self, path: str) -> int:
        """How many runs a file has; 0 where it cannot be read, which its run will tell."""
        try:
            return len(self._library.runs(path, self._read) or ())
        except Mistake:
            return 0

    def action_step(self) -> None:
        """Perform the next step; build the scenario's world before the first."""
        if self._may():
            path = self.path
            self._with_run(lambda title: self._stepping.next(path, title))

    def action_until(self) -> None:
        """Perform the steps before the one at the cursor."""
        number = self.query_one("#steps", VirtualTable).cursor_key
        if self._may() and number is not None:
            path = self.path
            self._with_run(lambda title: self._stepping.play(path, title, number))

    def action_here(self) -> None:
        """Let the steps wait in the world that is shown."""
        if not self._may():
            return
        path = self.path
        text = self._library.text(path)
        self._with_run(lambda title: self._stepping.load(path, text, title))

    def _with_run(self, then: Callable[[str], None]) -> None:
        """Choose the run that is meant, where nothing of the file goes on and it has several."""
        path, fitting = self.path, [run for run in self._runs if run.not_applicable is None]
        if self._stepping.going(path) is not None or len(fitting) < 2:
            then(fitting[0].title if fitting else self._runs[0].title)
            return

        def take(title: str | None) -> None:
            if title is not None:
                self._chosen[path] = title
                then(title)

        choices = [Choice(run.title, run.title, "") for run in fitting]
        self.lab.push_screen(Palette("which run?", choices), take)

    def action_halt(self) -> None:
        """Let a stage go, or play no more files."""
        if self.lab.engine.facts.read_only:
            self.lab.say(READ_ONLY, "warning")
        elif not self._stepping.end(self.path):
            self.lab.beside(self._plays.halt())
