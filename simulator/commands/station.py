"""`roamlab station`: charging stations against any CSMS."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulator.command import (
    Number,
    clock_option,
    fault_option,
    journal_option,
    json_option,
    run,
    seconds,
    seed_option,
    stopped_in_time,
    write_to,
)
from simulator.mistakes import Exit, Mistake, did_you_mean
from simulator.tls_options import client_tls_options, station_tls_of

if TYPE_CHECKING:
    from simulator.kernel.chance import Chance
    from simulator.kernel.clock import Clock
    from simulator.kernel.journal import Journal, Record
    from simulator.station.run import Station
    from simulator.wire.faults import FaultBoard

# With more stations than this, only what goes wrong is told.
_TELL_ALL = 10
_MOST_TOLD = 10  # of what went wrong in the end


def _csms_url(_ctx: click.Context, param: click.Parameter, value: str) -> str:
    from simulator.station.config import csms_url_problem

    problem = csms_url_problem(value)
    if problem is not None:
        raise click.BadParameter(f"{value}: {problem}", param=param)
    return value


def _kind(_ctx: click.Context, param: click.Parameter, value: str) -> str:
    from simulator.world_file import PLUGS

    if value not in PLUGS:
        raise click.BadParameter(f"no plug '{value}'.{did_you_mean(value, PLUGS)}", param=param)
    return value


@click.command(
    epilog="""\b
A station that boots and waits:
  roamlab station --csms ws://127.0.0.1:9000/ocpp --id DE-AC-1 --ocpp 1.6
One session of two minutes, for a script (exit code 0: it was authorized and billed):
  roamlab station --csms ws://… --ocpp 2.0.1 --kind dc-150 --tap 04A1B2C3D4E580 --charge 120
Ten stations with drivers who come and go every five minutes or so:
  roamlab station --csms ws://… --ocpp 2.0.1 --count 10 --tap 04A1B2C3D4E580 --every 300
