"""The line above and the line below: how the world stands, and which keys do something here.

Rule: both fit their line at any width: what matters least is left out first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from simulator.tui.keys import looks
from simulator.tui.paint import TONES, Part

SEPARATOR = " · "
SCREENS = "0-6 screens"  # seven keys in one part
HELP = "app.help"  # the key by which all others are found


def fitting(
    parts: Sequence[Part], width: int, separator: str = SEPARATOR, kept: Sequence[str] = ()
) -> Content:
    """The parts from the first on that fit, separated. Those to be `kept` are there at any width
    that they fit themselves, the first of them at least.
    """
    room = width - 1 + len(separator)  # a blank in front, and no separator behind the last
    keep = [text for text in kept if (room := room - len(text) - len(separator)) >= 0]
    room = width - 1 + len(separator) - sum(len(text) + len(separator) for text in keep)
    shown: list[tuple[str, str]] = []
    for part in parts:
        text, tone = part if isinstance(part, tuple) else (part, "")
        if text not in keep:
            room -= len(text) + len(separator)
            if room < 0:  # and nothing behind it either
                continue
        if shown:
            shown.append((separator, TONES["quiet"]))
        shown.append((text, TONES.get(tone, tone)))
    return Content.assemble(" ", *shown)


class Bar(Static):
    """A line of parts."""

    DEFAULT_CSS = """
    Bar { height: 1; background: $panel; color: $foreground; }
    """

    def __init__(self, ident: str, *, separator: str = SEPARATOR) -> None:
        super().__init__("", id=ident, markup=False)
        self._parts: list[Part] = []
        self._kept: Sequence[str] = ()
        self._separator = separator

    def show(self, parts: list[Part], kept: Sequence[str] = ()) -> None:
        """Show these parts, as many as fit; those to be `kept` in any case."""
        if parts != self._parts:
            self._parts, self._kept = parts, kept
            self.refresh()

    def on_resize(self) -> None:
        """More fits, or less."""
        self.refresh()

    def render(self) -> Content:
        """What fits, measured when it is drawn: a line that another pane hides has no width."""
        return fitting(self._parts, self.size.width, self._separator, self._kept)


def foot(keys: Mapping[str, str]) -> tuple[list[Part], Sequence[str]]:
    """The parts of the line below, of keys by their ids; and which of them are always there."""
    parts: list[Part] = []
    for ident, told in keys.items():
        parts += [told, SCREENS] if ident == HELP else [told]
    return parts, [keys[HELP], SCREENS] if HELP in keys else ()


class KeyBar(Bar):
    """The keys that do something where the focus is, the nearest first."""

    def __init__(self) -> None:
        super().__init__("keys", separator="  ")

    def on_mount(self) -> None:
        """Follow the focus."""
        self.screen.bindings_updated_signal.subscribe(self, lambda _: self.tell())
        self.call_after_refresh(self.tell)

    def tell(self) -> None:
        """Show the keys of what is focused, of its screen, of everything."""
        if not self.is_attached:
            return
        screen = self.screen
        found = [
            (0 if active.node is screen else 2 if active.node is self.app else 1, active.binding)
            for active in screen.active_bindings.values()
            if active.binding.show and (not self._read_only or looks(active.binding.action))
        ]
        told: dict[str, tuple[str, str]] = {}
        for _, binding in sorted(found, key=lambda one: one[0]):
            shown = self.app.get_key_display(binding)
            told.setdefault(binding.id or shown, (shown, binding.description))
        self.show(*foot({ident: f"{key} {what}" for ident, (key, what) in told.items()}))

    @property
    def _read_only(self) -> bool:
        from simulator.tui.app import RoamlabApp

        return isinstance(self.app, RoamlabApp) and self.app.engine.facts.read_only

    def render(self) -> Content:
        """The same, the keys apart from their words."""
        shown = super().render()
        for part in self._parts:
            key = str(part).split(" ", 1)[0]
            start = shown.plain.find(f" {part}") + 1
            if start > 0:
                shown = shown.stylize("bold $text-accent", start, start + len(key))
        return shown


class FilterLine(Input):
    """Where a filter is typed. `?` where nothing stands yet asks for help; behind a word it is a
    pattern.
    """

    async def on_key(self, event: events.Key) -> None:
        """Explain the filter language instead of taking the question mark for one."""
        if event.character == "?" and not self.value:
            event.prevent_default().stop()
            await self.run_action("app.help")


class TypedBar(Vertical):
    """Where a filter is typed, and what is wrong with it. `NAME` is that of its line."""

    DEFAULT_CSS = """
    TypedBar { height: auto; display: none; background: $panel; }
    TypedBar.-open { display: block; }
    TypedBar Input { height: 1; border: none; padding: 0 1; background: $surface; }
    TypedBar Static { height: 1; color: $text-muted; padding: 0 1; }
    TypedBar .-wrong { color: $text-error; }
    """
    NAME: ClassVar[str] = ""
    EXAMPLE: ClassVar[str] = ""
    EXPLAINED: ClassVar[str] = ""

    def compose(self) -> ComposeResult:
        """The line, and a line for its error."""
        hint = f"{self.EXAMPLE}    (? explains it)"
        yield FilterLine(placeholder=hint, compact=True, id=self.NAME)
        yield Static("", id=f"{self.NAME}-error", markup=False)

    def open(self, text: str) -> None:
        """Let somebody type; what it is for stands below."""
        self.add_class("-open")
        line = self.query_one(Input)
        line.value = text
        line.cursor_position = len(text)
        line.focus()
        self.complain(0, "")

    def close(self) -> None:
        """Go."""
        self.remove_class("-open")

    def complain(self, place: int, why: str) -> None:
        """Say what is wrong, below its place; where nothing is, what can be typed."""
        room = max(0, self.size.width - len(why) - 6)
        told = f"{' ' * min(place, room)}▲ {why}" if why else self.EXPLAINED
        below = self.query_one(Static)
        below.set_class(bool(why), "-wrong")
        below.update(told)


class FilterBar(TypedBar):
    """What is shown."""

    NAME = "filter"
    EXAMPLE = "~cp DE-AC-1 & ~err"
    EXPLAINED = "show what this picks · empty: all · enter takes it, esc leaves"


class InterceptBar(TypedBar):
    """What is held on its way."""

    NAME = "intercept"
    EXAMPLE = "~cp plugsurfing & ~a PUT & ~u sessions"
    EXPLAINED = "hold what this picks · empty: nothing more · enter takes it, esc leaves"
