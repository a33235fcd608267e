"""The help page: what one may ask, what a screen shows, its keys as they are bound, the filters.

Rule: made of the tables that questions, keys and the filter themselves are made of.
"""

from __future__ import annotations

from collections.abc import Mapping

from textual.content import Content

from simulator.kernel.filters import FLAGS, NUMBERS, WORDS
from simulator.tui import panes
from simulator.tui.keys import rows
from simulator.tui.paint import Painter
from simulator.tui.questions import QUESTIONS


def page(
    title: str,
    about: str,
    place: str,
    keymap: Mapping[str, str],
    pane: tuple[str, str] = ("", ""),
    *,
    typing: bool = False,
) -> Content:
    """The help of one screen and of a pane of it (id, name); `keymap`: the keys that a user has
    changed, by id. It begins with the filters for somebody who is `typing` one.
    """
    paint = Painter()
    if typing:
        _filters(paint)
        paint.line()
    paint.line(("What do you want to know?", "strong"), ("  Press its letter.", "quiet"))
    for question in QUESTIONS:
        paint.line((f"  {question.key}  ", "accent"), question.words)
    if pane[0] in panes.HELP:
        paint.title(f"Here: {pane[1]}").line(panes.HELP[pane[0]])
    paint.title(title).line(about)
    for heading, name in ((f"Keys on {title}", place), ("In every table", "table"),
                          ("Everywhere", "app")):  # fmt: skip
        paint.title(heading, "accent")
        for row in rows(name):
            shown = keymap.get(row.id, row.keys).replace(",", " ")
            paint.line((f"{shown:<14}", "strong"), row.what)
    if not typing:
        _filters(paint)
    return paint.content


def _filters(paint: Painter) -> None:
    paint.title("Filter", "accent")
    paint.line("A bare word is looked for anywhere. Words are parts, * and ? make patterns.")
    paint.line("Join with & (or a blank), |, !, ( ). As in: ", ("~cp DE-AC-1 & !~a Heartbeat",
               "strong"))  # fmt: skip
    for name, what in (*WORDS.items(), *FLAGS.items(), *NUMBERS.items()):
        word = " WORD" if name in WORDS else ">500" if name in NUMBERS else ""
        paint.line((f"~{name + word:<13}", "strong"), what)
