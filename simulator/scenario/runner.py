"""Play a scenario: build its world, perform its steps in order, say how it ended.

Rule: whatever happens, the world is stopped and there is an outcome; the first thing that goes
wrong ends the run and is the verdict.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from simulator.kernel.clock import Clock, rfc3339, stopwatch
from simulator.kernel.loop import run as run_loop
from simulator.mistakes import Exit, Mistake
from simulator.scenario.compare import MISSING
from simulator.scenario.expect import ExpectationFailed
from simulator.scenario.metrics import metrics_of, threshold_problem
from simulator.scenario.schema import Action, Scenario, clock_of
from simulator.scenario.schema_steps import parts
from simulator.scenario.sights import point
from simulator.scenario.step import Play, StepError, StepFailed
from simulator.scenario.steps import perform, step_of
from simulator.scenario.variables import fill
from simulator.scenario.verdict import Done, Outcome, Verdict
from simulator.wire.http_aio import HttpFailure
from simulator.world import World

# How long a world may take to stop, in seconds of its loop: at its own end, and interrupted.
_PATIENCE_S, _GRACE_S = 30.0, 0.8


def run(
    scenario: Scenario,
    *,
    clock: str | None = None,
    seed: int | None = None,
    journal: Path | None = None,
) -> Outcome:
    """Play a scenario on its clock's loop, from nothing to its outcome.

    Raises nothing but KeyboardInterrupt: what goes wrong is the outcome.
    """
    outcome = Outcome(scenario.title, scenario.path, of=len(scenario.actions))
    elapsed_ms = stopwatch()
    if scenario.not_applicable is not None:
        outcome.verdict, outcome.why = Verdict.NOT_APPLICABLE, scenario.not_applicable
        return outcome
    try:
        told = str(clock_of(scenario, clock))
        world = World(scenario.world, clock=told, seed=scenario.seed if seed is None else seed)
        outcome.seed, outcome.clock = world.seed, told
        if journal is not None:
            _write_to(journal, world, outcome)
        run_loop(_play(scenario, world, outcome), world.clock)
    except Exception as error:
        _broke(outcome, error)
    outcome.real_ms = elapsed_ms()
    outcome.turn(scenario.expected, scenario.because)
    return outcome


def _write_to(journal: Path, world: World, outcome: Outcome) -> None:
    try:
        world.journal.open(journal)
    except OSError as error:
        raise Mistake(f"{journal}: {error.strerror or error}") from error
    outcome.journal = str(journal)


async def _play(scenario: Scenario, world: World, outcome: Outcome) -> None:
    play = Play(world, dict(scenario.values))
    try:
        await world.begin(scenario.start)
        await perform_all(play, scenario.actions, outcome)
        outcome.metrics = metrics_of(world.journal.records)
        for name, limit in scenario.thresholds.items():
            problem = threshold_problem(name, limit, outcome.metrics)
            if problem is not None:
                outcome.ended(Verdict.FAIL, problem)
    except Exception as error:
        _broke(outcome, error)
    finally:
        outcome.world_s = world.clock.monotonic()
        await _stop(world, outcome)


async def _stop(world: World, outcome: Outcome) -> None:
    """Stop a world that may not want to; whoever is interrupted has little patience."""
    task = asyncio.current_task()
    interrupted = task is not None and task.cancelling() > 0
    patience_s = _GRACE_S if interrupted else _PATIENCE_S
    try:
        async with Clock("real").timeout(patience_s):
            await world.stop()
    except TimeoutError:
        world.journal.close()
        why = f"the world did not stop within {patience_s:g} s of its loop"
        outcome.ended(Verdict.ERROR, why, Exit.TIMEOUT)
    except Exception as error:
        _broke(outcome, error)


async def play_here(world: World, name: str, steps: Sequence[Any]) -> Outcome:
    """Play steps, as a file would write them, in a world that runs, and leave it running.

    A step's number stands where a file has lines. Raises nothing that a step can cause.
    """
    outcome = Outcome(name, name, of=len(steps), seed=world.seed, clock=str(world.clock))
    began_s, seq = world.clock.monotonic(), world.journal.seq
    play = Play(world, {}, seq)
    try:
        actions = tuple(_written(number, step) for number, step in enumerate(steps, 1))
        await perform_all(play, actions, outcome)
        outcome.metrics = metrics_of(world.journal.since(seq))
    except Exception as error:
        _broke(outcome, error)
    finally:
        play.sightings.close()
    outcome.world_s = world.clock.monotonic() - began_s
    return outcome


def _written(number: int, step: Any) -> Action:
    """A step as it was written. Raises StepError."""
    if not (isinstance(step, str) or (isinstance(step, dict) and len(step) == 1)):
        raise StepError(f"step {number}: expected one verb, with its arguments behind it")
    name, given, save = parts(step)
    step_of(name)
    return Action(name, given, number, save)


async def perform_all(play: Play, actions: tuple[Action, ...], outcome: Outcome) -> None:
    """Perform steps in order, up to the first that goes wrong."""
    for action in actions:
        seq, at = play.world.journal.seq, rfc3339(play.world.clock.now())
        try:
            await _perform(play, action)
        except Exception as error:
            outcome.steps.append(Done(action.name, action.line, at, seq, str(error)))
            outcome.line = action.line
            raise
        outcome.steps.append(Done(action.name, action.line, at, seq))


async def _perform(play: Play, action: Action) -> None:
    result = await perform(play, action.name, fill(action.given, play.variables))
    if isinstance(action.save, str):
        play.variables[action.save] = result
    elif action.save is not None:
        for name, pointer in action.save.items():
            play.variables[name] = look_up(result, pointer)


def look_up(result: Any, pointer: str) -> Any:
    """What stands at a JSON pointer of a step's result. Raises StepError."""
    value = point(result, pointer)
    if value is MISSING:
        raise StepError(f"save: the result has nothing at {pointer}")
    return value


def _broke(outcome: Outcome, error: Exception) -> None:
    """What an error says about the run."""
    if isinstance(error, ExpectationFailed):
        outcome.details = error.details
        outcome.ended(Verdict.FAIL, str(error))
    elif isinstance(error, StepFailed):
        outcome.ended(Verdict.FAIL, str(error))
    else:
        known = isinstance(error, Mistake | OSError | HttpFailure)
        words = str(error) if known else f"internal error: {type(error).__name__}: {error}"
        if not known and not outcome.details:
            outcome.details = "".join(traceback.format_exception(error))
        code = getattr(error, "exit_code", Exit.FAILED if known else Exit.INTERNAL)
        outcome.ended(Verdict.ERROR, words or type(error).__name__, code)
