"""`roamlab scenario from`: a session of a journal becomes a scenario file."""

from __future__ import annotations

from pathlib import Path

import click

from simulator.mistakes import Mistake, unwritable


@click.group()
def scenario() -> None:
    """Make scenario files."""


@scenario.command("from")
@click.argument("journal_path", metavar="JOURNAL", type=click.Path(path_type=Path))
@click.option("--session", required=True, help="Which session, as in DE-AC-1-1-1.")
@click.option(
    "--world",
    "world_name",
    metavar="WORLD",
    help="The world it plays in; default: the one that the journal names.",
)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="Where to write it; default: to the terminal.")  # fmt: skip
def from_journal(
    journal_path: Path, session: str, world_name: str | None, output: Path | None
) -> None:
    """Write a scenario of what was done in a session, and of what came of it on both wires.

    `roamlab run` plays it (docs/replay.md). Exit code 5: the journal does not tell what was done.
    """
    from simulator.scenario.derive import scenario_from
    from simulator.scenario.replay_recording import load
    from simulator.world_file import find, read

    recording = load(journal_path)
    named = world_name or recording.header.get("world")
    if not isinstance(named, str):
        raise Mistake(f"{journal_path}: the journal names no world: --world")
    try:
        plan = read(find(named))
    except Mistake as mistake:
        hint = "" if world_name else " (the world that the journal names; --world takes another)"
        raise Mistake(f"{mistake}{hint}", mistake.exit_code) from mistake
    text = scenario_from(recording, session, named, plan)
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise unwritable(str(output), error) from error
    click.echo(f"{output}: play it with roamlab run {output}")
