"""Texts of the detail panes, put together from pieces and tones.

Rule: colours are the theme's, by meaning, so that each theme shows the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from textual.content import Content

from simulator.tui import pretty

Part = str | tuple[str, str]
TONES: Mapping[str, str] = {
    "good": "$text-success",
    "bad": "$text-error",
    "warn": "$text-warning",
    "quiet": "$foreground 65%",
    "accent": "$text-accent",
    "strong": "bold",
    "plain": "",
    "": "",
}
_BARS = "▁▂▃▄▅▆▇█"


class Painter:
    """Lines of parts; a part is a text, or a text and its tone."""

    def __init__(self) -> None:
        self._parts: list[Part] = []

    def line(self, *parts: Part) -> Painter:
        """Add a line."""
        for part in parts:
            self._parts.append(part if isinstance(part, str) else (part[0], TONES[part[1]]))
        self._parts.append("\n")
        return self

    def title(self, text: str, tone: str = "strong") -> Painter:
        """A heading, a line apart from what stands before."""
        if self._parts:
            self.line()
        style = "bold" if tone == "strong" else f"bold {TONES[tone]}"
        self._parts += [(text, style), "\n"]
        return self

    def facts(self, facts: Iterable[tuple[str, Any]], width: int = 14) -> Painter:
        """Names and values, one a line; what is None is left out."""
        for name, value in facts:
            if value is not None:
                told = ("yes" if value else "no") if isinstance(value, bool) else str(value)
                self.line((f"{name:<{width}} ", "quiet"), told)
        return self

    def json(self, value: Any, remarks: Mapping[str, list[str]] | None = None) -> Painter:
        """A value, pretty, with remarks at its places."""
        for piece in pretty.lines(value, remarks):
            tone = "bad" if piece.remarks else ""
            self.line("  " * piece.indent, (piece.name, "accent"), (piece.value, tone))
            for remark in piece.remarks:
                self.line("  " * piece.indent, (f"▲ {remark}", "bad"))
        return self

    @property
    def content(self) -> Content:
        """All of it."""
        parts = self._parts[:-1] if self._parts and self._parts[-1] == "\n" else self._parts
        return Content.assemble(*parts)


def spark(points: Iterable[float], top: float, width: int) -> str:
    """A line of bars, the newest at the right; `top` is the highest bar's value."""
    told = list(points)[-width:]
    if top <= 0:
        return _BARS[0] * len(told)
    last = len(_BARS) - 1
    return "".join(_BARS[max(0, min(last, round(p / top * last)))] for p in told)
