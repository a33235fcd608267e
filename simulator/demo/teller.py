"""Tell a story on a terminal, a pipe or nowhere: captions, messages with the world's time, claims.

Rule: calm. One line an exchange, told when its outcome is known; repetitions are counted, not
repeated. Narrow terminals lose detail before they lose a line.
"""

from __future__ import annotations

import errno
from collections import Counter
from typing import IO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from simulator.demo.witness import Claim
from simulator.kernel.journal import Record
from simulator.wording import Line, Wording

# Not news in any act.
UNTOLD = frozenset({"Heartbeat"})
_ARROWS = {"ocpp": ("──▶", "cyan"), "ocpi": ("══▶", "magenta"), "finding": ("═✗═", "red")}
_TONES = {"good": "green", "bad": "bold red", "quiet": "dim", "plain": ""}
_NARROWEST = 60


class _Terminal(Console):
    """A console whose reader may go away: an error as of any file, not the end of the process."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError(errno.EPIPE, "nobody reads the story any more")


class Teller:
    """Listen to a journal and tell what is in it."""

    def __init__(self, file: IO[str] | None = None, *, only_bad: bool = False) -> None:
        self.console = _Terminal(file=file, highlight=False, soft_wrap=False)
        self._only_bad = only_bad
        self._wording = Wording()
        # What was told once since the last news, and how often it came again.
        self._again: Counter[tuple[str, str]] = Counter()

    def title(self, text: str, note: str) -> None:
        """The head of the story."""
        self.console.print(Text(text, style="bold"))
        self.console.print(Text(note, style="dim"))

    def act(self, number: int, title: str, caption: str) -> None:
        """A new act begins."""
        self._settle()
        self.console.print()
        self.console.rule(Text(f"{number}  {title}", style="bold"), align="left", style="dim")
        self.console.print(Text(caption, style="italic"))

    def hear(self, record: Record) -> None:
        """Tell a record, if it is news."""
        line = self._wording.line(record)
        if line is None or line.what in UNTOLD or (self._only_bad and line.tone != "bad"):
            return
        if line.routine:
            key = (line.leg, line.what)
            if key in self._again:
                self._again[key] += 1
                return
            self._again[key] = 0
        else:
            self._settle()
        self._print(line)

    def claims(self, claims: list[Claim]) -> None:
        """What an act has shown."""
        self._settle()
        grid = Table.grid(padding=(0, 1))
        for claim in claims:
            mark, style = ("✓", "green") if claim.holds else ("✗ not so:", "bold red")
            grid.add_row("", Text(mark, style), claim.text)
        self.console.print(grid)

    def note(self, text: str) -> None:
        """Something that happens off the wire: a hand, a cable, a car."""
        self._settle()
        self.console.print(Text(f"  · {text}", style="yellow"))

    def _settle(self) -> None:
        more = [f"{count} more {what}" for (_, what), count in self._again.items() if count]
        if more:
            self._write(Text(f"{'':10}{'':>11} … and {', '.join(more)}", style="dim"))
        self._again.clear()

    def _print(self, line: Line) -> None:
        arrow, colour = _ARROWS[line.leg]
        head = Text.assemble((f"{line.at[11:19]}  ", "dim"))
        if self.console.width >= _NARROWEST:
            head.append(f"{line.sender:>11} ")
        head.append(arrow, colour)
        if self.console.width >= _NARROWEST:
            head.append(f" {line.receiver:<11}")
        head.append(f" {line.what}", "bold")
        # The outcome is what matters: the detail makes room for it.
        outcome = Text(line.outcome, style=_TONES[line.tone])
        outcome.truncate(max(8, self.console.width - len(head) - 2), overflow="ellipsis")
        room = self.console.width - len(head) - len(outcome) - 3
        detail = Text(line.detail)
        detail.truncate(max(0, room), overflow="ellipsis")
        parts = [part for part in (head, detail, outcome) if part.plain]
        self._write(Text(" ").join(parts))

    def _write(self, text: Text) -> None:
        self.console.print(text, no_wrap=True, overflow="ellipsis", crop=True)
