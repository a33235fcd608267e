"""`roamlab peer`: the mock Plugsurfing alone, against any CPO.

Rule: everything heavy is imported once the options have been read.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulator.command import (
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
    from mock_peer.server import RunningPeer
    from simulator.kernel.chance import Chance
    from simulator.kernel.clock import Clock
    from simulator.kernel.journal import Journal, Record

_KEPT_RECORDS = 100_000


@click.command(
    epilog="""\b
Point a CPO at it: register at the versions URL with the token A that it prints.
What it thinks of you: http://127.0.0.1:8090/_mock/findings   (docs/peer.md)
"""
)
@click.option("--port", type=click.IntRange(0, 65535), default=8090, show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option(
    "--ocpi",
    "ocpi_versions",
    multiple=True,
    metavar="VERSION",
    help="Offer CPOs this version of OCPI alone: 2.1.1, 2.2 or 2.2.1; may be told again for more. "
    "Default: all.",
)
@click.option(
    "--profile",
    "profile_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The connection profile, YAML or JSON (docs/peer.md).",
)
@click.option(
    "--strict/--silent",
    default=None,
    help="Answer what a rule refuses by its error (default), or by 1000 and a finding alone.",
)
@click.option(
    "--tokens",
    "tokens_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The tokens to start with, a YAML or JSON list (docs/peer.md).",
)
@click.option(
    "--organisation",
    "organisation_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="What is set up for EMPs at Roam, YAML or JSON (docs/roam.md).",
)
@click.option("--database", metavar="FILE", default=":memory:", help="Keep all in this file.")
@tls_options
@fault_option
@clock_option("real", "Default real.")
@seed_option
@journal_option
@json_option
def peer(
    port: int,
    host: str,
    ocpi_versions: tuple[str, ...],
    profile_file: Path | None,
    strict: bool | None,
    tokens_file: Path | None,
    organisation_file: Path | None,
    database: str,
    clock_name: str,
    seed: int | None,
    journal_file: Path | None,
    as_json: bool,
    faults: tuple[str, ...],
    **safety: Any,
) -> None:
    """Run the mock Plugsurfing alone, until Ctrl-C, and print what a CPO developer needs."""
    from mock_peer.profile import load, plain_yaml, read_yaml
    from simulator.kernel.chance import Chance, fresh_seed
    from simulator.kernel.clock import Clock
    from simulator.kernel.journal import Journal
    from simulator.wire.fault_spec import from_options

    if clock_name == "virtual":
        raise Mistake("peer: a CPO outside lives in real time; take --clock real or scaled:N")
    profile = load(profile_file) if profile_file is not None else None
    tokens = plain_yaml(read_yaml(tokens_file)) if tokens_file is not None else None
    if tokens is not None and not (
        isinstance(tokens, list) and all(isinstance(token, dict) for token in tokens)
    ):
        raise Mistake(f"{tokens_file}:1: expected a list of tokens")
    organisation = plain_yaml(read_yaml(organisation_file)) if organisation_file else {}
    if not isinstance(organisation, dict):
        raise Mistake(f"{organisation_file}:1: expected an organisation, key by key")
    seed = fresh_seed() if seed is None else seed
    clock = Clock.parse(clock_name)
    journal = Journal(clock, seed=seed, world="peer", keep=_KEPT_RECORDS)
    write_to(journal, journal_file)
    options: dict[str, Any] = {
        "host": host,
        "port": port,
        "ocpi_versions": ocpi_versions,
        "profile": profile,
        "strict": strict,
        "database": database,
        "tokens": tokens,
        "organisation": organisation,
        "faults": from_options(faults),
        "tls": tls_of(safety, host),
        "insecure": safety["insecure"],
    }
    run(_keep(clock, Chance(seed), journal, options, as_json=as_json), clock, journal)


async def _keep(
    clock: Clock, chance: Chance, journal: Journal, options: dict[str, Any], *, as_json: bool
) -> None:
    from mock_peer.server import start

    try:
        running = await start(clock=clock, chance=chance, journal=journal, **options)
        async with stopped_in_time(running.stop):
            _print(running, as_json=as_json)
            if not as_json:
                journal.subscribe(_Talk(running.name).say)
            await forever()
    finally:
        journal.close()


def _print(running: RunningPeer, *, as_json: bool) -> None:
    facts = {
        "peer": running.name,
        "versions_url": running.versions_url,
        "token_a": running.token_a,
        "roam_versions_url": running.roam.versions_url,
        "roam_token_a": running.roam.token_a,
        "control_url": running.control_url,
        "strict": running.book.default_profile.strict,
    }
    if as_json:
        import msgspec

        click.echo(msgspec.json.encode(facts).decode())
        return
    how = "strict: a broken rule is answered by its error"
    if not facts["strict"]:
        how = "silent: a broken rule is answered 1000, only the finding tells"
    click.echo(f"{running.name} is up, {how}")
    for name, note in (
        ("versions_url", "register here"),
        ("token_a", "with this token A"),
        ("roam_versions_url", "EMPs register here"),
        ("roam_token_a", "with this token A"),
        ("control_url", "findings, state, journal, commands: openapi.json"),
    ):
        click.echo(f"  {name.replace('_', ' '):18} {facts[name]}   ({note})")
    click.echo("Ctrl-C ends it.")


class _Talk:
    """One line for each exchange with a CPO, and for each rule that it broke; `name` is ours."""

    def __init__(self, name: str) -> None:
        self._name, self._silent = name, False

    def say(self, record: Record) -> None:
        """Tell a record, if it is news; where nobody reads any more the peer lives on."""
        line = self._line(record)
        if line and not self._silent:
            try:
                click.echo(f"{record['at'][11:19]}  {line}")
            except OSError:
                self._silent = True

    def _line(self, record: Record) -> str:
        from mock_peer.check_evidence import Exchange
        from mock_peer.check_rulings import outcome

        if record["actor"] != self._name:
            return ""
        if record["leg"] == "finding":
            place = f" at {record['pointer']}" if record["pointer"] else ""
            return f"  {record['severity']}: {record['rule']}{place}: expected {record['expected']}"
        if record["leg"] != "ocpi":
            return ""
        ways = (record["peer"], self._name)
        who, whom = ways if record["direction"] == "received" else ways[::-1]
        what = f"{record['method']} {record['module'] or record['url']}"
        return f"{who} > {whom}  {what}: {outcome(Exchange(record))}"
