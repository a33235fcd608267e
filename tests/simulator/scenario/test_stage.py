"""Steps that wait in a world: at once, one at a time, up to one; never two at a time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from simulator.mistakes import Exit
from simulator.scenario.schema import read
from simulator.scenario.stage import Stage, in_words, look_up, play_here, written
from simulator.scenario.step import StepError
from simulator.scenario.verdict import Verdict
from simulator.world import World

from .stage import scenario_file

HEAD = "name: x\npurpose: Why.\nworld: tiny.yaml\n"
NOTES = "steps: [note: a, note: b, note: c, note: d]\n"


@contextlib.asynccontextmanager
async def staged(folder: Path, text: str) -> AsyncIterator[tuple[World, Stage]]:
    """A scenario's steps in its own world, which runs."""
    (scenario,) = read(scenario_file(folder, text))
    async with World(scenario.world, seed=7) as world:
        stage = Stage(world, scenario.title, scenario.actions, source=scenario)
        try:
            yield world, stage
        finally:
            await stage.drop()


def marks(stage: Stage) -> list[str]:
    return [step["state"] for step in stage.state()["steps"]]


async def test_one_step_after_the_other(tmp_path: Path) -> None:
    text = f"""{HEAD}steps:
  - note: A car comes.
  - plug: {{station: ST1, car: anna}}
  - tap: {{station: ST1, token: 0123, save: tapped}}
  - note: "it is ${{tapped}}"
thresholds: {{ocpp_errors: 0}}
"""
    async with staged(tmp_path, text) as (_, stage):
        first = stage.state()
        assert (first["name"], first["purpose"], first["of"]) == ("x", "Why.", 4)
        assert (first["at"], first["verdict"], first["file"]) == (0, None, stage.source.path)  # type: ignore[union-attr]
        assert set(marks(stage)) == {"waiting"}
        assert first["steps"][3]["caption"] == "it is ${tapped}"
        after = await stage.step()
        assert (after["at"], after["running"], marks(stage)[:2]) == (1, False, ["done", "waiting"])
        assert [step["caption"] for step in after["steps"][:3]] == ["A car comes."] * 2 + [None]
        assert after["steps"][1]["text"] == "station: ST1, car: anna"
        assert (after["steps"][1]["line"], after["steps"][1]["verb"]) == (6, "plug")
        await stage.step()
        await stage.step()
        end = await stage.step()
        assert (end["verdict"], end["at"], end["why"]) == ("PASS", 4, "")
        assert end["steps"][3]["caption"] == "it is true"
        assert stage.ended and stage.outcome.metrics["ocpp_calls"] > 0
        with pytest.raises(StepError, match="has ended: PASS"):
            await stage.step()


async def test_a_breakpoint(tmp_path: Path) -> None:
    async with staged(tmp_path, HEAD + NOTES) as (_, stage):
        assert (await stage.run(until=3))["at"] == 2
        assert (await stage.run(until=3))["at"] == 2  # it is the next already
        with pytest.raises(StepError, match="step 2 has been performed"):
            await stage.run(until=2)
        with pytest.raises(StepError, match="there is no step 5: it has 4"):
            await stage.run(until=5)
        assert (await stage.run())["verdict"] == "PASS"


async def test_the_first_that_goes_wrong_ends_it(tmp_path: Path) -> None:
    wanted = "{ocpp: StatusNotification, where: {/status: No}, within: 1 s}"
    steps = f"steps: [plug: ST1, expect: {wanted}, note: y]\n"
    async with staged(tmp_path, HEAD + steps) as (_, stage):
        state = await stage.run()
        assert (state["verdict"], state["at"]) == ("FAIL", 2)
        assert marks(stage) == ["done", "failed", "skipped"]
        assert "not seen: ocpp StatusNotification" in state["why"] == state["steps"][1]["why"]
        assert state["details"][0] == "nearest:"
        assert 1000 <= state["steps"][1]["ms"] < 1100
        assert (stage.outcome.line, stage.outcome.code) == (4, Exit.FAILED)


