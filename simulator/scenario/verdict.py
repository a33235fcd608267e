"""How a scenario ended, in one word and in many.

Rule: four verdicts. FAIL: the world did not do what the scenario says. ERROR: the scenario could
not be played. An expected failure that passes has failed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from simulator.mistakes import Exit


class Verdict(StrEnum):
    """The verdict over one run of a scenario."""

    PASS = "PASS"
    FAIL = "FAIL"
    ERROR = "ERROR"
    NOT_APPLICABLE = "NOT APPLICABLE"


@dataclass(frozen=True, slots=True)
class Done:
    """A step that was performed. `problem` says why it was the last; `ms` are the world's."""

    name: str
    line: int
    at: str
    seq: int  # the journal's position before it
    problem: str | None = None
    ms: float = 0.0


@dataclass(slots=True)
class Outcome:
    """What became of one run. `why` is for people; `details` are near misses and the ladder."""

    title: str
    path: str
    verdict: Verdict = Verdict.PASS
    why: str | None = None
    line: int | None = None
    details: str = ""
    steps: list[Done] = field(default_factory=list)
    of: int = 0  # how many steps there are
    world_s: float = 0.0
    real_ms: float = 0.0
    seed: int | None = None
    clock: str = ""
    metrics: dict[str, float] = field(default_factory=dict)
    journal: str | None = None
    remarks: list[str] = field(default_factory=list)  # what is no failure, and worth a look
    code: int = Exit.PASS

    @property
    def ok(self) -> bool:
        """Nothing to be worried about."""
        return self.verdict in (Verdict.PASS, Verdict.NOT_APPLICABLE)

    def ended(self, verdict: Verdict, why: str, code: int = Exit.FAILED) -> None:
        """Say how it ended. The first word counts: what follows a failure is its consequence."""
        if self.verdict is Verdict.PASS:
            self.verdict, self.why, self.code = verdict, why, code

    def turn(self, expected: str, because: str | None) -> None:
        """Hold the verdict against what was expected of it."""
        if expected == Verdict.PASS or self.verdict not in (Verdict.PASS, Verdict.FAIL):
            return
        told = f" ({because})" if because else ""
        if self.verdict is Verdict.FAIL:
            self.verdict, self.code = Verdict.PASS, Exit.PASS
            self.why = f"failed, as expected{told}: {self.why}"
        else:
            self.verdict, self.code = Verdict.FAIL, Exit.FAILED
            self.why = f"passed, though it was expected to fail{told}"

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "scenario": self.title,
            "path": self.path,
            "verdict": str(self.verdict),
            "why": self.why,
            "line": self.line,
            "details": self.details,
            "steps": [
                {"name": step.name, "line": step.line, "at": step.at, "seq": step.seq,
                 "ms": step.ms, "problem": step.problem}
                for step in self.steps
            ],
            "of": self.of,
            "world_s": round(self.world_s, 3),
            "real_ms": round(self.real_ms, 1),
            "seed": self.seed,
            "clock": self.clock,
            "metrics": self.metrics,
            "journal": self.journal,
            "remarks": self.remarks,
        }  # fmt: skip


def exit_code(outcomes: list[Outcome]) -> int:
    """The exit code of several: an internal error before a failure, that before the first other;
    nothing at all has one of its own.
    """
    if not outcomes:
        return Exit.NOTHING
    codes = [outcome.code for outcome in outcomes]
    first = [code for code in (Exit.INTERNAL, Exit.FAILED, *codes) if code in codes]
    return next((code for code in first if code != Exit.PASS), Exit.PASS)
