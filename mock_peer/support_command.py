"""`roamlab support-bundle`: one file with all that a support case needs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from simulator.mistakes import Mistake, unwritable

# What each record has, and an exchange's beside that (docs/journal.md).
_MEMBERS = ("seq", "at", "leg", "actor", "peer", "session")
_OCPI_MEMBERS = (
    *("version", "module", "method", "url", "direction", "request", "response"),
    *("http_status", "status_code"),
)


@click.command()
@click.argument("session")
@click.option(
    "--journal",
    "journal_files",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    multiple=True,
    metavar="FILE",
    help="The journal to read (docs/journal.md); may be repeated, as for both sides' own.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write a .zip (a page, JSON, the journal of the session) or a .json; else print the page.",
)
def support_bundle(session: str, journal_files: tuple[Path, ...], output: Path | None) -> None:
    """Gather a charging session for a support case, secrets hidden.

    SESSION is the session's name in the journal, or the id of a session, a CDR, an authorization or
    a token.
    """
    from mock_peer.support_bundle import as_json, as_text, as_zip, bundle, merged

    writers = {".zip": as_zip, ".json": as_json}
    if output is not None and output.suffix not in writers:
        raise Mistake(f"--output {output}: expected a name that ends in .zip or .json")
    journals = [_journal(path) for path in journal_files]
    case = bundle(journals[0][0], merged(journal[1:] for journal in journals), session)
    if output is None:
        click.echo(as_text(case), nl=False)
        return
    try:
        output.write_bytes(writers[output.suffix](case))
    except OSError as error:
        raise unwritable(f"--output {output}", error) from error
    click.echo(f"{output}: {len(case.exchanges)} messages, {len(case.findings)} broken rules")


def _journal(path: Path) -> list[dict[str, Any]]:
    """The header and the records of a journal; a last line that was cut off is left out.

    Raises Mistake, which names file and line.
    """
    from simulator.kernel.journal import JournalError, read

    lines: list[dict[str, Any]] = []
    try:
        for record in read(path):
            if lines and (missing := _missing(record)):
                raise Mistake(f"--journal {path}:{len(lines) + 1}: not a record: no {missing}")
            lines.append(record)
    except OSError as error:
        raise Mistake(f"--journal {path}: {error.strerror or error}") from error
    except JournalError:
        if not lines or not _ends_after(path, len(lines)):
            raise
        click.echo(f"{path}:{len(lines) + 1}: cut off, and left out", err=True)
    if not lines:
        raise Mistake(f"--journal {path}: it is empty")
    return lines


def _missing(record: dict[str, Any]) -> str:
    """The first member that a record lacks, or empty."""
    needed = (*_MEMBERS, *(_OCPI_MEMBERS if record.get("leg") == "ocpi" else ()))
    return next((name for name in needed if name not in record), "")


def _ends_after(path: Path, lines: int) -> bool:
    """Whether there is only part of a line after so many."""
    content = path.read_bytes()
    return content.count(b"\n") == lines and not content.endswith(b"\n")
