"""Screen 0, Story: for an audience: who says what, and the next step.

Rule: drawn at most once a second.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import BindingType
from textual.widget import Widget

from simulator.tui.keys import bindings
from simulator.tui.screens.view import View
from simulator.tui.store import Changes
from simulator.tui.widgets.detail import Detail


class StoryScreen(View):
    """For an audience: who says what, and the next step."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("story")]
    PANES: ClassVar[dict[str, str]] = {"story": "Story"}
    HELP = "For an audience: who says what, and the next step."

    def panes(self) -> Iterable[Widget]:
        """One pane."""
        yield Detail("story")

    def show_all(self) -> None:
        """Show everything anew."""

    def show_changes(self, changes: Changes) -> None:
        """Show what has changed."""
