"""Scenario files that are played in worlds of their own, a process each, and what became of them.

Rule: one after the other, in the order they were asked for; the last result of each file is kept
while the interface lives.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from simulator.mistakes import Mistake
from simulator.tui.children import Child, Children

# The verdict of several runs is the first of these that one of them has.
_WORST = ("ERROR", "FAIL", "PASS", "NOT APPLICABLE")
BAD = ("ERROR", "FAIL")


@dataclass(slots=True)
class Result:
    """What became of a file so far: the outcomes of its runs (`roamlab run --ndjson`)."""

    path: str
    of: int  # how many runs it has; 0: not known
    state: str = "waits"  # then plays, then ended
    outcomes: list[dict[str, Any]] = field(default_factory=list)
    words: str = ""  # what kept it from being played, or from being played to its end

    @property
    def verdict(self) -> str:
        """One for all runs; empty before its end."""
        if self.state != "ended":
            return ""
        if self.words:
            return "ERROR"
        told = {outcome["verdict"] for outcome in self.outcomes}
        return next((word for word in _WORST if word in told), "ERROR")

    @property
    def telling(self) -> dict[str, Any] | None:
        """The run that has most to say: the first that failed, else the first."""
        bad = (outcome for outcome in self.outcomes if outcome["verdict"] in BAD)
        return next(bad, self.outcomes[0] if self.outcomes else None)


class Plays:
    """All that was played from here. `version` rises with each change."""

    def __init__(self, children: Children) -> None:
        self._children = children
        self._waiting: deque[Result] = deque()
        self._child: Child | None = None
        self._busy = False
        self.results: dict[str, Result] = {}
        self.version = 0

    def ask(self, paths: Iterable[tuple[str, int]]) -> int:
        """Let files be played: paths, and how many runs each has; gives how many were taken. One
        that waits or plays already is not asked for again.
        """
        taken = 0
        for path, of in paths:
            known = self.results.get(path)
            if known is not None and known.state != "ended":
                continue
            self.results[path] = result = Result(path, of)
            self._waiting.append(result)
            taken += 1
        self.version += 1
        return taken

    @property
    def failed(self) -> Sequence[str]:
        """The files whose last result was bad."""
        return [path for path, result in self.results.items() if result.verdict in BAD]

    @property
    def left(self) -> int:
        """How many wait or play."""
        return len(self._waiting) + self._busy

    async def play(self) -> None:
        """Play what was asked for, until none is left; somebody else may be at it already."""
        if self._busy:
            return
        self._busy = True
        try:
            while self._waiting:
                await self._play(self._waiting.popleft())
        finally:
            self._busy = False

    async def _play(self, result: Result) -> None:
        result.state = "plays"
        self.version += 1
        try:
            child = await self._children.start("run", result.path, "--ndjson", "-")
        except Mistake as mistake:
            result.words = str(mistake)
        else:
            self._child = child
            async for outcome in child.told():
                result.outcomes.append(outcome)
                self.version += 1
            self._child = None
            await self._children.end(child)
            result.words = _words(child, result)
        result.state = "ended"
        self.version += 1

    async def halt(self) -> None:
        """Play no more of them; the one that plays is ended."""
        for result in self._waiting:
            result.state, result.words = "ended", "it was not played"
            del self.results[result.path]
        self._waiting.clear()
        if self._child is not None:
            await self._child.end()
        self.version += 1


def _words(child: Child, result: Result) -> str:
    """What kept a file from being played to its end."""
    if child.interrupted:
        return "\n".join([f"not played to its end: {child.ending}", *child.words])
    if result.outcomes:
        return ""
    return "\n".join(child.words) or f"nothing was played: {child.ending}"
