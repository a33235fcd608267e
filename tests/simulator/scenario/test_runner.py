"""A scenario is played to one outcome, whatever happens, and the same way each time."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from simulator.mistakes import Exit
from simulator.scenario import stage
from simulator.scenario.runner import run
from simulator.scenario.schema import read
from simulator.scenario.step import Kind
from simulator.scenario.steps import STEPS
from simulator.scenario.verdict import Outcome, Verdict
from simulator.world import World
from simulator.world_ports import Ports

from .stage import scenario_file

HEAD = "name: x\nworld: tiny.yaml\n"
SESSION = """\
steps:
  - plug: {station: ST1, car: anna}
  - tap: {station: ST1, token: 0123, save: tapped}
  - expect: {ocpi: PUT sessions, status: 1000, save: {session: /id}}
  - note: "${session} ${tapped}"
  - advance: 40 min
  - stop: ST1
  - expect: {ocpi: POST cdrs, where: {/session_id: "${session}"}}
"""


@pytest.fixture
def play(tmp_path: Path) -> Any:
    def own(text: str, **how: Any) -> Outcome:
        return run(read(scenario_file(tmp_path, text))[0], **how)

    return own


def test_a_session_from_card_to_cdr(play: Any) -> None:
    outcome = play(f"{HEAD}{SESSION}thresholds: {{cdrs: {{eq: 1}}, rejected_findings: 0}}\n")
    assert (outcome.verdict, outcome.why) == (Verdict.PASS, None)
    assert [step.line for step in outcome.steps] == list(range(4, 11))
    assert (outcome.metrics["cdrs"], outcome.seed, outcome.clock) == (1, 7, "virtual")
    assert outcome.world_s > 2400


@pytest.mark.real
def test_on_a_real_clock_worlds_do_not_collide(play: Any) -> None:
    """None takes a port that its file does not name."""
    steps = "steps: [check: {/addresses/ocpp_url: {matches: ':(?!9000/)[0-9]+/'}}]\n"
    told = {"clock": "real", "journal": None}
    assert play(f"{HEAD}start: off\n{steps}", **told).verdict is Verdict.PASS
    named = f"{HEAD}start: off\nchange: {{/ports: fixed}}\n{steps}"
    assert play(named, **told, ports=Ports.ALL_FREE).verdict is Verdict.PASS


def test_the_same_seed_is_the_same_journal(play: Any, tmp_path: Path) -> None:
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        play(HEAD + SESSION, seed=seed, journal=tmp_path / name)
    a, b, c = ((tmp_path / name).read_bytes() for name in "abc")
    assert a == b != c


def test_an_expectation_that_is_not_met_fails_with_its_line(play: Any) -> None:
    steps = "steps:\n  - note: x\n  - expect: {ocpi: POST cdrs, within: 1 s}\n  - note: y\n"
    outcome = play(HEAD + steps)
    assert (outcome.verdict, outcome.line, outcome.code) == (Verdict.FAIL, 5, Exit.FAILED)
    assert outcome.details.startswith("nearest:")
    assert [step.problem is None for step in outcome.steps] == [True, False]


def test_a_fault_that_never_struck_is_remarked_on(play: Any) -> None:
    outcome = play(f"""{HEAD}steps:
  - fault: {{kind: drop, actor: cpo, action: Reset}}
  - fault: {{kind: drop, actor: plugsurfing, module: cdrs, at: peer}}
  - fault: {{kind: clock_skew, actor: cpo}}
