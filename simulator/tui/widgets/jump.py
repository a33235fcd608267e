"""Jump mode: a letter on each pane, and one key to be there.

Rule: it shows what can be focused on the screen below, where it stands.
"""

from __future__ import annotations

from collections.abc import Mapping

from textual import events
from textual.app import ComposeResult
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Label

from simulator.tui.guard import Guarded

LETTERS = "asdfghjkl"


class Jump(Guarded, ModalScreen[Widget | None]):
    """Labels over panes; gives the pane whose letter was typed."""

    CSS = """
    Jump { background: $background 30%; layers: labels; }
    Jump Label { layer: labels; position: absolute; background: $accent; color: $background;
                 text-style: bold; padding: 0 1; width: auto; }
    """

    def __init__(self, panes: Mapping[str, Widget]) -> None:
        """Panes by their names."""
        super().__init__()
        self._panes = dict(zip(LETTERS, panes.items(), strict=False))

    def compose(self) -> ComposeResult:
        """A label at each pane's corner."""
        for letter, (name, pane) in self._panes.items():
            label = Label(f"{letter}  {name}", markup=False)
            label.styles.offset = (pane.region.x + 1, pane.region.y)
            yield label

    def on_key(self, event: events.Key) -> None:
        """Any key ends it."""
        event.stop()
        found = self._panes.get(event.key)
        self.dismiss(found[1] if found else None)
