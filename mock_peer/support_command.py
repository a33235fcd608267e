"""`roamlab support-bundle`: one file with all that a support case needs."""

from __future__ import annotations

from pathlib import Path

import click

from simulator.mistakes import Mistake


@click.command()
@click.argument("session")
@click.option(
    "--journal",
    "journal_file",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    metavar="FILE",
    help="The journal to read (docs/journal.md).",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write a .zip (a page, JSON, the journal of the session) or a .json; else print the page.",
)
def support_bundle(session: str, journal_file: Path, output: Path | None) -> None:
    """Gather a charging session for a support case, secrets hidden.

    SESSION is the session's name in the journal, or the id of a session, a CDR, an authorization or
    a token.
    """
    from mock_peer.support_bundle import as_json, as_text, as_zip, bundle
    from simulator.kernel.journal import read

    writers = {".zip": as_zip, ".json": as_json}
    if output is not None and output.suffix not in writers:
        raise Mistake(f"--output {output}: expected a name that ends in .zip or .json")
    try:
        header, *records = read(journal_file)
    except OSError as error:
        raise Mistake(f"--journal {journal_file}: {error.strerror or error}") from error
    except ValueError as error:
        if isinstance(error, Mistake):
            raise
        raise Mistake(f"--journal {journal_file}: it is empty") from error
    case = bundle(header, records, session)
    if output is None:
        click.echo(as_text(case), nl=False)
        return
    try:
        output.write_bytes(writers[output.suffix](case))
    except OSError as error:
        raise Mistake(f"--output {output}: {error.strerror or error}") from error
    click.echo(f"{output}: {len(case.exchanges)} messages, {len(case.findings)} broken rules")
