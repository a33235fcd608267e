"""`roamlab tui`: the terminal interface, over a world of its own, one that runs or one that ran."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulator.command import (
    clock_option,
    free_ports_option,
    journal_option,
    run,
    seed_option,
    stopped_in_time,
    write_to,
)
from simulator.mistakes import Exit, Mistake

if TYPE_CHECKING:
    from simulator.kernel.clock import Clock
    from simulator.kernel.journal import Journal
    from simulator.tui.config import Config
    from simulator.tui.engine import Engine
    from simulator.world import World
    from simulator.world_ports import Ports

    Stage = tuple[Engine, Clock, Journal | None]


_ATTACH = (
    click.option(
        "--attach",
        metavar="URL",
        help="Look at a running world: the control URL that `roamlab up --control` prints.",
    ),
    click.option(
        "--control-token",
        envvar="ROAMLAB_CONTROL_TOKEN",
        metavar="TOKEN",
        help="What that control API asks for.",
    ),
    click.option("--read-only", is_flag=True, help="Look, and do nothing: for an audience."),
)


def attach_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """--attach, --control-token, --read-only"""
    for option in reversed(_ATTACH):
        command = option(command)
    return command


@click.command()
@click.argument("world_name", default=None, required=False, metavar="[WORLD]")
@attach_options
@click.option(
    "--open",
    "opened",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="JOURNAL",
    help="Look at what was recorded: a journal file, as of a run that failed.",
)
@click.option(
    "--story",
    metavar="FILE",
    help="Present this scenario, step by step, to an audience; in its own world, unless WORLD or "
    "--attach is given.",
)
@click.option(
    "--config",
    "config_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Your keys and theme (docs/tui.md); default roamlab/tui.toml where your settings are.",
)
@clock_option(
    "scaled:60", "Default scaled:60, with --story scaled:10; virtual is too fast to be looked at."
)
@free_ports_option
@seed_option
@journal_option
@click.pass_context
def tui(
    context: click.Context,
    world_name: str | None,
    attach: str | None,
    control_token: str | None,
    read_only: bool,
    opened: Path | None,
    story: str | None,
    config_file: Path | None,
    clock_name: str,
    free_ports: bool,
    seed: int | None,
    journal_file: Path | None,
) -> int:
    """Open the terminal interface.

    WORLD is a world file (docs/worlds.md), or the name of one that comes along; default demo. It
    lives as long as the interface does. With --attach a world that runs elsewhere is shown, with
    --open one that has run.
    """
    from simulator.tui import config
    from simulator.world_ports import by_option

    refuse_what_does_not_fit(context)
    if not _on_a_terminal():
        raise Mistake("tui: this is no terminal. `roamlab up` keeps a world running without one.")
    told = config.read(config_file)
    if story is not None:
        story = str(_story_file(story))
    if story is not None and not _told_by_hand(context, "clock_name"):
        clock_name = "scaled:10"
    with _curtain():
        importlib.import_module("simulator.tui.app")  # which takes as long as all the rest
        if attach is not None:
            stage = _attached(attach, control_token, read_only=read_only)
        elif opened is not None:
            stage = _recorded(opened)
        else:
            world, begin = _world(
                world_name, story, clock=clock_name, seed=seed, ports=by_option(free_ports)
            )
            write_to(world.journal, journal_file)
            stage = _embedded(world, begin, read_only=read_only)
    return _show(*stage, told, story)


@contextlib.contextmanager
def _curtain() -> Iterator[None]:
    """Show at once that something comes; gone again if it does not."""
    if _in_a_browser():
        yield
        return
    sys.stdout.write("\x1b[?1049h\x1b[2J\x1b[H roamlab: starting …")
    sys.stdout.flush()
    try:
        yield
    except BaseException:
        sys.stdout.write("\x1b[?1049l")
        sys.stdout.flush()
        raise


def refuse_what_does_not_fit(context: click.Context) -> None:
    """What cannot be together with --attach or --open, and a virtual clock. Raises Mistake."""
    own = {"world_name": "WORLD", "clock_name": "--clock", "seed": "--seed",
           "journal_file": "--journal", "free_ports": "--free-ports"}  # fmt: skip
    given = [name for name in context.params if _told_by_hand(context, name)]
    command, wheres = context.info_name, [name for name in ("attach", "opened") if name in given]
    if len(wheres) > 1:
        raise Mistake(f"{command}: --attach and --open: a world runs, or it has run")
    if wheres and not own.keys().isdisjoint(given):
        option = "--attach" if wheres == ["attach"] else "--open"
        raise Mistake(
            f"{command}: {option} shows a world that has its clock, seed and journal already: "
            f"leave out {', '.join(own.values())}"
        )
    if "control_token" in given and "attach" not in given:
        raise Mistake("--control-token needs --attach")
    if {"story", "opened"} <= set(given):
        raise Mistake(
            f"{command}: --story is played in a world that runs, --open shows one that has"
        )
    if context.params["clock_name"] == "virtual":
        raise Mistake(
            f"{command}: a virtual clock is too fast to be looked at: take real or scaled:N"
        )


def _told_by_hand(context: click.Context, name: str) -> bool:
    return context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE


def _in_a_browser() -> bool:
    """Whether `roamlab serve` has started us for one of its tabs."""
    return "TEXTUAL_DRIVER" in os.environ


def _on_a_terminal() -> bool:
    return _in_a_browser() or (sys.stdin.isatty() and sys.stdout.isatty())


def _story_file(name: str) -> Path:
    """The scenario file that is meant. Raises Mistake."""
    from simulator.scenario.collect import files

    found = files([name])
    if len(found) != 1:
        raise Mistake(f"--story {name}: expected one scenario file, not {len(found)}")
    return found[0]


def _world(
    name: str | None, story: str | None, *, clock: str, seed: int | None, ports: Ports | None
) -> tuple[World, str]:
    """The world that is named, else the story's own, else the demo's, and what of it starts.
    Raises Mistake.
    """
    from simulator.scenario.schema import read as read_scenario
    from simulator.scenario.stages import one_of
    from simulator.world import World
    from simulator.world_file import find, read

    if story is not None and name is None:
        run = one_of(read_scenario(Path(story)))
        seed = run.seed if seed is None else seed
        plan, begin = run.world, run.start
    else:
        plan, begin = read(find(name or "demo")), "all"
    return World(plan, clock=clock, seed=seed, keep=100_000, ports=ports), begin


def _embedded(world: World, begin: str, *, read_only: bool) -> Stage:
    from simulator.tui.local import LocalEngine

    return LocalEngine(world, read_only=read_only, begin=begin), world.clock, world.journal


def _attached(url: str, token: str | None, *, read_only: bool) -> Stage:
    from simulator.kernel.clock import Clock
    from simulator.tui.remote import RemoteEngine

    return RemoteEngine(url, token=token, read_only=read_only), Clock("real"), None


def _recorded(path: Path) -> Stage:
    from simulator.kernel.clock import Clock
    from simulator.tui.recorded import RecordedEngine

    return RecordedEngine.read(path), Clock("real"), None


def _show(
    engine: Engine, clock: Clock, journal: Journal | None, told: Config, story: str | None
) -> int:
    """Run the interface. Raises what kept the world from starting."""
    try:
        code = run(_shown(engine, told, story), clock, journal)
    finally:
        _say("")
    if code == Exit.INTERRUPTED:
        raise KeyboardInterrupt
    return code


def _say(words: str) -> None:
    """Words that stand where the next ones come, on a terminal that shows no interface any more."""
    if not _in_a_browser() and sys.stdout.isatty():
        sys.stdout.write(f"\r\x1b[K{words}")
        sys.stdout.flush()


async def _shown(engine: Engine, told: Config, story: str | None) -> int:
    import asyncio

    from simulator.tui.app import RoamlabApp

    app = RoamlabApp(engine, told, story=story)
    async with stopped_in_time(engine.stop):
        loop = asyncio.get_running_loop()
        running = loop.create_task(app.run_async())
        if _in_a_browser():
            watching = loop.create_task(_end_with(os.getppid()))
            running.add_done_callback(lambda _: watching.cancel())
        try:
            code = await asyncio.shield(running)
        except asyncio.CancelledError:  # SIGTERM: the terminal is put right first
            app.exit(Exit.INTERRUPTED)
            await running
            raise
        finally:
            if engine.facts.kind == "local":  # a large world takes its time
                _say(f"roamlab: stopping {len(engine.names())} stations …")
        if app.failure is not None:
            raise app.failure
        return Exit.INTERNAL if code is None else code


async def _end_with(parent: int) -> None:
    """End when who serves us has gone without a word, as by kill -9."""
    from simulator.kernel.clock import Clock

    while os.getppid() == parent:
        await Clock("real").sleep(1.0)
    os._exit(Exit.INTERRUPTED)  # nobody reads what ending in order would write
