"""Play a scenario: build its world, let a stage perform its steps, say how it ended.

Rule: whatever happens, the world is stopped and there is an outcome; the first thing that goes
wrong ends the run and is the verdict.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from simulator.kernel.clock import Clock, stopwatch
from simulator.kernel.loop import run as run_loop
from simulator.mistakes import Exit, unwritable
from simulator.scenario.schema import Scenario, clock_of
from simulator.scenario.stage import Stage, broke
from simulator.scenario.verdict import Outcome, Verdict
from simulator.world import World
from simulator.world_ports import Ports, of_a_test

# How long a world may take to stop, in seconds of its loop: at its own end, and interrupted.
_PATIENCE_S, _GRACE_S = 30.0, 0.8


def run(
    scenario: Scenario,
    *,
    clock: str | None = None,
    seed: int | None = None,
    journal: Path | None = None,
    ports: Ports | None = None,
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
        seed, plan = scenario.seed if seed is None else seed, scenario.world
        world = World(plan, clock=told, seed=seed, ports=ports or of_a_test(plan))
        outcome.seed, outcome.clock = world.seed, told
        if journal is not None:
            _write_to(journal, world, outcome)
        run_loop(_play(scenario, world, outcome), world.clock)
    except Exception as error:
        broke(outcome, error)
    outcome.real_ms = elapsed_ms()
    return outcome


def _write_to(journal: Path, world: World, outcome: Outcome) -> None:
    try:
        world.journal.open(journal)
    except OSError as error:
        raise unwritable(str(journal), error) from error
    outcome.journal = str(journal)


async def _play(scenario: Scenario, world: World, outcome: Outcome) -> None:
    stage = Stage(world, scenario.title, scenario.actions, source=scenario, outcome=outcome)
    try:
        await world.begin(scenario.start)
        await stage.run()
    except Exception as error:
        broke(outcome, error)
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
        broke(outcome, error)
