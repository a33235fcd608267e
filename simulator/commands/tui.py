"""`roamlab tui`: the terminal interface, over a world of its own or one that runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from simulator.command import (
    clock_option,
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


@click.command()
@click.argument("world_name", default=None, required=False, metavar="[WORLD]")
@click.option(
    "--attach",
    metavar="URL",
    help="Look at a running world: the control URL that `roamlab up --control` prints.",
)
@click.option(
    "--control-token",
    envvar="ROAMLAB_CONTROL_TOKEN",
    metavar="TOKEN",
    help="What that control API asks for.",
)
@click.option("--read-only", is_flag=True, help="Look, and do nothing: for an audience.")
@click.option(
    "--config",
    "config_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Your keys and theme (docs/tui.md); default roamlab/tui.toml where your settings are.",
)
@clock_option("scaled:60", "Default scaled:60; virtual is too fast to be looked at.")
@seed_option
@journal_option
@click.pass_context
def tui(
    context: click.Context,
    world_name: str | None,
    attach: str | None,
    control_token: str | None,
    read_only: bool,
    config_file: Path | None,
    clock_name: str,
    seed: int | None,
    journal_file: Path | None,
) -> int:
    """Open the terminal interface.

    WORLD is a world file (docs/worlds.md), or the name of one that comes along; default demo. It
    lives as long as the interface does. With --attach a world that runs elsewhere is shown.
    """
    from simulator.tui import config

    _refuse_what_does_not_fit(context, attach, control_token)
    if clock_name == "virtual":
        raise Mistake("tui: a virtual clock is too fast to be looked at: take real or scaled:N")
    if not _on_a_terminal():
        raise Mistake("tui: this is no terminal. `roamlab up` keeps a world running without one.")
    told = config.read(config_file)
    if attach is not None:
        return _attached(attach, control_token, told, read_only=read_only)
    return _embedded(
        world_name or "demo", clock_name, seed, journal_file, told, read_only=read_only
    )


def _refuse_what_does_not_fit(
    context: click.Context, attach: str | None, control_token: str | None
) -> None:
    given = {
        name
        for name in ("world_name", "clock_name", "seed", "journal_file")
        if context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
    }
    if attach is not None and given:
        raise Mistake(
            "tui: --attach shows a world that has its clock, seed and journal already: leave out "
            "WORLD, --clock, --seed and --journal"
        )
    by_hand = context.get_parameter_source("control_token")
    if attach is None and by_hand is click.core.ParameterSource.COMMANDLINE:
        raise Mistake("--control-token needs --attach")


def _on_a_terminal() -> bool:
    import sys

    return sys.stdin.isatty() and sys.stdout.isatty()


def _embedded(
    world_name: str,
    clock_name: str,
    seed: int | None,
    journal_file: Path | None,
    told: Config,
    *,
    read_only: bool,
) -> int:
    from simulator.tui.local import LocalEngine
    from simulator.world import World
    from simulator.world_file import find, read

    world = World(read(find(world_name)), clock=clock_name, seed=seed, keep=100_000)
    write_to(world.journal, journal_file)
    return _show(LocalEngine(world, read_only=read_only), told, world.clock, world.journal)


def _attached(url: str, token: str | None, told: Config, *, read_only: bool) -> int:
    from simulator.kernel.clock import Clock
    from simulator.tui.remote import RemoteEngine

    return _show(RemoteEngine(url, token=token, read_only=read_only), told, Clock("real"), None)


def _show(engine: Engine, told: Config, clock: Clock, journal: Journal | None) -> int:
    """Run the interface. Raises what kept the world from starting."""
    code = run(_shown(engine, told), clock, journal)
    if code == Exit.INTERRUPTED:
        raise KeyboardInterrupt
    return code


async def _shown(engine: Engine, told: Config) -> int:
    import asyncio

    from simulator.tui.app import RoamlabApp

    app = RoamlabApp(engine, told)
    async with stopped_in_time(engine.stop):
        running = asyncio.get_running_loop().create_task(app.run_async())
        try:
            code = await asyncio.shield(running)
        except asyncio.CancelledError:  # SIGTERM: the terminal is put right first
            app.exit(Exit.INTERRUPTED)
            await running
            raise
        if app.failure is not None:
            raise app.failure
        return Exit.INTERNAL if code is None else code
