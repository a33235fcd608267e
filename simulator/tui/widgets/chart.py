"""A pane of plots, one below the other: what it is, its value now, and how it was.

Rule: drawn when it is told to, which is once a second at most.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content
from textual.widgets import Static

from simulator.tui.paint import TONES, Part
from simulator.tui.plot import Points, area, top_of


@dataclass(frozen=True, slots=True)
class Series:
    """One plot: `value` is what it says now, in words; `unit` that of its scale. Without points it
    is a line of words.
    """

    name: str
    value: str
    points: Points
    tone: str = "accent"
    unit: str = ""


class Chart(Static, can_focus=True):
    """Plots that share a pane's height."""

    ALLOW_MAXIMIZE = True
    DEFAULT_CSS = """
    Chart { height: 1fr; background: $surface; padding: 0 1; overflow: hidden hidden;
        border-top: solid $foreground 20%; border-title-color: $text; border-title-style: bold; }
    Chart:focus { border-top: solid $accent; border-title-color: $text-accent; }
    """

    def __init__(self, ident: str) -> None:
        super().__init__("", id=ident, markup=False)
        self._series: Sequence[Series] = ()
        self.text = ""

    def show(self, series: Sequence[Series]) -> None:
        """Show these."""
        self._series = series
        self._draw()

    def on_resize(self) -> None:
        """Other room, other plots."""
        self._draw()

    def _draw(self) -> None:
        width, height = self.content_size
        if not self._series or width < 8 or height < 1:
            return
        parts: list[Part] = []
        plots = [one for one in self._series if one.points]
        words = len(self._series) - len(plots)  # a line each
        share, more = divmod(max(0, height - words), max(1, len(plots)))
        for one in self._series:
            room = share + (one in plots[:more]) if one.points else 1
            parts += _plot(one, width, room)
        content = Content.assemble(*parts[:-1])
        self.text = content.plain
        self.update(content, layout=False)


def _plot(one: Series, width: int, height: int) -> list[Part]:
    """A line of words, and the plot in the rows that are left."""
    if height < 1:
        return []
    top = top_of(one.points)
    scale = f"▔{top:g}{one.unit}" if height > 1 and one.points else ""
    name = f"{one.name} "
    room = width - len(name) - len(scale) - 1
    value = one.value[: max(0, room)].ljust(max(0, room))
    parts: list[Part] = [
        (name, TONES["quiet"]), (value, TONES["strong"]), f" {scale}"[:width], "\n"
    ]  # fmt: skip
    for row in area(one.points, width, height - 1, top):
        parts += [(row, TONES[one.tone]), "\n"]
    return parts
