"""`roamlab rules`: what the peer demands, rule by rule, with its sources."""

from __future__ import annotations

import sys
from typing import Any

import click

from simulator.command import json_option
from simulator.mistakes import Mistake, did_you_mean
from simulator.rule_table import rule_table


@click.command()
@click.option("--peer", default="plugsurfing", show_default=True, help="Whose rules.")
@click.option("--version", "version", metavar="VERSION", help="Only those of an OCPI version.")
@click.argument("words", nargs=-1)
@json_option
def rules(peer: str, version: str | None, words: tuple[str, ...], as_json: bool) -> None:
    """List the peer's rules: id, what breaks it costs, statement, source.

    WORDS narrow the list to rules whose id or statement holds one of them.
    """
    rows = [row for row in rule_table(peer) if version is None or version in row["versions"]]
    if version is not None and not rows:
        raise Mistake(f"no rule of '{peer}' applies to OCPI {version}")
    chosen = [row for row in rows if not words or any(_holds(row, word) for word in words)]
    if not chosen:
        raise Mistake(f"no such rule.{did_you_mean(words[0], [row['id'] for row in rows])}")
    if as_json:
        import msgspec

        click.echo(msgspec.json.format(msgspec.json.encode(chosen)))
    else:
        _print(chosen)


def _holds(row: dict[str, Any], word: str) -> bool:
    return any(word.lower() in str(row[key]).lower() for key in ("id", "statement"))


def _print(rows: list[dict[str, Any]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for heading in ("rule", "versions", "severity", "strict answer", "it demands that", "source"):
        table.add_column(heading, no_wrap=heading == "rule", overflow="fold")
    tones = {"reject": "red", "drop": "yellow", "warn": "yellow"}
    for row in rows:
        severity = row["severity"] or "-"
        table.add_row(
            row["id"],
            " ".join(row["versions"]),
            severity,
            row["answer"],
            row["statement"],
            row["source"],
            style=tones.get(severity),
        )
    console = Console(soft_wrap=False)
    if not sys.stdout.isatty():  # a pipe gets whole lines, however long
        console = Console(width=200)
    console.print(table)
