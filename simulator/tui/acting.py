"""Steps from the keyboard: what is asked first, what is performed, what is said of it.

Rule: whatever is done goes by the engine's `perform`, and nothing that went wrong goes unsaid.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from simulator.mistakes import Mistake, in_words
from simulator.scenario.step import Step
from simulator.scenario.steps import STEPS
from simulator.tui import doing
from simulator.tui.odd import ODD
from simulator.tui.widgets.form import Form

if TYPE_CHECKING:
    from simulator.tui.app import RoamlabApp


class Actor:
    """What performs steps for the interface."""

    def __init__(self, app: RoamlabApp) -> None:
        self._app = app
        self._token = ""  # the card that was used last

    def do(self, name: str, known: Mapping[str, Any] | None = None, target: str = "") -> None:
        """A step on what is meant; what it needs to know is asked, beginning with what is known.

        `target` names the stations, as in @shown; by default those that the view means.
        """
        app, step = self._app, STEPS[name]
        meant = app.view.meant() if app.view is not None else {}
        targets = app.view.targets() if app.view is not None else ()
        targets = meant.get(target, ()) if target else targets
        if app.engine.facts.read_only or not app.started:
            why = "this view is read-only" if app.started else "the world is still starting"
            app.say(why, "warning")
            return
        if not known and not doing.asks(step) and (targets or not doing.has(step, "station")):
            self.perform(step, {}, targets)
            return
        token = self._token or next(iter(self._known("token")), "")
        begin = doing.beginning(step, targets, token, target)
        begin |= {key: str(value) for key, value in (known or {}).items() if doing.has(step, key)}

        def send(given: dict[str, Any] | None) -> None:
            if given is not None:
                self._token = str(given.get("token", self._token))
                self.perform(step, given, targets, meant)

        app.push_screen(Form(step, begin, self._known, meant), send)

    def _known(self, what: str) -> Sequence[str]:
        """Names of a kind; none of a world that tells them otherwise."""
        try:
            return self._app.engine.known(what)
        except ODD:
            return ()

    def perform(
        self,
        step: Step,
        given: Mapping[str, Any],
        targets: Sequence[str] = (),
        meant: doing.Meant | None = None,
    ) -> None:
        """Perform a step for each station that is meant, all at once, and say what came of it."""
        app = self._app
        try:
            calls = list(doing.spread(step, given, targets, app.store.stations, meant))
        except Mistake as error:
            app.say(str(error), "error")
            return
        if step.name == "clear_faults" or calls:
            app.beside(self._perform(step, calls))

    def speed(self, way: int) -> None:
        """Let the clock go faster, or with -1 slower."""
        self._speed(doing.next_speed(self._factor(), way))

    def pause(self) -> None:
        """Let time stand still, or go on."""
        self._speed(self._factor() if self._app.engine.facts.paused else 0)

    def record(self) -> None:
        """Take the journal down from now on, or end that."""
        facts = self._app.engine.facts
        if facts.recording is not None:
            self.perform(STEPS["stop_recording"], {})
        else:  # of an attached world the file is where that runs
            here = {"file": str(self._app.folder)} if facts.kind == "local" else {}
            self.perform(STEPS["record"], here)

    def _factor(self) -> float:
        _, _, factor = self._app.engine.facts.clock.partition(":")
        return float(factor or 1)  # a real clock says itself that it has one speed

    def _speed(self, factor: float) -> None:
        whole = int(factor) if factor == int(factor) else factor
        self.perform(STEPS["speed"], {"factor": whole})

    async def _perform(self, step: Step, calls: Sequence[Mapping[str, Any]]) -> None:
        app = self._app
        results = await asyncio.gather(
            *(app.engine.perform(step.name, call) for call in calls), return_exceptions=True
        )
        failed = [result for result in results if isinstance(result, BaseException)]
        if failed:
            words = in_words(failed[0]).removeprefix(f"{step.name}: ")
            app.say(f"{step.name}: {words}" + _more(len(failed) - 1), "error")
        done = len(results) - len(failed)
        if done:
            app.say(_told(step, calls, results) if len(calls) == 1 else f"{step.name}: {done} done")


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
    return f"{step.name} {where}{evse}".strip() + came
