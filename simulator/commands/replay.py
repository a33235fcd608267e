"""`roamlab replay`: play one side of a recorded wire against a live counterpart."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulator.command import journal_option, json_option, run, seconds, seed_option, write_to
from simulator.tls_options import station_tls_of, tls_of, tls_options

if TYPE_CHECKING:
    from simulator.kernel.clock import Clock
    from simulator.kernel.journal import Journal
    from simulator.scenario.replay import Plan
    from simulator.scenario.replay_recording import Recording
    from simulator.scenario.replay_report import Report

# How many times as fast as it was a recording may be played.
_FASTEST = 1e6


def _timing(_ctx: click.Context, param: click.Parameter, value: str) -> float | None:
    if value == "none":
        return None
    if value == "recorded":
        return 1.0
    try:
        factor = float(value.removeprefix("x"))
    except ValueError:
        factor = 0.0
    if not value.startswith("x") or not 1 / _FASTEST <= factor <= _FASTEST:
        raise click.BadParameter("expected recorded, none or xN, as in x10", param=param)
    return factor


def _pointers(
    _ctx: click.Context, param: click.Parameter, value: tuple[str, ...]
) -> tuple[str, ...]:
    for pointer in value:
        if not pointer.startswith("/"):
            raise click.BadParameter(
                f"'{pointer}' is no JSON pointer: it begins with /", param=param
            )
    return value


def _against(_ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    from urllib.parse import urlsplit

    if value is not None:
        try:
            parts = urlsplit(value)
            fits = parts.scheme in ("ws", "wss", "http", "https") and bool(parts.hostname)
            fits = fits and parts.port != 0
        except ValueError:
            fits = False
        if not fits:
            raise click.BadParameter(
                f"{value}: expected ws://host:port/path of a CSMS, or http://… of OCPI versions",
                param=param,
            )
    return value


@click.command()
@click.argument("journal_path", metavar="JOURNAL", type=click.Path(path_type=Path))
@click.option(
    "--as",
    "side",
    required=True,
    metavar="station/ID|stations|csms|cpo|peer",
    help="Which side to play; csms is the CPO over OCPP, cpo over OCPI.",
)
@click.option(
    "--against",
    callback=_against,
    metavar="URL",
    help="The live side: a CSMS (ws://…), or a party's OCPI versions (http://…).",
)
@click.option(
    "--timing",
    "factor",
    callback=_timing,
    default="recorded",
    show_default=True,
    metavar="recorded|none|xN",
    help="When to say things: as then, at once, N times as fast.",
)
@click.option("--session", help="Only the messages of this session.")
@click.option("--from", "first", type=click.IntRange(0), metavar="SEQ", help="From this record on.")
@click.option("--to", "last", type=click.IntRange(0), metavar="SEQ", help="Up to this record.")
@click.option("--shift", is_flag=True, help="Move recorded times, so that it happens now.")
@click.option(
    "--ignore",
    multiple=True,
    callback=_pointers,
    metavar="POINTER",
    help="Let this place differ; * is wild. May be repeated.",
)
@click.option("--peer", metavar="NAME", help="Which peer of the recording; default: the first.")
@click.option(
    "--token",
    envvar="ROAMLAB_TOKEN",
    metavar="TOKEN",
    help="What the live party knows us by, for recorded tokens are hidden.",
)
@click.option(
    "--own-token", metavar="TOKEN", help="What the live party must show us; default: any."
)
@click.option("--password", help="Basic authentication: ours as a station, the stations' as CSMS.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="Where to listen; default 9000 as csms, 9100 as cpo, 8090 as peer.",
)
@click.option(
    "--patience",
    type=seconds(above=True),
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for each answer and request.",
)
@click.option(
    "--wait",
    type=seconds(above=True),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for the live side to come to us.",
)
@tls_options
@seed_option
@journal_option
@json_option
def replay(**options: Any) -> int:
    """Play one side of a recorded wire back against a live counterpart, and show where it answers
    or asks otherwise than it did.

    Times and made-up ids may differ; those of the live side are used from when they are known.
    Exit code 0: no differences, 1: some, 3: nobody there, 5: nothing recorded for that side
    (docs/replay.md).
    """
    from simulator.kernel.clock import Clock
    from simulator.kernel.journal import Journal
    from simulator.scenario.replay_recording import load

    recording = load(options["journal_path"])
    plan = _plan(options)
    clock = Clock("real")
    journal = Journal(clock, seed=options["seed"], world="replay", keep=1000)
    write_to(journal, options["journal_file"])
    try:
        report = run(_play(recording, plan, clock, journal, options["seed"]), clock, journal)
    finally:
        journal.close()
    _tell(report, as_json=options["as_json"])
    return report.exit_code


async def _play(
    recording: Recording, plan: Plan, clock: Clock, journal: Journal, seed: int | None
) -> Report:
    from simulator.kernel.chance import Chance, fresh_seed
    from simulator.scenario.replay import replay as play

    chance = Chance(fresh_seed() if seed is None else seed)
    return await play(recording, plan, clock=clock, chance=chance, journal=journal)


def _plan(options: dict[str, Any]) -> Plan:
    from simulator.scenario.replay import Plan
    from simulator.wire.tls import NO_TLS

    stations = options["side"].startswith("station")

    def listening(url: str) -> None:
        click.echo(f"listening at {url}", err=True)

    return Plan(
        side=options["side"], against=options["against"], session=options["session"],
        first=options["first"], last=options["last"], factor=options["factor"],
        patience_s=options["patience"], wait_s=options["wait"], shift=options["shift"],
        ignore=options["ignore"], peer=options["peer"], token=options["token"],
        own_token=options["own_token"], password=options["password"], host=options["host"],
        port=options["port"], tls=NO_TLS if stations else tls_of(options, options["host"]),
        station_tls=lambda name: station_tls_of(options, name, None),
        insecure=options["insecure"], listening=listening,
    )  # fmt: skip


def _tell(report: Report, *, as_json: bool) -> None:
    if as_json:
        import msgspec

        click.echo(msgspec.json.format(msgspec.json.encode(report.to_json())).decode())
        return
    for line in report.in_words():
        click.echo(line)
