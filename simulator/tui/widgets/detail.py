"""A pane of text that scrolls both ways.

Rule: it is given finished text, and only when that has changed.
"""

from __future__ import annotations

from collections.abc import Callable

from textual.app import ComposeResult
from textual.containers import ScrollableContainer
from textual.content import Content
from textual.widgets import Static

from simulator.tui import odd


class Detail(ScrollableContainer, can_focus=True):
    """Text about one thing."""

    ALLOW_MAXIMIZE = True

    DEFAULT_CSS = """
    Detail { height: 1fr; background: $surface; padding: 0 1; overflow: auto auto;
             scrollbar-size: 1 1; }
    Detail Static { width: auto; min-width: 100%; height: auto; }
    Detail.-wrap Static { width: 100%; }
    """

    def __init__(self, ident: str, *, wrap: bool = True) -> None:
        super().__init__(id=ident, classes="-wrap" if wrap else "")
        self._about: object = None
        self.text = ""

    def compose(self) -> ComposeResult:
        """One text."""
        yield Static("", markup=False)

    def show(self, about: object, make: Content | Callable[[], Content]) -> None:
        """Show a text, made of records by a function (`odd.content`); another subject begins at its
        top.
        """
        content = make if isinstance(make, Content) else odd.content(make)
        if about != self._about:
            self._about = about
            self.scroll_home(animate=False)
        if content.plain != self.text:
            self.text = content.plain
            self.query_one(Static).update(content)
