"""Screen 5, Peer: the peer: connections, rules, tokens, queues.

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


class PeerScreen(View):
    """The peer: connections, rules, tokens, queues."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("peer")]
    PANES: ClassVar[dict[str, str]] = {"peer": "Peer"}
    HELP = "The peer: connections, rules, tokens, queues."

    def panes(self) -> Iterable[Widget]:
        """One pane."""
        yield Detail("peer")

    def show_all(self) -> None:
        """Show everything anew."""

    def show_changes(self, changes: Changes) -> None:
        """Show what has changed."""
