"""The palette: every command, by typing; and other lists to choose from.

Rule: it only chooses; who opened it does what was chosen.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence, Sized
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.fuzzy import Matcher
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from simulator.tui.guard import Guarded


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to choose: `id` is what is given back; groups stand together. One that `aims` may
    be followed by a target.
    """

    id: str
    name: str
    help: str
    group: str = ""
    aims: bool = False


class Palette(Guarded, ModalScreen[str | None]):
    """Type a part of a name, take it with enter; behind it perhaps a target, as in `boot @shown`,
    which is given back behind the id.
    """

    CSS = """
    Palette { align: center top; background: $background 60%; }
    Palette > Vertical { width: 90%; max-width: 100; height: auto; max-height: 90%; margin: 1 0;
                         background: $panel; border: round $primary; padding: 0 1; }
    Palette Input { border: none; height: 1; padding: 0; background: $panel; }
    Palette OptionList { height: auto; max-height: 100%; border: none; background: $panel;
                         scrollbar-size-vertical: 1; padding: 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [("escape", "dismiss(None)", "back")]

    def __init__(
        self,
        title: str,
        choices: Sequence[Choice],
        targets: Mapping[str, Sized] = MappingProxyType({}),
    ) -> None:
        super().__init__()
        self._title, self._choices, self._targets = title, choices, targets
        self._target = ""

    def compose(self) -> ComposeResult:
        """A line and a list."""
        with Vertical() as box:
            box.border_title = self._title
            words = f", perhaps {' '.join(self._targets)}" if self._targets else ""
            yield Input(placeholder=f"type a part of its name{words}", compact=True)
            yield OptionList()

    def on_mount(self) -> None:
        """Show all."""
        self._list("")

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._list(event.value.strip())

    def _list(self, query: str) -> None:
        options = self.query_one(OptionList)
        options.clear_options()
        choices = self._choices
        self._target = ""
        if self._targets and "@" in query:
            query, _, begun = query.partition("@")
            query = query.strip()
            fits = (name for name in self._targets if name.startswith(f"@{begun.strip()}"))
            self._target = next(fits, "")
            choices = [choice for choice in choices if choice.aims and self._target]
        matcher = Matcher(query) if query else None
        width = max((len(choice.name) for choice in choices), default=0) + 2
        found = [(matcher.match(c.name) if matcher else 1.0, c) for c in choices]
        if matcher:  # the best first; in their groups while nothing was typed
            found += [(0.1, c) for s, c in found if s <= 0 and query.lower() in c.help.lower()]
            found = sorted((one for one in found if one[0] > 0), key=lambda one: -one[0])
        group = None
        for _, choice in found:
            if matcher is None and choice.group != group:
                group = choice.group
                head = Content.styled(group, "bold $text-accent")
                options.add_option(Option(head, disabled=True))
            aim = ""
            if self._target:
                aim = f"{self._target} ({len(self._targets[self._target])})  "
            name = Content.assemble(
                (f"{choice.name:<{width}}", "bold"), (aim, "$text-accent"), choice.help
            )
            options.add_option(Option(name, id=choice.id))
        options.action_first()

    def on_key(self, event: events.Key) -> None:
        """The arrows move in the list while one types."""
        moves = {"down": "cursor_down", "up": "cursor_up", "pagedown": "page_down",
                 "pageup": "page_up"}  # fmt: skip
        if event.key in moves and isinstance(self.focused, Input):
            getattr(self.query_one(OptionList), f"action_{moves[event.key]}")()
            event.stop()

    @on(Input.Submitted)
    def _take(self) -> None:
        self.query_one(OptionList).action_select()

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        target = f" {self._target}" if self._target and event.option_id is not None else ""
        self.dismiss(f"{event.option_id}{target}" if target else event.option_id)


class Sheet(Guarded, ModalScreen[str | None]):
    """A page of text over the screen, as help is. `keys` on it are given back; others close it."""

    CSS = """
    Sheet { align: center middle; background: $background 60%; }
    Sheet > VerticalScroll { width: 90%; max-width: 96; height: auto; max-height: 94%;
                             background: $panel; border: round $primary; padding: 0 1;
                             scrollbar-size-vertical: 1; }
    Sheet Static { height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape,q,question_mark,enter", "dismiss(None)", "back")
    ]

    def __init__(self, title: str, content: Content, keys: Collection[str] = ()) -> None:
        super().__init__()
        self._title, self._content, self._keys = title, content, keys

    def compose(self) -> ComposeResult:
        """The text."""
        with VerticalScroll() as box:
            box.border_title = self._title
            box.border_subtitle = "↑ ↓ scroll · esc closes"
            yield Static(self._content, markup=False)

    def on_mount(self) -> None:
        """The arrows scroll."""
        self.query_one(VerticalScroll).focus()

    def on_key(self, event: events.Key) -> None:
        """One of the page's own keys."""
        if event.key in self._keys:
            event.stop()
            self.dismiss(event.key)
