"""Screen 4, Scenarios: scenario files, and the steps of one.

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


class ScenariosScreen(View):
    """Scenario files, and the steps of one."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("scenarios")]
    PANES: ClassVar[dict[str, str]] = {"scenarios": "Scenarios"}
    HELP = "Scenario files, and the steps of one."

    def panes(self) -> Iterable[Widget]:
        """One pane."""
        yield Detail("scenarios")

    def show_all(self) -> None:
        """Show everything anew."""

    def show_changes(self, changes: Changes) -> None:
        """Show what has changed."""
