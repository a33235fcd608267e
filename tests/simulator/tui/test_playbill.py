"""How a scenario is shown."""

from __future__ import annotations

from typing import Any

from simulator.scenario.schema import peek
from simulator.tui import playbill
from simulator.tui.plays import Result

TEXT = """\
name: x
purpose: Why.
matrix: {car: [anna]}
steps:
  - plug: {station: ST1, car: "${car}"}
  - expect: {ocpp: Heartbeat}
  - note: y
"""


def outcome(**more: Any) -> dict[str, Any]:
    steps = [{"problem": None, "ms": 5.0}, {"problem": "not seen", "ms": 90_000.0}]
    details = "nearest:\n       /a: expected 1, was 2"
    told = {"scenario": "x [car=anna]", "verdict": "FAIL", "why": "not seen", "seed": 7,
            "details": details, "steps": steps, "real_ms": 3.4}  # fmt: skip
    return {**told, **more}


def test_a_file_that_was_read_and_one_that_was_played() -> None:
    (run,) = peek(TEXT, "x.yaml")
    read = playbill.shape(run, None)
    assert [step["state"] for step in read["steps"]] == ["waiting"] * 3
    assert read["steps"][0]["text"] == "station: ST1, car: anna"
    played = playbill.shape(run, outcome())
    assert [step["state"] for step in played["steps"]] == ["done", "failed", "skipped"]
    assert [playbill.took(step, played) for step in played["steps"]] == ["5 ms", "1.5 min", ""]
    assert (played["at"], played["of"], played["verdict"]) == (2, 3, "FAIL")


def test_how_long_a_step_still_waits() -> None:
    step = {"state": "running", "ms": None}
    assert playbill.took(step, {"within_s": 41.6}) == "42 s left"
    assert playbill.took(step, {"within_s": 3315.2}) == "55:15 left"
    assert playbill.took(step, {"within_s": None}) == ""
    done = {"state": "done", "ms": 3 * 3_600_000.0}
    assert playbill.took(done, {"within_s": None}) == "3 h"


def test_the_verdict_with_what_came_nearest() -> None:
    (run,) = peek(TEXT, "x.yaml")
    result = Result("x.yaml", 2, "ended", [outcome(), outcome(verdict="PASS")])
    state = playbill.shape(run, outcome())
    text = playbill.told(state, result, runs=2, step=state["steps"][1]).plain
    for words in ("2 expect  ocpp: Heartbeat", "FAIL  x [car=anna]", "/a: expected 1, was 2",
                  "2 of 2 runs", "again: roamlab run x.yaml --seed 7", "Why."):  # fmt: skip
        assert words in text, words
    assert "one of 3 runs" in playbill.told(playbill.shape(run, None), None, runs=3).plain
    assert "no world" in playbill.told(state, Result("x", 0, words="no world"), runs=1).plain


def test_a_difference_stands_out() -> None:
    parts = playbill.difference("       where /status: expected Nope, was Available")
    assert [part for part in parts if isinstance(part, tuple)] == [
        ("Nope", "good"),
        ("Available", "bad"),
    ]
    assert playbill.difference("14:00:01  Heartbeat -->") == [("14:00:01  Heartbeat -->", "")]
