"""`roamlab pki`: a PKI of Plug & Charge in a directory, and the services around it.

Rule: everything heavy is imported once the options have been read. A private key leaves the
directory only into a file that its owner alone can read.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulator.command import (
    Number,
    clock_option,
    journal_option,
    json_option,
    seconds,
    seed_option,
)
from simulator.mistakes import Mistake

if TYPE_CHECKING:
    from simulator.kernel.chance import Chance
    from simulator.pki.ledger import Row
    from simulator.pki.store import Pki

DEFAULT_OCSP_URL = "http://127.0.0.1:8085/ocsp"
# Those of `simulator.pki.spec`, which is too heavy for `--help`.
PROFILES = ("iso15118-2", "iso15118-20", "iso15118-20-ed448")
ROOTS = ("v2g", "mo", "oem", "csms")
# What can be issued: the name of its row in `simulator.pki.spec`.
KINDS = {
    "contract": "CONTRACT",
    "secc": "SECC",
    "provisioning": "PROVISIONING",
    "station": "CHARGING_STATION",
    "server": "CSMS",
    "cps": "CPS",
}
_LONGEST_DAYS = 36_500
_directory_option = click.option(
    "--directory",
    "-d",
    default="pki",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Where the PKI is.",
)


@click.group(
    epilog="""\b
  roamlab pki init
  roamlab pki issue contract DE-8PS-C12345678-X
  roamlab pki serve
  roamlab pki revoke DE-8PS-C12345678-X        (in another terminal)
