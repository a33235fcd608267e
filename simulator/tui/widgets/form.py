"""The form that asks a step's arguments, with what the world offers for each.

Rule: what is typed is read as the step reads it, and is complained about before anything is done;
what was chosen decides what else is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import msgspec
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.suggester import SuggestFromList
from textual.widget import Widget
from textual.widgets import Input, Label, Static

from simulator.scenario.step import Arg, Kind, Step
from simulator.tui.doing import nobody, whom
from simulator.tui.guard import Guarded

Known = Callable[[str], Sequence[str]]
_JSON = (Kind.MAPPING, Kind.LIST, Kind.ANY, Kind.WANTED, Kind.INTEGER, Kind.NUMBER, Kind.FLAG)


def value_of(arg: Arg, text: str) -> Any:
    """What was typed, as the step takes it: JSON where it takes more than text."""
    text = text.strip()
    if arg.kind is Kind.LIST and not text.startswith("["):
        return [part.strip() for part in text.split(",")]
    if arg.kind in _JSON:
        try:
            return msgspec.json.decode(text)
        except (msgspec.DecodeError, RecursionError):
            return text
    return text


def offers(arg: Arg, known: Known) -> Sequence[str]:
    """What could be typed."""
    if arg.choices:
        return arg.choices
    if arg.kind is Kind.FLAG:
        return ("true", "false")
    return known(arg.names or ("token" if arg.name == "token" else ""))


def suited(step: Step, given: Mapping[str, Any]) -> tuple[str, Sequence[Arg]]:
    """What those given mean, in words; and what is asked beside them, what must be said first."""
    told, args = step.suits(given) if step.suits is not None else ("", step.args)
    return told, sorted(args, key=lambda arg: not arg.required)


class Form(Guarded, ModalScreen[dict[str, Any] | None]):
    """Ask for a step's arguments; gives them, or None."""

    CSS = """
    Form { align: center middle; background: $background 60%; }
    Form > Vertical { width: 90%; max-width: 90; height: auto; max-height: 94%;
                      background: $panel; border: round $primary; padding: 0 1; }
    Form VerticalScroll { height: auto; max-height: 100%; scrollbar-size-vertical: 1; }
    Form #about { color: $text-accent; height: auto; margin: 0 0 1 0; }
    Form #told { dock: bottom; height: auto; }
    Form .row { height: 1; }
    Form Label { width: 20; color: $text-accent; }
    Form Input { width: 1fr; border: none; height: 1; padding: 0 1; background: $surface; }
    Form Input:focus { background: $primary 30%; }
    Form #help { color: $text-muted; height: auto; margin: 1 0 0 0; }
    Form #problem { color: $text-error; height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape", "dismiss(None)", "back"),
        ("down", "app.focus_next", "next"),
        ("up", "app.focus_previous", "previous"),
        ("ctrl+s", "send", "do it"),
    ]

    def __init__(
        self,
        step: Step,
        given: Mapping[str, str],
        known: Known,
        meant: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        """`given` are texts to begin with; `meant` are the targets, beginning with @, that stand
        for several stations.
        """
        super().__init__()
        self._step, self._given, self._known = step, given, known
        self._meant = meant or {}
        self._about, self._args = suited(step, given)

    def compose(self) -> ComposeResult:
        """A line for each argument."""
        with Vertical() as box:
            box.border_title = f"{self._step.name}: {self._step.help}"
            box.border_subtitle = "enter does it · tab next · → completes · esc leaves"
            with VerticalScroll(can_focus=False):
                yield Static("", id="about", markup=False)
                for arg in self._args:
                    yield self._row(arg)
            with Vertical(id="told"):
                yield Static("", id="help", markup=False)
                yield Static("", id="problem", markup=False)

    def _row(self, arg: Arg) -> Horizontal:
        label = Label(f"{arg.name}{' *' if arg.required else ''}", markup=False)
        return Horizontal(label, self._line(arg), classes="row", id=f"row-{arg.name}")

    def _line(self, arg: Arg) -> Input:
        offered = [*self._targets(arg), *map(str, offers(arg, self._known))]
        shown = f"default {arg.default}" if arg.default is not None else ", ".join(offered[:4])
        return Input(
            self._given.get(arg.name, ""),
            placeholder=shown,
            suggester=SuggestFromList(offered, case_sensitive=False) if offered else None,
            compact=True,
            id=f"arg-{arg.name}",
        )

    def _targets(self, arg: Arg) -> Mapping[str, Sequence[str]]:
        return self._meant if arg.name == whom(self._step) else {}

    def on_mount(self) -> None:
        """Begin where something is missing."""
        lines = list(self.query(Input))
        empty = [line for line in lines if not line.value]
        (empty or lines)[0].focus()
        self._tell_about(self._about)
        self.call_after_refresh(self.on_descendant_focus)  # how long that is, is known only now

    def on_descendant_focus(self) -> None:
        """Explain what is asked."""
        arg = self._focused()
        if arg is not None:
            several = (f"{name} ({len(names)})" for name, names in self._targets(arg).items())
            offered = ", ".join([*several, *map(str, offers(arg, self._known))])
            more = f"\n{offered}" if offered else ""
            takes = "" if arg.kind is Kind.ANY else f" ({arg.kind.value})"
            self.query_one("#help", Static).update(f"{arg.help}{takes}{more}")

    def _focused(self) -> Arg | None:
        name = (self.focused.id or "") if self.focused is not None else ""
        return next((arg for arg in self._args if name == f"arg-{arg.name}"), None)

    def _typed(self) -> dict[str, Any]:
        typed = [(arg, self.query_one(f"#arg-{arg.name}", Input).value) for arg in self._args]
        return {arg.name: value_of(arg, text) for arg, text in typed if text.strip()}

    @on(Input.Changed)
    async def _changed(self) -> None:
        """Ask what suits what is chosen now; what stands in lines that stay, stays."""
        told, args = suited(self._step, self._typed())
        if args == self._args:
            return
        before, self._args = self._args, args
        last: Widget = self.query_one("#about", Static)
        self._tell_about(told)
        with self.app.batch_update():
            for arg in before:
                if arg not in args:
                    await self.query_one(f"#row-{arg.name}").remove()
            for arg in args:
                if arg not in before:
                    await self.query_one(VerticalScroll).mount(self._row(arg), after=last)
                last = self.query_one(f"#row-{arg.name}")

    def _tell_about(self, told: str) -> None:
        about = self.query_one("#about", Static)
        about.update(told)
        about.display = bool(told)
        self._complain("")

    @on(Input.Submitted)
    def action_send(self) -> None:
        """Check, and give what was typed."""
        given = self._typed()
        key = whom(self._step)
        target = given.get(key)
        if isinstance(target, str) and target.startswith("@") and target not in self._meant:
            self._complain(f"{key}: {nobody(target, self._meant)}")
            return
        for place, why in self._step.problems(given):
            told = f"{'/'.join(map(str, place))}: {why}" if place else why
            self._complain(told)
            return
        self.dismiss(given)

    def _complain(self, words: str) -> None:
        self.query_one("#problem", Static).update(words)