""")
    assert (outcome.verdict, outcome.why) == (Verdict.PASS, None)
    assert outcome.remarks == [
        "fault-1 never struck: drop, actor cpo, action Reset",
        "fault-1 of plugsurfing never struck: drop, actor plugsurfing, module cdrs",
    ]


def test_a_threshold_that_is_not_kept_fails(play: Any) -> None:
    outcome = play(f"{HEAD}steps: [note: x]\nthresholds: {{ocpp_calls: 0, cdrs: {{ge: 1}}}}\n")
    assert outcome.verdict is Verdict.FAIL
    assert outcome.why.startswith("threshold ocpp_calls: expected <= 0, was ")
    assert outcome.why.endswith("; threshold cdrs: expected >= 1, was 0"), "all are told"


def test_a_step_that_cannot_be_done_is_an_error_with_its_line(play: Any) -> None:
    outcome = play(
        HEAD + "steps:\n  - note: x\n  - peer_control: {path: /nowhere, save: {a: /b}}\n"
    )
    assert (outcome.verdict, outcome.line) == (Verdict.ERROR, 5)
    assert outcome.code == Exit.USAGE, outcome.why


def test_a_verb_that_breaks_is_an_internal_error_with_its_line(
    play: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise KeyError("oops")

    monkeypatch.setattr(stage, "perform", broken)
    outcome = play(HEAD + "steps:\n  - note: x\n")
    assert (outcome.verdict, outcome.line, outcome.code) == (Verdict.ERROR, 4, Exit.INTERNAL)
    assert outcome.why == "internal error: KeyError: 'oops'"
    assert "Traceback" in outcome.details


@pytest.mark.parametrize("error", [RuntimeError("stuck"), None])
def test_a_world_that_cannot_stop_is_an_error(
    play: Any, monkeypatch: pytest.MonkeyPatch, error: Exception | None
) -> None:
    stop = World.stop

    async def stuck(self: World) -> None:
        try:
            if error is not None:
                raise error
            await asyncio.Event().wait()
        finally:
            await stop(self)

    monkeypatch.setattr(World, "stop", stuck)
    outcome = play(HEAD + "steps: [note: x]\n")
    assert outcome.verdict is Verdict.ERROR
    assert "stuck" in outcome.why or "did not stop within 30 s" in outcome.why


def test_a_peer_that_does_not_answer_is_no_error_of_ours(play: Any) -> None:
    outcome = play(f"""{HEAD}steps:
  - fault: {{kind: drop, actor: cpo, direction: received, of: request, method: DELETE}}
  - peer_control: {{method: DELETE, path: /connections/cpo-1}}
""")
    assert (outcome.verdict, outcome.line, outcome.code) == (Verdict.ERROR, 5, Exit.TIMEOUT)
    assert "no answer within" in str(outcome.why) and "Traceback" not in outcome.details


def test_what_does_not_apply_is_not_played(play: Any) -> None:
    text = f"{HEAD}matrix: {{v: [1]}}\nnot_applicable: [{{when: {{v: 1}}, reason: no}}]\n"
    outcome = play(f"{text}steps: [note: x]\n")
    assert (outcome.verdict, outcome.why, outcome.steps) == (Verdict.NOT_APPLICABLE, "no", [])


def test_a_known_failure_passes_and_its_end_is_noticed(play: Any) -> None:
    head = f"{HEAD}expected: FAIL\nbecause: issue 7\n"
    assert play(head + "steps: [expect: {ocpi: PUT tariffs, within: 0}]\n").verdict is Verdict.PASS
    assert play(head + "steps: [note: x]\n").verdict is Verdict.FAIL


def test_a_journal_that_cannot_be_written_is_told(play: Any, tmp_path: Path) -> None:
    outcome = play(HEAD + "steps: [note: x]\n", journal=tmp_path / "no" / "x.ndjson")
    assert (outcome.verdict, outcome.code) == (Verdict.ERROR, Exit.USAGE)
    assert outcome.why == f"{tmp_path / 'no' / 'x.ndjson'}: No such file or directory"


def test_the_loops_clock_is_the_one_told(play: Any) -> None:
    outcome = play(HEAD + "steps: [advance: 5 s]\nstart: off\n", clock="scaled:5")
    assert (outcome.verdict, outcome.clock) == (Verdict.PASS, "scaled:5"), outcome.why


def test_kinds_are_all_in_use() -> None:
    assert {arg.kind for step in STEPS.values() for arg in step.args} >= set(Kind) - {Kind.NUMBER}
