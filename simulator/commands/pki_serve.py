"""`roamlab pki serve`: the services of a PKI, until Ctrl-C.

Rule: what another process does to the PKI's directory meanwhile, a revocation, holds from the next
request on.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from simulator.command import forever, run, stopped_in_time, write_to
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal, Record
from simulator.mistakes import Mistake
from simulator.pki.emaid import parse_emaid
from simulator.pki.server import PkiServer
from simulator.pki.store import Pki

_KEPT_RECORDS = 100_000
_DEFAULT_PORT = 8085


def keep(
    pki: Pki,
    chance: Chance,
    *,
    host: str,
    port: int | None,
    ocsp: str,
    pool: str,
    est: str,
    contracts: tuple[str, ...],
    valid_for: float,
    clock_name: str,
    journal_file: Path | None,
    as_json: bool,
) -> None:
    """Run the services, and tell what they answer. Raises Mistake, BindError."""
    if clock_name == "virtual":
        raise Mistake("pki serve: who asks lives in real time; take --clock real or scaled:N")
    clock = Clock.parse(clock_name)
    journal = Journal(clock, world="pki", keep=_KEPT_RECORDS)
    by_car, default = _contracts(contracts)
    server = PkiServer(
        pki,
        clock=clock,
        chance=chance,
        journal=journal,
        contracts=by_car,
        default=default,
        valid_for=timedelta(seconds=valid_for),
        host=host,
        port=_port(pki) if port is None else port,
    )
    server.set_switches({"ocsp": ocsp, "pool": pool, "est": est})
    write_to(journal, journal_file)
    if not as_json:
        journal.subscribe(_say)
    run(_keep(server, pki, journal, as_json=as_json), clock, journal)


def _contracts(said: tuple[str, ...]) -> tuple[dict[str, str], str | None]:
    """Contracts by PCID, and the one for all other cars. Raises Mistake."""
    by_car: dict[str, str] = {}
    default: str | None = None
    for words in said:
        pcid, equals, emaid = words.rpartition("=")
        if parse_emaid(emaid) is None or (equals and not pcid):
            raise Mistake(f"--contract {words}: expected an EMAID, or PCID=EMAID")
        if equals:
            by_car[pcid] = emaid
        else:
            default = emaid
    return by_car, default


def _port(pki: Pki) -> int:
    """The port that the certificates name for OCSP, so that it is found there."""
    try:
        return urlsplit(pki.settings.ocsp_url or "").port or _DEFAULT_PORT
    except ValueError:
        return _DEFAULT_PORT


async def _keep(server: PkiServer, pki: Pki, journal: Journal, *, as_json: bool) -> None:
    try:
        async with stopped_in_time(server.stop):
            await server.start()
            _print(server, pki, as_json=as_json)
            await forever()
    finally:
        journal.close()


def _print(server: PkiServer, pki: Pki, *, as_json: bool) -> None:
    facts: dict[str, Any] = {**server.urls, "named_ocsp_url": pki.settings.ocsp_url}
    if as_json:
        import msgspec

        click.echo(msgspec.json.encode(facts).decode())
        return
    click.echo("the PKI is up")
    for name in server.urls:
        click.echo(f"  {name.replace('_', ' '):13} {facts[name]}")
    if facts["named_ocsp_url"] != facts["ocsp_url"]:
        click.echo(f"  but certificates name {facts['named_ocsp_url'] or 'no responder'}")
    click.echo("Ctrl-C ends it.")


def _say(record: Record) -> None:
    """One line for each answer."""
    told = ", ".join(f"{name} {value}" for name, value in record["data"].items() if value)
    click.echo(f"{record['at'][11:19]}  {record['what']:15} {told}")
