"""The command line: a table of commands, each imported when it is called for.

Rule: a user's mistake is one clear line and exit code 2; every exit code is one of `Exit`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, NamedTuple

import click

from simulator import __version__
from simulator.entry import call
from simulator.mistakes import did_you_mean

ENTRY_POINTS = "roamlab.commands"


class Row(NamedTuple):
    """A command: where it is (`module:attribute`; an empty module: the entry point of its name) and
    one line of help, so that `--help` imports none of them.
    """

    target: str
    help: str


COMMANDS: dict[str, Row] = {
    "demo": Row(
        "simulator.commands.demo:demo",
        "Tell the whole story, from plug-in to an accepted CDR.",
    ),
    "tui": Row(
        "simulator.commands.tui:tui",
        "Look at a world and play in it, in the terminal.",
    ),
    "serve": Row(
        "simulator.commands.serve:serve",
        "The same in a browser, for demonstrations.",
    ),
    "up": Row(
        "simulator.commands.up:up",
        "Keep a world running: stations, CPO and peer.",
    ),
    "run": Row(
        "simulator.commands.run:run",
        "Play scenarios, and say how they ended.",
    ),
    "soak": Row(
        "simulator.commands.soak:soak",
        "Play random worlds with random faults, seed by seed.",
    ),
    "replay": Row(
        "simulator.commands.replay:replay",
        "Play one side of a journal back against a live counterpart.",
    ),
    "scenario": Row(
        "simulator.commands.scenario:scenario",
        "Make a scenario of a session in a journal.",
    ),
    "journal": Row(
        "simulator.commands.journal:journal",
        "Read a journal, or make one of a plain frame log.",
    ),
    "station": Row(
        "simulator.commands.station:station",
        "Run charging stations against any CSMS.",
    ),
    "cpo": Row(
        "simulator.commands.cpo:cpo",
        "Run the CPO core alone: a CSMS with an OCPI side.",
    ),
    "peer": Row("", "Run the mock Plugsurfing alone, against any CPO."),
    "emp": Row("", "Run a simulated EMP alone, against anyone's Roam."),
    "check": Row("", "Check a real CPO or EMP against Plugsurfing's rules."),
    "pki": Row("simulator.commands.pki:pki", "Make Plug & Charge certificates and serve them."),
    "price": Row(
        "simulator.commands.price:price",
        "Price a session by an OCPI tariff, line by line.",
    ),
    "rules": Row("simulator.commands.rules:rules", "List the peer's rules with their sources."),
    "support-bundle": Row("", "Gather a session for a support case, secrets hidden."),
}


class LazyGroup(click.Group):
    """A group that imports a command only to run it or to show its own help; without one, on a
    terminal, it is the interface.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        alone = not args and sys.stdin.isatty() and sys.stdout.isatty()
        return super().parse_args(ctx, ["tui"] if alone else args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        row = COMMANDS.get(cmd_name)
        if row is None:
            raise click.UsageError(
                f"no such command '{cmd_name}'.{did_you_mean(cmd_name, COMMANDS)}", ctx
            )
        return _load(cmd_name, row)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, row.help) for name, row in COMMANDS.items()])


def _load(name: str, row: Row) -> click.Command:
    if row.target:
        module, _, attribute = row.target.partition(":")
        command: Any = getattr(import_module(module), attribute)
    else:
        from importlib.metadata import entry_points

        command = entry_points(group=ENTRY_POINTS)[name].load()
    assert isinstance(command, click.Command)
    return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="roamlab")
@click.option("--debug", is_flag=True, help="Show the traceback of an internal error.")
def roamlab(debug: bool) -> None:
    """A charge-point simulator and a mock roaming peer: OCPP stations, a CPO core, OCPI and a mock
    Plugsurfing on one timeline. Start with `roamlab demo`; alone on a terminal it is `roamlab tui`.
    """


def run(arguments: Sequence[str]) -> int:
    """Run a command line and return its exit code."""
    return call(roamlab, arguments)
