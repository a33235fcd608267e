"""`roamlab serve`: the interface in a browser; the world runs once, each tab looks at it.

Rule: what opens the world to a tab's process goes by its environment, never by a command line or a
page; and no process outlives this one.
"""

from __future__ import annotations

import importlib.util
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from simulator.command import (
    clock_option,
    forever,
    free_ports_option,
    journal_option,
    json_option,
    run,
    seed_option,
    stopped_in_time,
    write_to,
)
from simulator.commands.tui import attach_options, refuse_what_does_not_fit
from simulator.mistakes import Mistake

if TYPE_CHECKING:
    from simulator.kernel.clock import Clock
    from simulator.tui.web import Pages
    from simulator.world import World

TOKEN = "ROAMLAB_CONTROL_TOKEN"


@click.command()
@click.argument("world_name", default=None, required=False, metavar="[WORLD]")
@attach_options
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    metavar="PORT",
    help="0: a free one.",
)
@clock_option("scaled:60", "Default scaled:60; virtual is too fast to be looked at.")
@free_ports_option
@seed_option
@journal_option
@json_option
@click.pass_context
def serve(
    context: click.Context,
    world_name: str | None,
    attach: str | None,
    control_token: str | None,
    read_only: bool,
    host: str,
    port: int,
    clock_name: str,
    free_ports: bool,
    seed: int | None,
    journal_file: Path | None,
    as_json: bool,
) -> None:
    """Open the interface in a browser.

    WORLD is a world file (docs/worlds.md), or the name of one that comes along; default demo. It
    runs once, whatever number of tabs look at it. With --attach a world that runs elsewhere is
    shown. Needs `pip install roamlab[serve]`.
    """
    from simulator.kernel.clock import Clock

    refuse_what_does_not_fit(context)
    _refuse_without_its_package()
    _warn_of(host)
    if attach is not None:
        clock = Clock("real")
        run(_attached(clock, attach, control_token, (host, port), read_only, as_json), clock)
        return
    from simulator.world import World
    from simulator.world_file import find, read
    from simulator.world_ports import by_option

    plan, ports = read(find(world_name or "demo")), by_option(free_ports)
    world = World(plan, clock=clock_name, seed=seed, keep=100_000, ports=ports)
    write_to(world.journal, journal_file)
    run(_own(world, (host, port), read_only, as_json), world.clock, world.journal)


def _refuse_without_its_package() -> None:
    if importlib.util.find_spec("textual_serve") is None:
        raise Mistake("serve: the package textual-serve is needed: pip install 'roamlab[serve]'")


def _warn_of(host: str) -> None:
    from simulator.wire.exposure import is_loopback

    if not is_loopback(host):
        click.echo(
            f"roamlab: whoever reaches {host} can open this, without a password and in plain text",
            err=True,
        )


async def _own(world: World, place: tuple[str, int], read_only: bool, as_json: bool) -> None:
    """Run a world, its control API with a token of its own, and the pages."""
    from simulator.control import Control
    from simulator.kernel.chance import fresh_token

    async with stopped_in_time(world.stop), AsyncExitStack() as stack:
        await world.start()
        token = fresh_token()
        control = Control(world, port=0, token=token)
        await control.start()
        stack.push_async_callback(control.stop)
        await _pages(stack, control.url, token, place, read_only, as_json)


async def _attached(
    clock: Clock,
    url: str,
    token: str | None,
    place: tuple[str, int],
    read_only: bool,
    as_json: bool,
) -> None:
    """The pages, for a world that runs elsewhere. Raises Mistake: nobody is there."""
    from simulator.tui.remote import RemoteEngine

    engine = RemoteEngine(url, token=token)
    await engine.start()
    await engine.stop()
    async with AsyncExitStack() as stack:
        await _pages(stack, url, token, place, read_only, as_json)


async def _pages(
    stack: AsyncExitStack,
    url: str,
    token: str | None,
    place: tuple[str, int],
    read_only: bool,
    as_json: bool,
) -> None:
    """Serve them until Ctrl-C. Raises BindError."""
    from simulator.tui.web import Pages

    words = [sys.executable, "-m", "simulator", "tui", "--attach", url]
    words += ["--read-only"] if read_only else []
    host, port = place
    environment = {} if token is None else {TOKEN: token}
    pages = Pages(words, environment, host=host, port=port,
                  say=lambda told: click.echo(f"roamlab: {told}", err=True))  # fmt: skip
    await pages.start()
    stack.push_async_callback(pages.stop)
    _print(pages, read_only=read_only, as_json=as_json)
    await forever()


def _print(pages: Pages, *, read_only: bool, as_json: bool) -> None:
    if as_json:
        import msgspec

        click.echo(msgspec.json.encode({"url": pages.url, "read_only": read_only}).decode())
        return
    click.echo(f"the interface is at {pages.url}" + (" (read-only)" if read_only else ""))
    click.echo("Ctrl-C ends it.")