async def test_thresholds_and_a_known_failure_count(tmp_path: Path) -> None:
    limit = f"{HEAD}steps: [note: x]\nthresholds: {{cdrs: {{ge: 1}}}}\n"
    async with staged(tmp_path, limit) as (_, stage):
        state = await stage.run()
        assert (state["verdict"], marks(stage)) == ("FAIL", ["done"])
        assert state["why"].startswith("threshold cdrs:")
    known = "expected: FAIL\nbecause: issue 7\n"
    async with staged(tmp_path, limit + known) as (_, stage):
        state = await stage.run()
        assert (state["verdict"], "as expected (issue 7)" in state["why"]) == ("PASS", True)


async def test_what_an_expectation_still_waits_is_told(tmp_path: Path) -> None:
    steps = "steps: [expect: {ocpi: POST cdrs, within: 60 s}, note: x]\n"
    async with staged(tmp_path, HEAD + steps) as (world, stage):
        assert stage.state()["within_s"] is None
        task = asyncio.create_task(stage.step())
        await world.clock.sleep(20)
        state = stage.state()
        assert (state["running"], marks(stage)) == (True, ["running", "waiting"])
        assert 39 <= state["within_s"] <= 40.1
        await task
        assert stage.state()["within_s"] is None


async def test_never_two_at_once_and_dropped_while_one_runs(tmp_path: Path) -> None:
    steps = "steps: [advance: 1 h, note: x]\n"
    async with staged(tmp_path, HEAD + steps) as (world, stage):
        task = asyncio.create_task(stage.run())
        await world.clock.sleep(5)
        for again in (stage.step, stage.run):
            with pytest.raises(StepError, match="runs already"):
                await again()
        await stage.drop()
        with pytest.raises(StepError, match="dropped while"):
            await task
        assert world.clock.monotonic() < 60
        assert stage.gone.is_set() and marks(stage) == ["skipped", "skipped"]
        with pytest.raises(StepError, match="has been dropped"):
            await stage.step()


async def test_who_waits_for_it_and_is_cancelled_cancels_it(tmp_path: Path) -> None:
    async with staged(tmp_path, f"{HEAD}steps: [advance: 1 h]\n") as (world, stage):
        task = asyncio.create_task(stage.run())
        await world.clock.sleep(5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not stage.state()["running"] and stage.state()["at"] == 0


async def test_expectations_look_from_where_it_was_made(tmp_path: Path) -> None:
    async with staged(tmp_path, f"{HEAD}steps: [note: x]\n") as (world, stage):
        await stage.run()
        looks = "expect: {ocpp: BootNotification, within: 0}"
        (scenario,) = read(scenario_file(tmp_path, f"{HEAD}steps: [{looks}]\n"))
        later = Stage(world, "later", scenario.actions, source=scenario)
        assert (await later.run())["verdict"] == "FAIL"
        await later.drop()
        never = await play_here(world, "never", [{"never": {"ocpp": "BootNotification"}}])
        assert never.verdict is Verdict.PASS


async def test_steps_are_played_in_a_world_that_goes_on(tmp_path: Path) -> None:
    async with staged(tmp_path, f"{HEAD}steps: [note: x]\n") as (world, _):
        outcome = await play_here(world, "mine", ["clear_faults", {"note": "x"}])
        assert (outcome.verdict, outcome.of, len(outcome.steps)) == (Verdict.PASS, 2, 2)
        outcome = await play_here(world, "mine", [{"plugg": 1}])
        assert (outcome.verdict, outcome.of) == (Verdict.ERROR, 1)
        assert world.stations["ST1"].snapshot()["connected"]


@pytest.mark.parametrize("step", [5, {}, {"a": 1, "b": 2}, {"plugg": "ST1"}])
def test_what_is_no_step_is_told(step: Any) -> None:
    with pytest.raises(StepError, match=r"expected one verb|Did you mean 'plug'"):
        written([{"note": "x"}, step])


def test_arguments_in_words_without_secrets() -> None:
    given = {"peer": "p", "token_a": "abc", "where": {"/a": {"gt": 5}}, "of": [True, None]}
    assert in_words(given) == "peer: p, token_a: ***, where: {/a: {gt: 5}}, of: [true, null]"
    assert (in_words(None), in_words("ST1"), in_words(["a", 1])) == ("", "ST1", "a, 1")


def test_results_are_looked_up_by_pointer() -> None:
    assert look_up({"a": [{"b": 5}]}, "/a/0/b") == 5
    assert look_up(5, "") == 5
    with pytest.raises(StepError, match="nothing at /x"):
        look_up({}, "/x")
