"""Keys that hold messages on their way, and let them go on: what they mean where.

Rule: each ends in the steps `intercept`, `release` and `stop_intercepting`; what is held is what
the world says is held.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import Any

from textual import on
from textual.widgets import Input

from simulator.kernel.filters import FilterError, parse
from simulator.mistakes import in_words
from simulator.scenario.steps import STEPS
from simulator.tui.engine import Snapshot
from simulator.tui.exchange import Exchange
from simulator.tui.screens.view import View
from simulator.tui.widgets.bars import InterceptBar
from simulator.tui.widgets.editor import Editor
from simulator.wire.moment import LACKING


def marks(held: Sequence[Snapshot]) -> Container[str]:
    """What tells that a row is held: the ids of what is held, and OCPP's of the messages."""
    return {told[key] for told in held for key in ("id", "message_id") if told[key] is not None}


def of_row(ex: Exchange | None, held: Sequence[Snapshot]) -> Snapshot | None:
    """The held message that a row shows, or of which it tells."""
    if ex is None:
        return None
    own = ex.held
    if own is None:
        return None
    return next((told for told in held if own in (told["id"], told["message_id"])), None)


class HoldView(View):
    """A screen of exchanges whose keys hold messages, and let them go on."""

    _wanted = ""  # the filter that was intercepted by last

    @property
    def current(self) -> Exchange | None:
        """The exchange at the cursor."""
        raise NotImplementedError

    def show_held(self) -> None:
        """Mark what is held."""
        raise NotImplementedError

    @property
    def _now(self) -> Snapshot:
        return self.store.holding

    # Intercepting

    def action_intercept(self) -> None:
        """Let somebody type what shall be held."""
        if self._allowed():
            bar = self.query_one(InterceptBar)
            bar.open(self._wanted or self._begin())

    async def action_toggle_intercept(self) -> None:
        """Hold no more, or again what was held last."""
        if not self._allowed():
            return
        await self.store.look_at_held()
        if self._now["intercepts"]:
            self.beside(self._intercept(""))
        elif self._wanted:
            self.beside(self._intercept(self._wanted))
        else:
            self.action_intercept()

    def _begin(self) -> str:
        """A filter to begin with: that of an intercept, else the view's where it can be one."""
        for told in self._now["intercepts"]:
            return str(told.get("filter", ""))
        try:
            parse(self.filter_text, lacking=LACKING)
        except FilterError:
            return ""
        return self.filter_text

    @on(Input.Changed, "#intercept")
    def _typing_intercept(self, event: Input.Changed) -> None:
        event.stop()
        self._readable(event.value)

    @on(Input.Submitted, "#intercept")
    def _typed_intercept(self, event: Input.Submitted) -> None:
        event.stop()
        if self._readable(event.value):
            self.close_intercept()
            self.beside(self._intercept(event.value.strip()))

    def _readable(self, text: str) -> bool:
        bar = self.query_one(InterceptBar)
        try:
            parse(text, lacking=LACKING)
        except FilterError as error:
            bar.complain(error.place, str(error))
            return False
        bar.complain(0, "")
        return True

    def close_intercept(self) -> bool:
        """Put the line away; False where there was none."""
        bar = self.query_one(InterceptBar)
        if not bar.has_class("-open"):
            return False
        bar.close()
        self.main.focus()
        return True

    async def _intercept(self, text: str) -> None:
        """Intercept by this filter and no other; by nothing where it is empty."""
        if self._now["intercepts"]:
            await self._do("stop_intercepting", {})
        if text:
            # Callers would time out while somebody reads.
            scaled = self.lab.engine.facts.clock.startswith("scaled")
            if await self._do("intercept", {"filter": text, **({"pause": True} if scaled else {})}):
                self._wanted = text
                self.lab.say(f"intercepting {text}")
        else:
            self.lab.say("nothing is intercepted any more")
        await self._look_again()

    # Letting go on

    async def action_release(self) -> None:
        """Let the one at the cursor go on; without one go to the oldest."""
        if self._allowed() and (told := await self._at_cursor()) is not None:
            self.beside(self._let_go({"id": told["id"]}))

    async def action_release_all(self) -> None:
        """Let all go on."""
        if self._allowed() and await self._some():
            self.beside(self._let_go({}))

    async def action_edit(self) -> None:
        """Change the one at the cursor, then let it go on."""
        if not self._allowed() or (told := await self._at_cursor()) is None:
            return

        def send(change: dict[str, Any] | None) -> None:
            if change is not None:
                self.beside(self._let_go(change))

        self.lab.push_screen(Editor(told), send)

    async def _at_cursor(self) -> Snapshot | None:
        if not await self._some():
            return None
        held = self._now["held"]
        told = of_row(self.current, held)
        if told is None:
            number = next(
                (n for n in self.main.keys if of_row(self.store.exchanges.get(n), held)), None
            )
            if number is None:
                self.lab.say("the filter shows nothing that is held; A releases all", "warning")
            else:
                self.main.go_to(number)
                self.lab.say("this is held: a releases it, e changes it")
        return told

    async def _some(self) -> bool:
        await self.store.look_at_held()
        if not self._now["held"]:
            self.lab.say("nothing is held: i says what shall be", "warning")
        return bool(self._now["held"])

    async def _let_go(self, change: Mapping[str, Any]) -> None:
        gone = await self._do("release", change)
        if isinstance(gone, list):
            changed = ", changed" if set(change) - {"id"} else ""
            self.lab.say(f"released {', '.join(gone)}{changed}")
        await self._look_again()

    # How

    def _allowed(self) -> bool:
        lab = self.lab
        if lab.engine.facts.read_only or not lab.started:
            lab.say(
                "this view is read-only" if lab.started else "the world is still starting",
                "warning",
            )
            return False
        return True

    async def _do(self, step: str, given: Mapping[str, Any]) -> Any:
        """Perform a step; None, and words about it, where it cannot be done."""
        try:
            return await self.lab.engine.perform(STEPS[step].name, given) or True
        except Exception as error:
            self.lab.say(in_words(error), "error")
            return None

    async def _look_again(self) -> None:
        """Show at once what is held now."""
        await self.store.look_at_held()
        self.lab.show_status()
        self.show_held()
