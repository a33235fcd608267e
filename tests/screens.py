"""`python -m tests.screens`: draw the screens for the documents, at the seeded moment; a test
compares.

A screen is drawn twice: as SVG, and in letters for tests. Both are our own, for the SVG that Rich
exports is five times as large and asks a font of another server.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping
from functools import cache
from html import escape
from itertools import groupby
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

from rich.cells import cell_len
from rich.style import Style
from textual.pilot import Pilot

from simulator.tui import library
from simulator.tui.app import RoamlabApp
from simulator.tui.views import VIEWS
from tests.seeded import FILE, Moment, SeededEngine, moment

SCENARIOS = Path(__file__).parent.parent / "scenarios"
# What the seeded scenario is called there, and the files that are shown beside it.
MINE = "refused_cdr.yaml"
FILES = (
    "cdr/refused_then_sent", "cdr/repeated", "demo/developers", "demo/partners", "faults/drop",
)  # fmt: skip
FOLDER = Path(__file__).parent.parent / "docs" / "screens"
SIZE = (120, 40)
# What is pressed on a screen before it is drawn, so that it shows what it is for.
KEYS: Mapping[str, tuple[str, ...]] = {
    "traffic": ("N", "N", "N"),
    "sessions": ("home",),
}
INK, PAPER = "#d8dee6", "#141a21"
WIDE, HIGH = 8.4, 20  # of a cell, for letters of 14
_FONT = "ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
_PARTS = re.compile(r"\S+(?: \S+)*")  # viewers draw several blanks as one
_MARKS = {
    "": "", "bold": ' font-weight="bold"', "italic": ' font-style="italic"',
    "dim": ' opacity="0.6"', "underline": ' text-decoration="underline"',
}  # fmt: skip


class Look(NamedTuple):
    """How a text looks: two colours, and `bold`, `dim`, `italic` or `underline`."""

    ink: str
    paper: str
    marks: str


Lines = list[list[tuple[str, Look]]]


class Still(RoamlabApp):
    """The interface, looking when it is told to alone."""

    def _read(self) -> None: ...

    def _draw(self) -> None: ...

    async def _second(self) -> None: ...

    async def look(self) -> None:
        """Take in everything, and draw it."""
        while changes := self.store.read():
            self._changes.visits |= changes.visits
            self._changes.exchanges |= changes.exchanges
        await self._look()
        RoamlabApp._draw(self)
        if self.view is not None:
            self.view.show_all()
            self.view.show_seconds()
        self.show_status()


@cache
def drawn(size: tuple[int, int]) -> Mapping[str, Lines]:
    """Every screen at a size in columns and lines, by its name; once in each process."""
    return asyncio.run(_drawn(size, moment()))


async def _drawn(size: tuple[int, int], seeded: Moment) -> Mapping[str, Lines]:
    with tempfile.TemporaryDirectory() as folder, _shelf(Path(folder)):
        engine = SeededEngine(seeded, Path(folder) / MINE)
        app = Still(engine, folder=Path(folder))
        app.animation_level = "none"
        return await _looked_at(app, size, seeded)


@contextlib.contextmanager
def _shelf(folder: Path) -> Iterator[None]:
    """Scenario files, the same whatever comes along: the seeded one and some names."""
    (folder / MINE).write_bytes(FILE.read_bytes())
    for name in FILES:
        path = folder / "shelf" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((SCENARIOS / f"{name}.yaml").read_bytes())
    with patch.object(library, "SHELVES", (folder / "shelf",)):
        yield


async def _looked_at(app: Still, size: tuple[int, int], seeded: Moment) -> Mapping[str, Lines]:
    for look in zip(*seeded.points.values(), strict=True):
        for station in look:
            app.store._remember(station["id"], station)
    found = {}
    async with app.run_test(size=size, notifications=False) as pilot:
        while not app.started or app.view is None:
            await pilot.pause(0.01)
        await app.look()
        for name in VIEWS:
            app.action_view(name)
            await pilot.pause()
            await _settle(app, pilot)
            await pilot.press(*KEYS.get(name, ()))
            found[name] = await _settle(app, pilot)
    return found


async def _settle(app: Still, pilot: Pilot[int]) -> Lines:
    """The screen, once looking again shows the same."""
    before: Lines = []
    while True:
        await app.look()
        await pilot.pause(0.02)
        now = lines(app)
        if now == before:
            return now
        before = now


def lines(app: RoamlabApp) -> Lines:
    """Each line of the screen: texts with the styles that they have."""
    told = []
    for strip in app.screen._compositor.render_strips():
        runs = groupby(strip, lambda segment: look_of(segment.style))
        told.append([("".join(one.text for one in run), look) for look, run in runs])
    return told


def look_of(style: Style | None) -> Look:
    """What of a style is seen."""
    style = style or Style()
    ink, paper = (
        color.get_truecolor().hex if color is not None else default
        for color, default in ((style.color, INK), (style.bgcolor, PAPER))
    )
    if style.reverse:
        ink, paper = paper, ink
    marks = [name for name in ("bold", "dim", "italic", "underline") if getattr(style, name)]
    return Look(ink, paper, " ".join(marks))


def letters(told: Lines) -> str:
    """Each line, and how many of its cells have which style, by letters that the end explains."""
    names: dict[Look, str] = {}
    text = []
    for line in told:
        text.append("".join(words for words, _ in line).rstrip())
        runs = [
            (cell_len(words), names.setdefault(look, _letter(len(names)))) for words, look in line
        ]
        text.append("  " + " ".join(f"{name}{length}" for length, name in runs if length))
    text += [
        f"{name}: {look.ink} on {look.paper} {look.marks}".rstrip() for look, name in names.items()
    ]
    return "\n".join(text) + "\n"


def svg(told: Lines) -> str:
    """The same as a picture, which needs no font of anybody's."""
    width = max(sum(cell_len(words) for words, _ in line) for line in told) * WIDE
    back, front = [], []
    for number, line in enumerate(told):
        x, y = 0.0, number * HIGH
        for words, look in line:
            wide = cell_len(words) * WIDE
            if look.paper != PAPER and wide:
                back.append(f'<path fill="{look.paper}" d="M{x:g} {y}h{wide:g}v{HIGH}H{x:g}"/>')
            for part in _PARTS.finditer(words):
                begin = x + cell_len(words[: part.start()]) * WIDE
                front.append(
                    f'<text x="{begin:g}" y="{y + 15}" textLength="{cell_len(part[0]) * WIDE:g}" '
                    f'fill="{look.ink}"{_MARKS[look.marks]}>{escape(part[0])}</text>'
                )
            x += wide
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {len(told) * HIGH}" '
        f'font-family="{_FONT}" font-size="14">'
        f'<rect width="100%" height="100%" fill="{PAPER}"/>'
    )
    return "\n".join([head, *back, *front, "</svg>", ""])


def _letter(number: int) -> str:
    first, second = divmod(number, 26)
    return ("" if not first else chr(96 + first)) + chr(97 + second)


def main() -> None:
    """Write the files that differ."""
    FOLDER.mkdir(exist_ok=True)
    there = {path.stem for path in FOLDER.glob("*.svg")}
    for name, screen in drawn(SIZE).items():
        (FOLDER / f"{name}.svg").write_text(svg(screen), encoding="utf-8")
    for name in there - set(VIEWS):
        (FOLDER / f"{name}.svg").unlink()
    sys.stdout.write(f"{FOLDER}: {', '.join(VIEWS)}\n")


if __name__ == "__main__":
    main()