"""
)
def pki() -> None:
    """Make certificates of Plug & Charge, and run the OCSP responder, certificate pool and EST for
    them. For tests alone: nothing here protects anything.
    """


@pki.command()
@_directory_option
@click.option(
    "--profile",
    type=click.Choice(PROFILES),
    default=PROFILES[0],
    show_default=True,
    help="Whose keys: P-256, or P-521 or Ed448 for ISO 15118-20.",
)
@click.option(
    "--ocsp-url",
    default=DEFAULT_OCSP_URL,
    show_default=True,
    metavar="URL",
    help="What certificates name as their responder; '' for none.",
)
@seed_option
@json_option
def init(directory: Path, profile: str, ocsp_url: str, seed: int | None, as_json: bool) -> None:
    """Make a fresh PKI: roots, authorities, OCSP signers, provisioning service, CSMS."""
    from simulator.pki.store import Pki

    made = Pki.create(
        _chance(seed), _now(), directory=directory, profile=profile, ocsp_url=ocsp_url or None
    )
    facts = {
        "directory": str(directory),
        "profile": profile,
        "ocsp_url": made.settings.ocsp_url,
        "certificates": len(made.issued()),
    }
    told = f"{facts['certificates']} certificates in {directory} ({profile})"
    _print(facts, [told], as_json=as_json)


@pki.command()
@click.argument("kind", type=click.Choice(tuple(KINDS)))
@click.argument("name", required=False)
@_directory_option
@click.option(
    "--valid-days",
    type=Number(0, _LONGEST_DAYS, min_open=True),
    metavar="DAYS",
    help="How long it is valid; default: as long as its kind.",
)
@click.option(
    "--not-before",
    metavar="WHEN",
    help="From when, as 2026-01-15T07:00:00Z; default: an hour ago.",
)
@click.option("--ocsp/--no-ocsp", "ocsp", default=True, help="Name the responder in it.")
@click.option("--san", multiple=True, metavar="NAME", help="A name or address of a server.")
@seed_option
@json_option
def issue(
    kind: str,
    name: str | None,
    directory: Path,
    valid_days: float | None,
    not_before: str | None,
    ocsp: bool,
    san: tuple[str, ...],
    seed: int | None,
    as_json: bool,
) -> None:
    """Issue a certificate with a key: contract EMAID, secc ID, provisioning PCID, station ID,
    server [NAME], cps.
    """
    if name is None and kind not in ("server", "cps"):
        raise Mistake(f"pki issue {kind}: whose? NAME is missing")
    if name is not None and not (name.strip() and name.isprintable()):
        raise Mistake(f"pki issue {kind} {name!r}: a name that can be read is expected")
    if san and kind != "server":
        raise Mistake(f"pki issue {kind}: --san is for a server")
    warnings = _warnings(kind, name)
    for warning in warnings:
        click.echo(f"roamlab: {warning}", err=True)
    held = _open(directory)
    said: dict[str, Any] = {
        "valid_for": None if valid_days is None else timedelta(days=valid_days),
        "not_before": _moment(not_before),
        "ocsp": ocsp,
    }
    chance = _chance(seed).child(f"{kind}/{name}")
    if kind == "contract":
        chain = held.issue_contract(name or "", _now(), chance, **said).chain
    else:
        chain = held.issue(KINDS[kind], name, _now(), chance, san=san, **said).chain
    row = held.row(chain[0].serial_number)
    assert row is not None
    facts = {**_facts(held, row), "warnings": warnings}
    _print(facts, _lines(f"issued {kind} {row.common_name}", facts), as_json=as_json)


def _warnings(kind: str, name: str | None) -> list[str]:
    """What is odd about a name, but no reason to refuse it."""
    from simulator.pki.emaid import parse_emaid

    emaid = parse_emaid(name) if kind == "contract" and name else None
    if emaid is None or not emaid.check_digit_is_wrong:
        return []
    return [
        f"warning: {name}: the check digit of this EMAID would be"
        f" {emaid.expected_check_digit}, not {emaid.check_digit}"
    ]


@pki.command()
@click.argument("what")
@_directory_option
@click.option(
    "--reason", default="unspecified", show_default=True, metavar="REASON",
    help="Why, as RFC 5280 has it: keyCompromise, cessationOfOperation, …",
)  # fmt: skip
@json_option
def revoke(what: str, directory: Path, reason: str, as_json: bool) -> None:
    """Revoke WHAT: a serial number, a common name, an EMAID in any spelling. A responder that runs
    tells it at once.
    """
    held = _open(directory)
    rows = held.revoke(what, _now(), reason)
    told = [
        f"revoked {row.common_name} (serial {row.serial}): {row.revocation_reason}" for row in rows
    ]
    _print([_facts(held, row) for row in rows], told, as_json=as_json)


@pki.command(name="list")
@_directory_option
@click.option("--kind", type=click.Choice(tuple(KINDS)), help="Only those of a kind.")
@json_option
def list_(directory: Path, kind: str | None, as_json: bool) -> None:
    """List all certificates, in the order in which they were issued."""
    held = _open(directory)
    rows = [row for row in held.issued() if kind is None or row.spec == KINDS[kind]]
    if as_json:
        _print([_facts(held, row) for row in rows], [], as_json=True)
    else:
        _table(rows)


@pki.command()
@click.argument("what")
@_directory_option
@json_option
def show(what: str, directory: Path, as_json: bool) -> None:
    """Show WHAT with its chain, and the hash data that OCPP asks for by."""
    from simulator.pki.certificates import common_name, hash_data, ocsp_url

    held = _open(directory)
    chain = held.chain(what)
    row = held.row(chain[0].serial_number)
    assert row is not None
    facts = {
        **_facts(held, row),
        "chain": [common_name(certificate) for certificate in chain],
        "ocsp_url": ocsp_url(chain[0]),
        "hash_data": hash_data(chain[0], held.certificate(row.issuer)),
    }
    _print(facts, _lines(f"{row.spec} {row.common_name}", facts), as_json=as_json)


@pki.command()
@click.argument("what", required=False)
@_directory_option
@click.option("--roots", type=click.Choice(ROOTS), help="The roots of a kind, in place of WHAT.")
@click.option(
    "--output", "-o", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
    help="Write the certificates there; default: stdout.",
)  # fmt: skip
@click.option(
    "--key", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
    help="Write the private key there, readable for its owner alone.",
)  # fmt: skip
def export(
    what: str | None, directory: Path, roots: str | None, output: Path | None, key: Path | None
) -> None:
    """Export the chain of WHAT as PEM: leaf first, without root."""
    from simulator.pki.certificates import pem_chain
    from simulator.pki.files import write_out, write_secret
    from simulator.pki.keys import key_pem

    if (what is None) == (roots is None) or (roots is not None and key is not None):
        raise Mistake("pki export: WHAT, with --key if its key is wanted, or --roots")
    if output is not None and key is not None and output.resolve() == key.resolve():
        raise Mistake(f"pki export: --output and --key are the same file, {key}")
    held = _open(directory)
    kind: Any = roots.upper() if roots else None
    chain = held.roots(kind) if what is None else held.chain(what)
    private = key_pem(held.key(what)) if what is not None and key is not None else None
    if output is None:
        click.echo(pem_chain(chain), nl=False)
    else:
        write_out(output, pem_chain(chain))
    if key is not None and private is not None:
        write_secret(key, private)


@pki.command()
@_directory_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option(
    "--port", type=click.IntRange(0, 65535), metavar="PORT",
    help="0: a free one. Default: the one that the certificates name for OCSP.",
)  # fmt: skip
@click.option("--ocsp", default="ok", metavar="SWITCH", help="How OCSP behaves (docs/pki.md).")
@click.option("--pool", default="ok", metavar="SWITCH", help="How the certificate pool behaves.")
@click.option("--est", default="ok", metavar="SWITCH", help="How EST behaves.")
@click.option(
    "--contract", "contracts", multiple=True, metavar="[PCID=]EMAID",
    help="What the pool gives to a car, or to every other car; may be repeated.",
)  # fmt: skip
@click.option(
    "--valid-for", type=seconds(at_least=1), default=600.0, show_default=True, metavar="SECONDS",
    help="How long an OCSP answer may be kept.",
)  # fmt: skip
@clock_option("real", "Default real.")
@seed_option
@journal_option
@json_option
def serve(directory: Path, seed: int | None, **said: Any) -> None:
    """Run OCSP responder, certificate pool and EST on one port, until Ctrl-C."""
    from simulator.commands.pki_serve import keep

    keep(_open(directory), _chance(seed), **said)


# What commands share


def _open(directory: Path) -> Pki:
    from simulator.pki.keys import PkiError
    from simulator.pki.store import Pki

    try:
        return Pki.open(directory)
    except PkiError as error:
        if directory.exists():
            raise
        raise Mistake(f"{error}; `roamlab pki init` makes one") from error


def _chance(seed: int | None) -> Chance:
    """Chance for keys: without a seed as much of it as a key holds."""
    from simulator.kernel.chance import Chance, fresh_seed

    if seed is not None:
        return Chance(seed)
    return Chance(sum(fresh_seed() << 32 * place for place in range(8)))


def _now() -> datetime:
    from simulator.kernel.clock import Clock

    return Clock("real").now()


def _moment(text: str | None) -> datetime | None:
    from simulator.kernel.clock import parse_rfc3339

    try:
        return None if text is None else parse_rfc3339(text)
    except ValueError as error:
        raise Mistake(f"--not-before {text}: expected a moment as 2026-01-15T07:00:00Z") from error


def _facts(held: Pki, row: Row) -> dict[str, Any]:
    """What is told of a certificate; `key` is null where who asked for it keeps it."""
    from simulator.kernel.clock import rfc3339
    from simulator.pki.shelf import CERTIFICATES, KEYS

    directory = held.directory
    assert directory is not None
    key = directory / KEYS / f"{row.file}.pem"
    return {
        "spec": row.spec,
        "common_name": row.common_name,
        "serial": row.serial,
        "issuer": row.issuer,
        "not_before": rfc3339(row.not_before),
        "not_after": rfc3339(row.not_after),
        "revoked_at": rfc3339(row.revoked_at) if row.revoked_at else None,
        "revocation_reason": row.revocation_reason,
        "certificate": str(directory / CERTIFICATES / f"{row.file}.pem"),
        "key": str(key) if key.exists() else None,
    }


def _lines(title: str, facts: dict[str, Any]) -> Iterable[str]:
    """Facts, one a line; what is empty is left out."""
    yield title
    for name, value in facts.items():
        if isinstance(value, dict):
            yield from _lines(
                f"  {name.replace('_', ' ')}", {f"  {k}": v for k, v in value.items()}
            )
        elif value and name not in ("spec", "common_name", "warnings"):
            text = " < ".join(value) if isinstance(value, list) else value
            yield f"  {name.replace('_', ' '):18} {text}"


def _print(facts: Any, lines: Iterable[str], *, as_json: bool) -> None:
    if as_json:
        import msgspec

        click.echo(msgspec.json.format(msgspec.json.encode(facts)))
        return
    for line in lines:
        click.echo(line)


def _table(rows: Iterable[Row]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for heading in ("kind", "name", "serial", "valid until", "state"):
        table.add_column(heading, no_wrap=True)
    now = _now()
    for row in rows:
        expired = "expired" if row.not_after < now else "good"
        state = f"revoked ({row.revocation_reason})" if row.revoked else expired
        style = None if state == "good" else "red"
        table.add_row(
            row.spec, row.common_name, row.serial, f"{row.not_after:%Y-%m-%d}", state, style=style
        )
    Console(width=200, highlight=False).print(table)
