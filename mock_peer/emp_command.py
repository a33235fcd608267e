"""`roamlab emp`: a simulated EMP alone, against Plugsurfing's Roam or anyone's like it.

Rule: everything heavy is imported once the options have been read.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulator.command import (
    clock_option,
    forever,
    journal_option,
    json_option,
    run,
    seconds,
    seed_option,
    stopped_in_time,
    unreachable,
    write_to,
)
from simulator.mistakes import Mistake
from simulator.tls_options import tls_of, tls_options

if TYPE_CHECKING:
    from mock_peer.emp import Emp, EmpConfig
    from simulator.kernel.chance import Chance
    from simulator.kernel.clock import Clock
    from simulator.kernel.journal import Journal, Record

_KEPT_RECORDS = 100_000
_ANSWERS = (
    "ALLOWED",
    "BLOCKED",
    "EXPIRED",
    "NO_CREDIT",
    "NOT_ALLOWED",
    "silence",
    "garbage",
    "error",
)
_FIRST_PULL_S = 30.0


@click.command(
    epilog="""\b
With a versions URL and its token A it registers there; without, it prints its own for the other
side to begin. It then pushes its tokens, pulls (all of it each night, a delta each minute), answers
authorizations, and checks the price of every CDR (docs/roam.md).
"""
)
@click.argument("versions_url", required=False)
@click.option("--token", "token_a", metavar="A", help="The token A that belongs to VERSIONS_URL.")
@click.option("--port", type=click.IntRange(0, 65535), default=8100, show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option("--party", default="DE*EMP", show_default=True, help="Who it is: country*party.")
@click.option("--name", default="Example EMP", show_default=True, help="Its business name.")
@click.option(
    "--tokens",
    "tokens_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Its tokens, a YAML or JSON list; one card by default.",
)
@click.option(
    "--answer",
    type=click.Choice(_ANSWERS),
    default="ALLOWED",
    show_default=True,
    help="What it answers to every authorization request.",
)
@click.option("--pull/--no-pull", "pulls", default=True, help="Pull locations by itself.")
@click.option("--start", is_flag=True, help="Start a session at the first connector it sees.")
@click.option(
    "--stop-after", type=seconds(), metavar="SECONDS", help="Stop that session after a while."
)
@tls_options
@clock_option("real", "Default real.")
@seed_option
@journal_option
@json_option
def emp(
    versions_url: str | None,
    token_a: str | None,
    port: int,
    host: str,
    party: str,
    name: str,
    tokens_file: Path | None,
    answer: str,
    pulls: bool,
    start: bool,
    stop_after: float | None,
    clock_name: str,
    seed: int | None,
    journal_file: Path | None,
    as_json: bool,
    **safety: Any,
) -> None:
    """Run a simulated EMP, until Ctrl-C, and print what happens to it."""
    from simulator.kernel.chance import Chance, fresh_seed
    from simulator.kernel.clock import Clock
    from simulator.kernel.journal import Journal

    if (versions_url is None) != (token_a is None):
        raise Mistake("emp: VERSIONS_URL and --token belong together")
    if clock_name == "virtual":
        raise Mistake("emp: a CPO outside lives in real time; take --clock real or scaled:N")
    config = replace(
        _config(party, name, host, port, tokens_file, answer, pulls),
        tls=tls_of(safety, host),
        insecure=safety["insecure"],
    )
    seed = fresh_seed() if seed is None else seed
    clock = Clock.parse(clock_name)
    journal = Journal(clock, seed=seed, world="emp", keep=_KEPT_RECORDS)
    write_to(journal, journal_file)
    if not as_json:
        journal.subscribe(_say)
    side = (versions_url, token_a) if versions_url and token_a else None
    visit = (start, stop_after)
    run(_keep(config, side, visit, clock, Chance(seed), journal, as_json=as_json), clock, journal)


def _config(
    party: str,
    name: str,
    host: str,
    port: int,
    tokens_file: Path | None,
    answer: str,
    pulls: bool,
) -> EmpConfig:
    """The EMP that the options describe. Raises Mistake."""
    from mock_peer.emp import EmpConfig
    from mock_peer.emp_answers import EmpAnswers, Verdict
    from mock_peer.profile import plain_yaml, read_yaml

    country_code, star, party_id = party.partition("*")
    if not star or len(country_code) != 2 or len(party_id) != 3:
        raise Mistake(f"emp: --party {party}: expected country and party as in DE*EMP")
    own = {"uid": "04EE0001EE0001", "contract_id": f"{country_code}-{party_id}-C00000001-1"}
    tokens: Any = (own,) if tokens_file is None else plain_yaml(read_yaml(tokens_file))
    if not isinstance(tokens, list | tuple) or not all(_is_token(token) for token in tokens):
        raise Mistake(f"{tokens_file}:1: expected a list of tokens with uid and contract_id")
    silent = answer in ("silence", "garbage", "error")
    verdict: dict[str, Any] = {"manner" if silent else "allowed": answer}
    return EmpConfig(
        name=name,
        country_code=country_code.upper(),
        party_id=party_id.upper(),
        host=host,
        port=port,
        tokens=tuple(tokens),
        pulls=pulls,
        answers=EmpAnswers(default=Verdict(**verdict)),
    )


def _is_token(token: Any) -> bool:
    return isinstance(token, dict) and all(
        isinstance(token.get(name), str) for name in ("uid", "contract_id")
    )


async def _keep(
    config: EmpConfig,
    side: tuple[str, str] | None,
    visit: tuple[bool, float | None],
    clock: Clock,
    chance: Chance,
    journal: Journal,
    *,
    as_json: bool,
) -> None:
    from mock_peer.emp import EmpError, start_emp

    try:
        running = await start_emp(config, clock=clock, chance=chance, journal=journal)
        async with stopped_in_time(running.stop):
            _print(running, registers=side is not None, as_json=as_json)
            if side is not None:
                try:
                    await running.register(*side)
                except EmpError as error:
                    raise unreachable(f"emp: {error}") from error
            if visit[0]:
                await _visit(running, clock, visit[1])
            await forever()
    finally:
        journal.close()


async def _visit(running: Emp, clock: Clock, stop_after_s: float | None) -> None:
    """Start at the first connector that was pulled, and stop there after a while."""
    from mock_peer.emp import EmpError

    try:
        if running.book.first_plug() is None:
            await clock.sleep(_FIRST_PULL_S)
        plug = running.book.first_plug()
        if plug is None:
            click.echo("emp: no connector was pulled, so nothing is started", err=True)
            return
        uid, token_type = next(iter(running.book.tokens))
        await running.start_session(uid, *plug, token_type=token_type)
        if stop_after_s is not None:
            await clock.sleep(stop_after_s)
            for session in list(running.book.sessions.values()):
                await running.stop_session(str(session.get("id")))
    except EmpError as error:
        click.echo(f"emp: {error}", err=True)


def _print(running: Emp, *, registers: bool, as_json: bool) -> None:
    facts = {"versions_url": running.versions_url, "control_url": running.control_url}
    if not registers:
        facts["token_a"] = running.token_a()
    if as_json:
        import msgspec

        click.echo(msgspec.json.encode(facts).decode())
        return
    click.echo(f"{running.config.name} is up")
    for name, value in facts.items():
        click.echo(f"  {name.replace('_', ' '):13} {value}")
    click.echo("Ctrl-C ends it.")


def _say(record: Record) -> None:
    """One line for each thing that the EMP decided."""
    if record["leg"] == "event" and record["actor"] == "emp":
        told = ", ".join(f"{name} {value}" for name, value in record["data"].items() if value != "")
        click.echo(f"{record['at'][11:19]}  {record['what'].removeprefix('emp.'):16} {told}")
