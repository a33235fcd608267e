"""How a scenario is shown: its steps with what became of each, its verdict, its nearest misses.

Rule: pure; a file that was only read, one that was played elsewhere, and a stage look the same.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from textual.content import Content

from simulator.scenario.schema import Scenario
from simulator.scenario.stage import in_words
from simulator.scenario.variables import fill
from simulator.tui.engine import Snapshot
from simulator.tui.paint import Painter, Part
from simulator.tui.plays import BAD, Result
from simulator.tui.spans import span

GLYPHS = {"waiting": "·", "running": "▶", "done": "✓", "failed": "✗", "skipped": "–"}
TONES = {"running": "accent", "done": "good", "failed": "bad", "skipped": "quiet"}
VERDICTS = {"PASS": "good", "FAIL": "bad", "ERROR": "bad", "NOT APPLICABLE": "warn"}
_DIFFERENCE = re.compile(r"(\s+)(\S.*?): expected (.*), was (.*)")


def shape(run: Scenario, outcome: dict[str, Any] | None) -> Snapshot:
    """A run that was read, as a stage's state would tell it; with the outcome of having played it,
    if there is one.
    """
    done = outcome["steps"] if outcome is not None else []
    return {
        "name": run.title,
        "purpose": run.purpose,
        "remark": "",
        "at": len(done),
        "of": len(run.actions),
        "running": False,
        "verdict": None if outcome is None else outcome["verdict"],
        "why": "" if outcome is None else outcome["why"] or "",
        "details": [] if outcome is None else outcome["details"].splitlines(),
        "steps": _Steps(run, done, "waiting" if outcome is None else "skipped"),
        "within_s": None,
    }


class _Steps(Sequence[Snapshot]):
    """The steps of a run, put into words when somebody looks at them: there may be thousands."""

    def __init__(self, run: Scenario, done: Sequence[Snapshot], rest: str) -> None:
        self._run, self._done, self._rest = run, done, rest

    def __len__(self) -> int:
        return len(self._run.actions)

    def __getitem__(self, number: Any) -> Any:
        action = self._run.actions[number]
        done = self._done[number] if number < len(self._done) else None
        return {
            "number": number + 1,
            "line": action.line,
            "verb": action.name,
            "text": in_words(fill(action.given, self._run.values, partly=True)),
            "state": self._rest if done is None else _came(done),
            "ms": None if done is None else done["ms"],
            "why": "" if done is None else done["problem"] or "",
        }


def _came(done: dict[str, Any]) -> str:
    return "done" if done["problem"] is None else "failed"


def took(step: Snapshot, state: Snapshot) -> str:
    """What a step's last column says: how long it still waits, or how long it took."""
    if step["state"] == "running" and state["within_s"] is not None:
        left_s = round(state["within_s"])
        return f"{left_s} s left" if left_s < 100 else f"{left_s // 60}:{left_s % 60:02} left"
    return "" if step["ms"] is None else span(step["ms"])


def told(
    state: Snapshot, result: Result | None, *, runs: int, step: Snapshot | None = None
) -> Content:
    """All about it in words: verdict first, then the nearest misses, then what it is for. `step` is
    one that is looked at: it stands there whole.
    """
    paint = Painter()
    if step is not None:
        paint.line((f"{step['number']} {step['verb']}", "strong"), f"  {step['text']}")
        paint.line((f"line {step['line']}, {step['state']}", "quiet")).line()
    verdict = state["verdict"]
    if verdict is not None:
        paint.line((verdict, VERDICTS.get(verdict, "")), f"  {state['name']}")
    else:
        paint.line((state["name"], "strong"), f"  {state['at']} of {state['of']} steps")
    if state["why"]:
        paint.line((state["why"], "bad" if verdict in BAD else "quiet"))
    for line in state["details"]:
        paint.line(*difference(line))
    _others(paint, result, runs)
    paint.line().line((state["purpose"], "quiet"))
    if state["remark"]:
        paint.line((state["remark"], "quiet"))
    return paint.content


def difference(line: str) -> Sequence[Part]:
    """A line of the nearest misses: what was expected, and what was there instead."""
    match = _DIFFERENCE.fullmatch(line)
    if match is None:
        return [(line, "strong" if line.startswith("nearest") else "")]
    indent, place, wanted, was = match.groups()
    return [indent, place, ": expected ", (wanted, "good"), ", was ", (was, "bad")]


def _others(paint: Painter, result: Result | None, runs: int) -> None:
    """The runs of its matrix, where there are several."""
    if result is None:
        if runs > 1:
            paint.line((f"one of {runs} runs", "quiet"))
        return
    if result.words:
        paint.line((result.words, "bad"))
    if len(result.outcomes) > 1 or result.state != "ended":
        of = f" of {result.of}" if result.of else ""
        paint.title(f"{len(result.outcomes)}{of} runs")
    if len(result.outcomes) > 1:
        for outcome in result.outcomes:
            verdict = outcome["verdict"]
            paint.line(
                (f"{verdict:<5}", VERDICTS.get(verdict, "")), f" {outcome['scenario']}",
                (f"  {span(outcome['real_ms'])}", "quiet"),
            )  # fmt: skip
    bad = [outcome for outcome in result.outcomes if outcome["verdict"] in BAD]
    if bad:
        seed = bad[0]["seed"]
        paint.line((f"again: roamlab run {result.path} --seed {seed}", "quiet"))
