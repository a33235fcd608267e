"""Screen 6, Metrics: figures over time.

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


class MetricsScreen(View):
    """Figures over time."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("metrics")]
    PANES: ClassVar[dict[str, str]] = {"metrics": "Metrics"}
    HELP = "Figures over time."

    def panes(self) -> Iterable[Widget]:
        """One pane."""
        yield Detail("metrics")

    def show_all(self) -> None:
        """Show everything anew."""

    def show_changes(self, changes: Changes) -> None:
        """Show what has changed."""
