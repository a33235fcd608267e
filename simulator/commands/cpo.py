"""`roamlab cpo`: the CPO core alone, a CSMS with an OCPI side."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulator.command import (
    OCPI_VERSIONS,
    clock_option,
    fault_option,
    forever,
    journal_option,
    json_option,
    run,
    seed_option,
    stopped_in_time,
    write_to,
)
from simulator.mistakes import Mistake
from simulator.tls_options import tls_of, tls_options

if TYPE_CHECKING:
    from simulator.wire.fault_spec import Fault
    from simulator.world import World
    from simulator.world_file import WorldFile


@click.command(
    epilog="""\b
The CPO of the demo's world, for stations and a peer of your own:
  roamlab cpo
Registered with the mock Plugsurfing of another terminal, and kept in a file:
  roamlab peer
  roamlab cpo --database cpo.db --register http://127.0.0.1:8090/… --token …
As a CPO that knows nothing but 2.1.1:
  roamlab cpo --ocpi 2.1.1
"""
)
@click.argument("world_name", default="demo", metavar="[WORLD]")
@click.option("--host", metavar="ADDRESS", help="Where both servers listen; an IP literal.")
@click.option("--ocpp-port", type=click.IntRange(0, 65535), metavar="PORT", help="0: a free one.")
@click.option("--ocpi-port", type=click.IntRange(0, 65535), metavar="PORT", help="0: a free one.")
@click.option(
    "--ocpi",
    "ocpi_versions",
    multiple=True,
    type=click.Choice(OCPI_VERSIONS),
    help="Offer this version of OCPI alone; may be repeated. Default: all.",
)
@click.option("--database", metavar="FILE", help="Keep everything in this SQLite file.")
@click.option("--register", "register_url", metavar="URL", help="Register at this versions URL …")
@click.option("--token", metavar="TOKEN", help="… with this token A.")
@tls_options
@click.option("--peer", "peer_name", default="peer", help="What the journal calls the peer.")
@fault_option
@clock_option("real", "Default real.")
@seed_option
@journal_option
@json_option
def cpo(
    world_name: str,
    register_url: str | None,
    token: str | None,
    peer_name: str,
    clock_name: str,
    seed: int | None,
    journal_file: Path | None,
    as_json: bool,
    faults: tuple[str, ...],
    **changes: Any,
) -> None:
    """Run the CPO core alone, until Ctrl-C, and print what a station and a peer need.

    WORLD names the file with its locations, stations and tariffs; its peers are left out.
    """
    from simulator.wire.fault_spec import from_options
    from simulator.world import World
    from simulator.world_file import find, read

    if (register_url is None) != (token is None):
        raise Mistake("--register and --token go together: the versions URL and its token A")
    if clock_name == "virtual":
        raise Mistake("cpo: stations and peers live in real time; take --clock real or scaled:N")
    plan = _alone(read(find(world_name)), changes)
    placed = from_options(faults)
    world = World(plan, clock=clock_name, seed=seed, keep=100_000)
    write_to(world.journal, journal_file)
    keep = _keep(world, placed, register_url, token, peer_name, as_json=as_json)
    run(keep, world.clock, world.journal)


def _alone(plan: WorldFile, changes: dict[str, Any]) -> WorldFile:
    names = ("host", "ocpp_port", "ocpi_port", "ocpi_versions", "database")
    said = {name: changes[name] for name in names if changes[name] not in (None, ())}
    tls = tls_of(changes, said.get("host") or plan.cpo.get("host", "127.0.0.1"))
    if tls.identity is not None or tls.ca is not None:
        said |= {"ocpp_tls": replace(tls, mutual=False), "ocpi_tls": tls}
    insecure = plan.insecure or changes["insecure"]
    return replace(plan, peers=(), emps=(), cpo={**plan.cpo, **said}, insecure=insecure)


async def _keep(
    world: World,
    faults: list[Fault],
    register_url: str | None,
    token: str | None,
    peer_name: str,
    *,
    as_json: bool,
) -> None:
    async with stopped_in_time(world.stop):
        board = world.faults.board
        board.actors = frozenset({"cpo"})
        board.desk = None  # there is no control API: nobody could let a message go on
        for fault in faults:
            board.add(fault)
        await world.start_cpo()
        facts = {
            "ocpp_url": world.cpo.ocpp_url,
            "stations": [
                {"id": s.id, "ocpp": s.ocpp, "basic_auth": s.password is not None}
                for s in world.plan.stations
            ],
            "versions_url": world.cpo.versions_url,
            "token_a": world.cpo.token_a(),
        }
        _print(facts, as_json=as_json)
        if register_url is not None and token is not None:
            await _register(world, register_url, token, peer_name)
        await forever()


async def _register(world: World, url: str, token: str, peer_name: str) -> None:
    """Register, unless the database says that this was done before."""
    if any(peer.peer == peer_name for peer in world.cpo.peers.registered()):
        click.echo(f"already registered with {peer_name}")
        return
    await world.register_at(url, token, peer_name)
    click.echo(f"registered with {peer_name} at {url}")


def _print(facts: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        import msgspec

        click.echo(msgspec.json.encode(facts).decode())
        return
    click.echo("the CPO is up")
    click.echo(f"  OCPP          {facts['ocpp_url']}/<station id>")
    for station in facts["stations"]:
        locked = ", basic authentication" if station["basic_auth"] else ""
        click.echo(f"    {station['id']:<11} {station['ocpp']}{locked}")
    click.echo(f"  OCPI versions {facts['versions_url']}")
    click.echo(f"  token A       {facts['token_a']}")
    click.echo("Ctrl-C ends it.")