"""
)
@click.option("--csms", required=True, callback=_csms_url, metavar="URL", help="Where to connect.")
@click.option("--id", "name", default="CP001", show_default=True, help="The station's identity.")
@click.option(
    "--ocpp", "version", type=click.Choice(["1.6", "2.0.1"]), required=True, help="What it speaks."
)
@click.option(
    "--count", type=click.IntRange(1, 100_000), default=1, help="So many: ID-0001, ID-0002, …"
)
@click.option(
    "--connectors", type=click.IntRange(1, 64), default=1, help="EVSEs with one connector each."
)
@click.option(
    "--kind", default="ac-22", callback=_kind, show_default=True, help="Kind of its connectors."
)
@click.option("--password", metavar="TEXT", help="Basic authentication (security profiles 1, 2).")
@click.option(
    "--security-profile",
    type=click.IntRange(0, 3),
    metavar="0-3",
    help="OCPP's; default: what URL, password and certificate make of it (docs/tls.md).",
)
@client_tls_options
@click.option(
    "--pnc", is_flag=True, help="Plug & Charge: its variables, messages and certificates."
)
@click.option(
    "--pnc-spelling",
    type=click.Choice(["note", "libocpp"]),
    default="note",
    show_default=True,
    help="How 1.6 wraps Plug & Charge: by OCA's note, or in the shape of 2.0.1.",
)
@click.option(
    "--certificates",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Keep certificates and keys there, in a folder for each station.",
)
@click.option("--plug", is_flag=True, help="A car is plugged into EVSE 1.")
@click.option("--tap", metavar="UID", help="A card is held to the reader (and a car plugged in).")
@click.option("--soc", type=Number(0, 100), metavar="PERCENT", help="How full the car is.")
@click.option(
    "--charge",
    type=seconds(above=True),
    metavar="SECONDS",
    help="Stop the session after so long. Without --every the command then ends.",
)
@click.option(
    "--every",
    type=seconds(above=True),
    metavar="SECONDS",
    help="Drivers come and go, for ever: the mean pause between them. Needs --tap.",
)
@click.option(
    "--patience",
    type=seconds(above=True),
    default=15.0,
    show_default=True,
    metavar="SECONDS",
    help="How long the CSMS may take to accept, and at the end to take all.",
)
@click.option(
    "--validation",
    type=click.Choice(["strict", "lenient", "off"]),
    default="strict",
    show_default=True,
    help="What to do about messages that break the schema: refuse, note, or not look.",
)
@fault_option
@clock_option("real", "Default real.")
@seed_option
@journal_option
@json_option
def station(**options: Any) -> int:
    """Run charging stations against any CSMS and tell what passes, until Ctrl-C.

    With --json every record of the journal goes to stdout, one a line.
    """
    from simulator.kernel.chance import Chance, fresh_seed
    from simulator.kernel.clock import Clock
    from simulator.kernel.journal import Journal

    if options["every"] is not None and options["tap"] is None:
        raise Mistake("--every needs --tap: whose card?")
    clock = Clock.parse(options["clock_name"])
    if clock.mode == "virtual":
        raise Mistake("station: the CSMS lives in real time; take --clock real or scaled:N")
    seed = fresh_seed() if options["seed"] is None else options["seed"]
    journal = Journal(clock, seed=seed, world=None, keep=100_000)
    write_to(journal, options["journal_file"])
    return run(_run(options, clock, Chance(seed), journal), clock, journal)


async def _run(options: dict[str, Any], clock: Clock, chance: Chance, journal: Journal) -> int:
    from simulator.commands.drivers import Drivers, Habits
    from simulator.station.run import Station

    board = _board(options["faults"], clock, chance, journal)
    stations = [
        Station(config, clock=clock, chance=chance, journal=journal, faults=board)
        for config in _configs(options)
    ]
    if board is not None:
        _place(board, options["faults"], stations)
    habits = Habits(
        plug=options["plug"] or options["tap"] is not None,
        tap=options["tap"],
        soc_percent=options["soc"],
        charge_s=options["charge"],
        every_s=options["every"],
        patience_s=options["patience"] * clock.factor,
    )
    journal.subscribe(_listener(len(stations), as_json=options["as_json"]))

    async def stop() -> None:
        for each in stations:
            await each.stop()
        journal.close()

    async with stopped_in_time(stop):
        for each in stations:
            await each.start()
        for each in stations:
            await _ready(each, clock, journal, options["patience"])
        drivers = Drivers(habits, clock, chance, journal)
        code = await drivers.drive(stations)
        _conclude(drivers.troubles)
        return code


def _conclude(troubles: list[str]) -> None:
    """The last words: why it is no success."""
    for trouble in troubles[:_MOST_TOLD]:
        click.echo(f"roamlab: {trouble}", err=True)
    if len(troubles) > _MOST_TOLD:
        click.echo(f"roamlab: and {len(troubles) - _MOST_TOLD} more", err=True)


def _board(
    told: tuple[str, ...], clock: Clock, chance: Chance, journal: Journal
) -> FaultBoard | None:
    """A board of faults, where there shall be one."""
    if not told:
        return None
    from simulator.wire.faults import FaultBoard

    return FaultBoard(chance.child("faults"), clock, journal, actor="command")


def _place(board: FaultBoard, told: tuple[str, ...], stations: list[Station]) -> None:
    """Place the faults that were told. Raises FaultError."""
    from simulator.station.power import offer_power_cuts
    from simulator.wire.fault_spec import from_options

    offer_power_cuts(board, {each.config.id: each for each in stations})
    board.actors = frozenset(f"station/{each.config.id}" for each in stations)
    for fault in from_options(told):
        board.add(fault)


def _configs(options: dict[str, Any]) -> list[Any]:
    from simulator.station.config import PncConfig
    from simulator.wire.ocpp_rpc import Validation
    from simulator.world_config import station_config
    from simulator.world_file import PLUGS, StationPlan, numbered

    plug = PLUGS[options["kind"]]
    count = options["count"]
    pnc = PncConfig(spelling=options["pnc_spelling"]) if options["pnc"] else None
    return [
        replace(
            station_config(
                StationPlan(
                    id=name,
                    ocpp=options["version"],
                    location_id="",
                    evses=((plug,),) * options["connectors"],
                    password=options["password"],
                    security_profile=options["security_profile"],
                ),
                options["csms"],
                station_tls_of(options, name, options["security_profile"]),
            ),
            peer="csms",
            validation=Validation(options["validation"]),
            pnc=pnc,
            certificate_directory=options["certificates"],
        )
        for name in numbered(options["name"], None if count == 1 else count)
    ]


def _listener(count: int, *, as_json: bool) -> Callable[[Record], None]:
    """Tell what passes: as records, as lines, or with many stations only what goes wrong."""
    if as_json:
        import msgspec

        encode = msgspec.json.Encoder(decimal_format="number").encode
        return lambda record: click.echo(encode(record))
    from simulator.demo.teller import Teller

    return Teller(sys.stdout, only_bad=count > _TELL_ALL).hear


async def _ready(station: Station, clock: Clock, journal: Journal, patience_s: float) -> None:
    """Wait until a station was accepted. Raises Mistake: 3 for no connection, 4 for no welcome."""
    try:
        await station.wait_ready(patience_s * clock.factor)
    except TimeoutError as error:
        actor = f"station/{station.config.id}"
        mine = [r for r in journal.records if r["actor"] == actor and r["leg"] == "event"]
        failed = [r["data"]["error"] for r in mine if r["what"] == "ocpp.connect_failed"]
        if not any(r["what"] == "ocpp.connected" for r in mine):
            cause = failed[-1] if failed else "no connection"
            raise Mistake(
                f"{station.config.id}: cannot connect to {station.config.csms_url}: {cause}",
                Exit.UNREACHABLE,
            ) from error
        raise Mistake(
            f"{station.config.id}: connected, but not accepted within {patience_s:g} s",
            Exit.TIMEOUT,
        ) from error
