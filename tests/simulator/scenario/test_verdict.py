"""Verdicts, and the exit code of several."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.mistakes import Exit
from simulator.scenario.verdict import Done, Outcome, Verdict, exit_code


def ended(verdict: Verdict = Verdict.PASS, code: Any = None) -> Outcome:
    outcome = Outcome("x", "x.yaml")
    if verdict is not Verdict.PASS:
        outcome.ended(verdict, "why", code if code is not None else Exit.FAILED)
    return outcome


def test_the_first_word_counts() -> None:
    outcome = ended(Verdict.FAIL)
    outcome.ended(Verdict.ERROR, "later", Exit.INTERNAL)
    assert (outcome.verdict, outcome.why, outcome.code) == (Verdict.FAIL, "why", Exit.FAILED)


def test_an_expected_failure_passes_and_says_so() -> None:
    outcome = ended(Verdict.FAIL)
    outcome.turn("FAIL", "issue 7")
    assert (outcome.verdict, outcome.code, outcome.ok) == (Verdict.PASS, Exit.PASS, True)
    assert outcome.why == "failed, as expected (issue 7): why"


def test_an_expected_failure_that_passes_fails() -> None:
    outcome = ended()
    outcome.turn("FAIL", None)
    assert (outcome.verdict, outcome.code, outcome.ok) == (Verdict.FAIL, Exit.FAILED, False)
    assert outcome.why == "passed, though it was expected to fail"


@pytest.mark.parametrize("verdict", [Verdict.ERROR, Verdict.NOT_APPLICABLE])
def test_what_was_not_played_is_no_expected_failure(verdict: Verdict) -> None:
    outcome = ended(verdict)
    outcome.turn("FAIL", "x")
    assert outcome.verdict is verdict


@pytest.mark.parametrize(
    ("codes", "expected"),
    [([], 5), ([0, 0], 0), ([0, 1], 1), ([3, 1, 0], 1), ([0, 3, 4], 3), ([1, 70], 70), ([4], 4)],
)
def test_the_exit_code_of_several(codes: list[int], expected: int) -> None:
    outcomes = [ended(Verdict.ERROR if code else Verdict.PASS, code) for code in codes]
    assert exit_code(outcomes) == expected


def test_an_outcome_for_machines_holds_all() -> None:
    outcome = ended(Verdict.FAIL)
    outcome.steps.append(Done("plug", 3, "2026-01-15T07:00:00.000Z", 5, "no", 2.5))
    told = outcome.to_json()
    assert told["verdict"] == "FAIL"
    assert told["steps"] == [
        {"name": "plug", "line": 3, "at": "2026-01-15T07:00:00.000Z", "seq": 5, "ms": 2.5,
         "problem": "no"}
    ]  # fmt: skip
