"""Lanes of those who talk, and messages that move between them, the newest below.

Rule: it moves only while something was said lately; then it draws ten times a second, else never.
What is said faster than eyes can follow is shown without moving.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content
from textual.timer import Timer
from textual.widgets import Static

from simulator.kernel.clock import stopwatch
from simulator.tui.paint import TONES, Part
from simulator.tui.plainly import LANES, Said

_FRAME_S = 0.1
_TRAVEL_MS = 500.0  # from lane to lane
_APART_MS = 350.0  # between two that begin
_PATIENT = 12  # so many may wait for their turn: the rest is shown at once
_KEPT = 40
_RECENT = 3  # those told last, which a repetition may join
_HEAD = {True: "▶", False: "◀"}


@dataclass(slots=True)
class Shown:
    """What is shown: when it began to move, and how often it was said."""

    said: Said
    began_ms: float
    times: int = 1


class Lanes(Static, can_focus=True):
    """Five lanes."""

    ALLOW_MAXIMIZE = True
    DEFAULT_CSS = """
    Lanes { height: 1fr; background: $surface; overflow: hidden hidden; }
    """

    def __init__(self, ident: str, *, moves: bool = True) -> None:
        super().__init__("", id=ident, markup=False)
        self.text = ""
        self.moves = moves
        self._shown: deque[Shown] = deque(maxlen=_KEPT)
        self._waiting: deque[Said] = deque()
        self._below = [""] * len(LANES)
        self._elapsed_ms = stopwatch()
        self._timer: Timer | None = None

    def on_mount(self) -> None:
        """Stand still until there is something."""
        self._timer = self.set_interval(_FRAME_S, self._frame, pause=True)
        self._draw()

    def on_resize(self) -> None:
        """Other room."""
        self._draw()

    def name_lanes(self, below: Sequence[str]) -> None:
        """Who is in each lane now: a line below its name."""
        if list(below) != self._below:
            self._below = list(below)
            self._draw()

    def say(self, told: Sequence[Said]) -> None:
        """Let these be said, one after the other."""
        if not told:
            return
        self._waiting.extend(one for one in told if not self._joins(one))
        while len(self._waiting) > _PATIENT or (self._waiting and not self.moves):
            self._begin(self._waiting.popleft(), at_once=True)
        self._frame()
        if self._timer is not None and self.moves:
            self._timer.resume()

    def clear(self) -> None:
        """Forget it all."""
        self._shown.clear()
        self._waiting.clear()
        self._draw()

    def _frame(self) -> None:
        now = self._elapsed_ms()
        if self._waiting and (not self._shown or now - self._shown[-1].began_ms >= _APART_MS):
            self._begin(self._waiting.popleft())
        rests = all(now - shown.began_ms > _TRAVEL_MS for shown in list(self._shown)[-_RECENT:])
        if self._timer is not None and rests and not self._waiting:
            self._timer.pause()
        self._draw()

    def _begin(self, said: Said, *, at_once: bool = False) -> None:
        if not self._joins(said):
            now = self._elapsed_ms() - (2 * _TRAVEL_MS if at_once else 0)
            self._shown.append(Shown(said, now))

    def _joins(self, said: Said) -> bool:
        """True for what repeats one of the last: it is counted there, at once."""
        if not said.routine:
            return False
        same = (said.sender, said.receiver, said.small, True)
        for shown in list(self._shown)[-_RECENT:]:
            was = shown.said
            if (was.sender, was.receiver, was.small, was.routine) == same:
                shown.said, shown.times = said, shown.times + 1
                return True
        return False

    # Drawing

    def _draw(self) -> None:
        width, height = self.content_size
        if width < 5 * len(LANES) or height < 3:
            return
        rows = self._head(width, tall=height > 16)
        room = (height - len(rows)) // 2
        now, shown = self._elapsed_ms(), list(self._shown)[-room:] if room > 0 else []
        for number, one in enumerate(shown):
            bright = number >= len(shown) - _RECENT
            rows += _two_rows(one, width, now - one.began_ms, bright=bright)
        rows += [_Row(width) for _ in range(height - len(rows))]
        content = Content.assemble(*[part for row in rows for part in (*row.parts(), "\n")][:-1])
        self.text = content.plain
        self.update(content, layout=False)

    def _head(self, width: int, *, tall: bool) -> list[_Row]:
        """The lanes' names, large where there is room, and who is in them."""
        names, below = _Row(width, bars=False), _Row(width, bars=False)
        above = _Row(width, bars=False)
        room = width // len(LANES) - 2
        for lane, name in enumerate(LANES):
            x = _x(lane, width)
            label = name.upper() if len(name) + 2 <= room else name.upper()[:room]
            block = f"{label:^{room}}"
            names.put(x - room // 2, block, "bold reverse $text-accent")
            above.put(x - room // 2, "▄" * room, TONES["accent"])
            below.put(x - room // 2, f"{self._below[lane][:room]:^{room}}", TONES["quiet"])
        return [above, names, below] if tall else [names, below]


class _Row:
    """A row of cells, each with a style; the lanes go through it where nothing else stands."""

    def __init__(self, width: int, *, bars: bool = True) -> None:
        self._cells = [" "] * width
        self._styles = [""] * width
        if bars:
            for lane in range(len(LANES)):
                self.put(_x(lane, width), "│", TONES["quiet"])

    def put(self, x: int, text: str, style: str) -> None:
        """Write a text; what has no room is not there."""
        for place, letter in enumerate(text, x):
            if 0 <= place < len(self._cells):
                self._cells[place], self._styles[place] = letter, style

    def centred(self, x: int, text: str, style: str) -> None:
        """Write a text around a place, moved to where it has room, with a blank at both ends."""
        told = f" {text} "[: len(self._cells)]
        at = max(0, min(len(self._cells) - len(told), x - len(told) // 2))
        self.put(at, told, style)

    def parts(self) -> list[Part]:
        """Runs of cells of one style."""
        runs: list[tuple[str, str]] = []
        for cell, style in zip(self._cells, self._styles, strict=True):
            if runs and runs[-1][1] == style:
                runs[-1] = (runs[-1][0] + cell, style)
            else:
                runs.append((cell, style))
        return list(runs)


def _x(lane: int, width: int) -> int:
    return (2 * lane + 1) * width // (2 * len(LANES))


def _two_rows(one: Shown, width: int, age_ms: float, *, bright: bool) -> list[_Row]:
    """Its words above its arrow, as far as it has come."""
    said, words_row, arrow_row = one.said, _Row(width), _Row(width)
    tone = TONES[said.tone]
    style = f"bold {tone}".strip() if bright else tone or TONES["plain"]
    often = f" ×{one.times}" if one.times > 1 else ""
    began, ends = _x(said.sender, width), _x(said.receiver, width)
    words_row.centred((began + ends) // 2, f"{said.words}{often}", style)
    if began == ends:
        arrow_row.centred(began, f"◆ {said.small}".rstrip(), TONES["quiet"])
        return [words_row, arrow_row]
    share = min(1.0, max(0.0, age_ms / _TRAVEL_MS))
    at = began + round((ends - began) * share)
    left, right = min(began, at), max(began, at)
    arrow_row.put(left, "━" * (right - left + 1), tone or TONES["accent"])
    arrow_row.put(began, "●", tone or TONES["accent"])
    arrow_row.put(at, _HEAD[ends > began], style or "bold")
    if share >= 1.0 and said.small:
        _name(arrow_row, said.small, left, right, width)
    return [words_row, arrow_row]


def _name(row: _Row, text: str, left: int, right: int, width: int) -> None:
    """The protocol's name in its arrow; beside it, where it is longer, and cut if it must be."""
    room = right - left - 4
    if len(text) <= room:
        row.centred((left + right) // 2, text, TONES["quiet"])
    elif right + len(text) + 2 <= width:
        row.put(right + 1, f" {text} ", TONES["quiet"])
    elif len(text) + 2 <= left:
        row.put(left - len(text) - 2, f" {text} ", TONES["quiet"])
    else:
        row.centred((left + right) // 2, f"{text[: max(0, room - 1)]}…", TONES["quiet"])
