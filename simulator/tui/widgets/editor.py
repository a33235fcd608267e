"""Where a held message is changed before it goes on.

Rule: what is typed must be JSON before it is sent, and nothing more; leaving changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Label, Static, TextArea

from simulator.tui.guard import Guarded

Change = dict[str, Any]


def laid_out(text: str) -> str:
    """JSON with a line for each value, its numbers as they were written; else the text itself."""
    try:
        return msgspec.json.format(text, indent=2)
    except (msgspec.MsgspecError, RecursionError):
        return text


def problem(text: str) -> tuple[str, int] | None:
    """What keeps a text from being JSON, and in which line, from 0; None for JSON."""
    try:
        msgspec.json.decode(text)
    except (msgspec.MsgspecError, RecursionError) as error:
        words, _, place = str(error).partition(" (byte ")
        at = int(place.rstrip(")")) if place.rstrip(")").isdecimal() else len(text.encode())
        return words, text.encode()[:at].count(b"\n")
    return None


class Editor(Guarded, ModalScreen[Change | None]):
    """Change a held message; gives the arguments of `release`, or None where it stays held."""

    CSS = """
    Editor { align: center middle; background: $background 60%; }
    Editor > Vertical { width: 94%; max-width: 110; height: 94%; background: $panel;
                        border: round $primary; padding: 0 1; }
    Editor TextArea { height: 1fr; border: none; padding: 0; }
    Editor #status-row { height: 1; }
    Editor Label { width: 14; color: $text-accent; }
    Editor Input { width: 1fr; border: none; height: 1; padding: 0 1; background: $surface; }
    Editor #problem { color: $text-error; height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape", "dismiss(None)", "leave it held"),
        ("ctrl+s", "send", "send"),
    ]

    def __init__(self, held: Mapping[str, Any]) -> None:
        """`held` is a message as the snapshot has it."""
        super().__init__()
        self._held = held
        self._text = laid_out(held["text"])

    def compose(self) -> ComposeResult:
        """The JSON, the status of an answer, and what is wrong."""
        held = self._held
        with Vertical() as box:
            ends = f"{held['from'] or '?'} → {held['to'] or '?'}"
            box.border_title = f"{held['id']}: {held['name']} ({held['of']}) {ends}".replace(
                "[", "\\["
            )
            box.border_subtitle = "ctrl+s sends it · esc leaves it held"
            yield TextArea(
                self._text, soft_wrap=False, show_line_numbers=True, tab_behavior="focus"
            )
            if held["status"] is not None:
                with Horizontal(id="status-row"):
                    yield Label("HTTP status")
                    yield Input(str(held["status"]), compact=True, type="integer")
            yield Static("", id="problem", markup=False)

    def on_mount(self) -> None:
        """Begin in the text."""
        self.query_one(TextArea).focus()

    def action_send(self) -> None:
        """Check it, and let it go on like that."""
        area = self.query_one(TextArea)
        change: Change = {"id": self._held["id"]}
        if area.text != self._text:
            wrong = problem(area.text)
            if wrong is not None:
                words, line = wrong
                self._complain(f"line {line + 1}: {words}")
                area.move_cursor((line, 0))
                area.focus()
                return
            change["body"] = msgspec.json.format(area.text, indent=-1)
        for told in self.query(Input):
            if not (told.value.isdecimal() and 100 <= int(told.value) <= 599):
                self._complain("HTTP status: expected 100 to 599")
                return
            if int(told.value) != self._held["status"]:
                change["status"] = int(told.value)
        self.dismiss(change)

    def _complain(self, words: str) -> None:
        self.query_one("#problem", Static).update(words)
