"""`roamlab run --control`: a scenario whose steps wait for somebody, in the world that is its own.

Rule: it ends when the stage is dropped, with the scenario's exit code; before the steps have come
to an end that is an interruption.
"""

from __future__ import annotations

import json
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import click

from simulator.command import run, stopped_in_time, write_to
from simulator.commands.up import describe
from simulator.mistakes import Mistake

if TYPE_CHECKING:
    from simulator.commands.run import Task
    from simulator.control import Control
    from simulator.scenario.schema import Scenario
    from simulator.scenario.stage import Stage
    from simulator.scenario.verdict import Outcome
    from simulator.world import World


def the_one(scenarios: list[Scenario], jobs: int, repeat: int) -> Scenario:
    """The run that is meant. Raises Mistake where there are several, or where it does not apply."""
    if jobs > 1 or repeat > 1:
        raise Mistake("--control steps one run: leave out --jobs and --repeat")
    if len(scenarios) != 1:
        told = [scenario.title for scenario in scenarios[:20]]
        why = f"--control steps one run, and there are {len(scenarios)}: choose it with --only"
        raise Mistake("\n  ".join([why, *told]))
    if scenarios[0].not_applicable is not None:
        raise Mistake(f"{scenarios[0].title} does not apply: {scenarios[0].not_applicable}")
    return scenarios[0]


def play_staged(task: Task, *, port: int, token: str | None, as_json: bool) -> Outcome:
    """Keep the scenario's world running until its stage is dropped. Raises KeyboardInterrupt where
    that was before its end, Mistake, BindError.
    """
    from simulator.kernel.clock import stopwatch
    from simulator.scenario.schema import clock_of
    from simulator.world import World
    from simulator.world_ports import of_a_test

    elapsed_ms = stopwatch()
    scenario, clock, seed, journal, ports = task
    plan, clock = scenario.world, str(clock_of(scenario, clock))
    seed = scenario.seed if seed is None else seed
    world = World(plan, clock=clock, seed=seed, ports=ports or of_a_test(plan))
    write_to(world.journal, journal)
    stage = run(_kept(scenario, world, port, token, as_json=as_json), world.clock, world.journal)
    if not stage.ended:
        raise KeyboardInterrupt
    stage.outcome.real_ms = elapsed_ms()
    stage.outcome.journal = None if journal is None else str(journal)
    return stage.outcome


async def _kept(
    scenario: Scenario, world: World, port: int, token: str | None, *, as_json: bool
) -> Stage:
    from simulator.control import Control
    from simulator.scenario.stage import Stage

    async with stopped_in_time(world.stop), AsyncExitStack() as stack:
        control = Control(world, port=port, token=token)
        # Before the world begins, so that its steps may look at how it began.
        stage = control.stages.add(Stage(world, scenario.title, scenario.actions, source=scenario))
        await world.begin(scenario.start)
        await control.start()
        stack.push_async_callback(control.stop)
        if world.clock.mode == "virtual":
            world.clock.hold()
            stack.callback(world.clock.release)
        _tell(_facts(world, control, stage), as_json=as_json)
        await stage.gone.wait()
    return stage


def _facts(world: World, control: Control, stage: Stage) -> dict[str, Any]:
    """What somebody needs to step it."""
    return {**describe(world), "control_url": control.url, "stage": stage.id, "name": stage.name}


def _tell(facts: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(facts, ensure_ascii=False).encode(errors="replace").decode())
        return
    stage = f"{facts['control_url']}/stages/{facts['stage']}"
    click.echo(f"{facts['name']} waits in world {facts['world']}: clock {facts['clock']}, "
               f"seed {facts['seed']}")  # fmt: skip
    click.echo(f"  control       {facts['control_url']}/openapi.json")
    click.echo(f"  next step     POST {stage}/step")
    click.echo(f"  all           POST {stage}/run")
    click.echo(f"  end           DELETE {stage}")
    click.echo(f"  look at it    roamlab tui --attach {facts['control_url'].removesuffix('/v1')}")
    click.echo("Ctrl-C ends it, too.")
