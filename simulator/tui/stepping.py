"""Stages from the keyboard: the steps of a scenario, one at a time, in its own world or this one.

Rule: the world's stages are asked, never remembered; what could not be done is said.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from simulator.mistakes import Mistake, in_words
from simulator.tui.engine import Engine, Snapshot

if TYPE_CHECKING:
    from simulator.tui.app import RoamlabApp


class Stepping:
    """What loads, steps and drops stages for the interface. `done` is called after each."""

    def __init__(self, app: RoamlabApp, done: Callable[[], None]) -> None:
        self._app, self._done = app, done
        self.stages: Sequence[Snapshot] = ()
        self.kept: dict[str, Snapshot] = {}  # path -> its stage as it ended, though it may be gone
        self.begins = ""  # the scenario whose world is being built
        self._past: set[str] = set()  # stages that have ended, and are not to be seen any more
        self._of: Engine | None = None  # whose stages these are

    async def look(self) -> None:
        """Ask how far each stage is."""
        engine = self._app.engine
        if engine is not self._of:
            self._of = engine
            self._past.clear()
        self.stages = [s for s in await engine.stages() if s["id"] not in self._past]
        self.kept |= {s["file"]: s for s in self.stages if s["file"] and s["verdict"] is not None}

    def of(self, path: str) -> Snapshot | None:
        """The newest stage of a file."""
        return next((stage for stage in reversed(self.stages) if stage["file"] == path), None)

    def going(self, path: str) -> Snapshot | None:
        """The same, where it has not ended."""
        stage = self.of(path)
        return stage if stage is not None and stage["verdict"] is None else None

    def next(self, path: str, title: str) -> None:
        """Perform the next step; of a run that has no stage, or whose stage has ended, the world is
        built first, and its steps wait.
        """
        stage = self.going(path)
        if stage is None:
            self._let(self._begin(path, title), always=True)
        else:
            self._let(self._app.engine.step(stage["id"]))

    def play(self, path: str, title: str, until: int | None = None) -> None:
        """Perform the steps that are left, or those before a number."""
        stage = self.going(path)
        if stage is None:
            self._let(self._begin(path, title, until, play=True), always=True)
        else:
            self._let(self._app.engine.play(stage["id"], until))

    def load(self, path: str, text: str, title: str) -> None:
        """Let the steps wait in the world that is shown."""
        if self.going(path) is not None:
            self._app.say("its steps wait already: e lets them go", "warning")
            return
        self.forget(path)
        self._let(self._app.engine.load(text, path, title))

    def forget(self, path: str) -> None:
        """How a file's stages have ended is past: something else is done with it."""
        self.kept.pop(path, None)
        ended = [s["id"] for s in self.stages if s["file"] == path and s["verdict"] is not None]
        self._past.update(ended)
        self.stages = [s for s in self.stages if s["id"] not in self._past]
        if not self._app.worlds.away:  # a scenario's own world would end with its stage
            for ident in ended:
                self._let(self._app.engine.drop(ident))

    def end(self, path: str) -> bool:
        """Let a file's stage go, with the world if it is its own; False where there is none."""
        stage = self.of(path)
        if stage is None:
            return False
        self._let(self._app.worlds.leave() if self._app.worlds.away else
                  self._app.engine.drop(stage["id"]))  # fmt: skip
        return True

    async def _begin(
        self, path: str, title: str, until: int | None = None, *, play: bool = False
    ) -> None:
        """Build a run's world and show it, and perhaps play there."""
        self.begins = path
        try:
            stage = await self._app.worlds.visit(path, title)
        finally:
            self.begins = ""
        if play:
            await self._app.engine.play(stage["id"], until)

    def _let(self, work: Awaitable[object], *, always: bool = False) -> None:
        """Do it beside all else. What went wrong is said, `always` or while its world is shown."""
        self._app.beside(self._say(work, always=always))

    async def _say(self, work: Awaitable[object], *, always: bool) -> None:
        engine = self._app.engine
        try:
            await work
        except Exception as error:
            ours = not isinstance(error, Mistake)  # which must not be lost
            if always or ours or self._app.engine is engine:
                self._app.say(in_words(error), "error")
        await self.look()
        self._done()
