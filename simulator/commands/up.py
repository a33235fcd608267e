"""`roamlab up`: keep a world running."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulator.command import (
    clock_option,
    forever,
    free_ports_option,
    journal_option,
    json_option,
    run,
    seconds,
    seed_option,
    stopped_in_time,
    write_to,
)
from simulator.mistakes import Mistake

if TYPE_CHECKING:
    from simulator.scenario.unstruck import Unstruck
    from simulator.world import World


@click.command()
@click.argument("world_name", default="demo", metavar="[WORLD]")
@click.option(
    "--no-stations", is_flag=True, help="Leave the stations off: yours may take their places."
)
@click.option(
    "--every",
    type=seconds(above=True),
    metavar="SECONDS",
    help="Drivers with the peer's cards come and go at every EVSE: the mean pause between them.",
)
@click.option(
    "--control",
    "control_port",
    type=click.IntRange(0, 65535),
    metavar="PORT",
    help="Serve the control API on this port of 127.0.0.1 (docs/control.md); 0: a free one.",
)
@click.option(
    "--control-token",
    envvar="ROAMLAB_CONTROL_TOKEN",
    metavar="TOKEN",
    help="What its callers must bear; by default anybody on this machine may call.",
)
@click.option("--insecure", is_flag=True, help="Plain text beyond loopback, too (docs/tls.md).")
@clock_option("real", "Default real. A virtual one stands still until --control turns it.")
@free_ports_option
@seed_option
@journal_option
@json_option
def up(
    world_name: str,
    no_stations: bool,
    every: float | None,
    control_port: int | None,
    control_token: str | None,
    insecure: bool,
    clock_name: str,
    free_ports: bool,
    seed: int | None,
    journal_file: Path | None,
    as_json: bool,
) -> None:
    """Keep a world running and print its URLs, until Ctrl-C.

    WORLD is a world file (docs/worlds.md), or the name of one that comes along; default demo.
    """
    from simulator.world import World
    from simulator.world_file import find, read
    from simulator.world_ports import by_option

    if clock_name == "virtual" and control_port is None:
        raise Mistake(
            "up: a virtual clock would run through centuries: take real or scaled:N, or turn it "
            "yourself with --control"
        )
    if clock_name == "virtual" and (every is not None or no_stations):
        raise Mistake(
            "up: a virtual clock that is held suits neither --every nor your own stations"
        )
    if control_token is not None and control_port is None:
        raise Mistake("--control-token needs --control")
    if every is not None and no_stations:
        raise Mistake("--every needs the stations: leave out --no-stations")
    plan = read(find(world_name))
    plan = replace(plan, insecure=plan.insecure or insecure)
    world = World(plan, clock=clock_name, seed=seed, keep=100_000, ports=by_option(free_ports))
    write_to(world.journal, journal_file)
    control = None if control_port is None else (control_port, control_token)
    main = _keep(world, every, control, stations=not no_stations, as_json=as_json)
    run(main, world.clock, world.journal)


async def _keep(
    world: World,
    every: float | None,
    controlled: tuple[int, str | None] | None,
    *,
    stations: bool,
    as_json: bool,
) -> None:
    from simulator.control import Control
    from simulator.scenario.unstruck import Unstruck

    unstruck = Unstruck()
    world.journal.subscribe(unstruck.hear)
    async with stopped_in_time(world.stop), AsyncExitStack() as stack:
        stack.callback(_remark, unstruck)
        await world.start(stations=stations)
        told = describe(world)
        if controlled is not None:
            port, token = controlled
            control = Control(world, port=port, token=token)
            await control.start()
            stack.push_async_callback(control.stop)
            told["control_url"] = control.url
            if world.clock.mode == "virtual":
                world.clock.hold()
                stack.callback(world.clock.release)
        _print(told, as_json=as_json)
        if every is not None:
            await _drivers(world, every)
        await forever()


def _remark(unstruck: Unstruck) -> None:
    for remark in unstruck.remarks():
        click.echo(f"note: {remark}", err=True)


async def _drivers(world: World, every_s: float) -> None:
    """Let drivers come and go, with the first card that the world's peers hold valid."""
    from simulator.commands.drivers import Drivers, Habits

    tokens = [token for peer in world.plan.peers for token in peer.tokens]
    cards = [t["uid"] for t in tokens if t.get("valid", True) and t.get("type", "RFID") == "RFID"]
    if not cards:
        raise Mistake(f"{world.plan.path}: --every needs a peer with a valid RFID token")
    habits = Habits(plug=True, tap=cards[0], every_s=every_s)
    drivers = Drivers(habits, world.clock, world.chance, world.journal)
    await drivers.drive(list(world.stations.values()))


def describe(world: World) -> dict[str, Any]:
    """What somebody needs to talk to a running world."""
    from simulator.scenario.snapshot import addresses

    return {
        "world": world.plan.name,
        "seed": world.seed,
        "clock": str(world.clock),
        "stations": [station.id for station in world.plan.stations],
        **addresses(world),
    }


def _print(facts: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        import msgspec

        click.echo(msgspec.json.encode(facts).decode())
        return
    click.echo(f"world {facts['world']} is up: clock {facts['clock']}, seed {facts['seed']}")
    if facts["ocpp_url"] is None:
        click.echo("  CPO           outside this world")
    else:
        click.echo(f"  OCPP          {facts['ocpp_url']}/<station id>")
        click.echo(f"  OCPI          {facts['ocpi_versions_url']}")
    click.echo(f"  stations      {', '.join(facts['stations'])}")
    for peer in facts["peers"]:
        click.echo(f"  {peer['name']:<13} {peer['versions_url']}")
        if peer["control_url"]:
            click.echo(f"                {peer['control_url']}openapi.json")
    for emp in facts["emps"]:
        click.echo(f"  {emp['name']:<13} {emp['versions_url']}")
        click.echo(f"                {emp['control_url']}state")
    if facts["pki"] is not None:
        click.echo(f"  PKI           {facts['pki']['pool_url']}   (OCSP, pool, EST)")
    if "control_url" in facts:
        click.echo(f"  control       {facts['control_url']}/openapi.json")
    click.echo("Ctrl-C ends it.")
