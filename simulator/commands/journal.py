"""`roamlab journal`: journals made of plain frame logs, and journals in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulator.mistakes import Exit, Mistake, unwritable

if TYPE_CHECKING:
    from simulator.kernel.journal import Record
    from simulator.scenario.sights import Sight

_PATH = click.Path(path_type=Path)
_LEGS = ("ocpp", "ocpi", "event", "finding", "step", "fault")


@click.group()
def journal() -> None:
    """Make journals of plain frame logs, and read journals."""


@journal.command("import")
@click.argument("frames", type=_PATH)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="JOURNAL",
    help="Where to write it; default: FRAMES with the ending .ndjson.",
)
@click.option("--station", required=True, metavar="ID", help="Whose log it is.")
@click.option(
    "--version",
    "version",
    type=click.Choice(["1.6", "2.0.1"]),
    help="What was spoken; default: what the frames tell.",
)
@click.option(
    "--logged-by",
    type=click.Choice(["csms", "station"]),
    default="csms",
    show_default=True,
    help="Whose sent and received, where the frames do not tell.",
)
@click.option("--both", is_flag=True, help="Write each frame twice, as both ends would have.")
@click.option("--strict", is_flag=True, help="Refuse a log with a line that cannot be read.")
def import_frames(**options: Any) -> None:
    """Make a journal of a plain OCPP-J log: one frame a line, with time and direction.

    Lines that cannot be read are told with their numbers (docs/replay.md). Exit code 5: there is no
    frame in it.
    """
    from simulator.scenario.frame_log import import_file, unread_in_words

    source: Path = options["frames"]
    station: str = options["station"]
    if not station or not station.isprintable():
        raise Mistake("--station: expected an id")
    output: Path = options["output"] or source.with_suffix(".ndjson")
    if output.resolve() == source.resolve():
        raise Mistake(f"{output} is the log itself: name another file with -o")
    made = import_file(
        source, station, version=options["version"], writer=options["logged_by"],
        both=options["both"], strict=options["strict"],
    )  # fmt: skip
    for line in unread_in_words(source, made.unread):
        click.echo(line, err=True)
    for note in made.notes:
        click.echo(f"· {note}", err=True)
    try:
        output.write_bytes(made.dump())
    except OSError as error:
        raise unwritable(str(output), error) from error
    left = f", {len(made.unread)} lines left out" if made.unread else ""
    click.echo(f"{output}: {len(made.records)} records of station {station}{left}")


@journal.command()
@click.argument("journal_path", metavar="JOURNAL", type=_PATH)
@click.option("--session", help="Only this session, as a ladder.")
@click.option(
    "--leg",
    "legs",
    multiple=True,
    type=click.Choice(_LEGS),
    help="Only this leg, line by line. May be repeated.",
)
@click.option("--filter", "picks", metavar="FILTER", help="Only what it picks (docs/tui.md).")
@click.option("--sessions", "only_sessions", is_flag=True, help="Only list the sessions.")
def show(
    journal_path: Path,
    session: str | None,
    legs: tuple[str, ...],
    picks: str | None,
    only_sessions: bool,
) -> int:
    """Tell a journal in words: who said what to whom, and what came of it."""
    from simulator.scenario.ladder import ladder
    from simulator.scenario.replay_recording import load

    fits = _picking(picks or "")
    recording = load(journal_path)
    for note in recording.notes:
        click.echo(f"{journal_path}: {note}", err=True)
    if only_sessions:
        lines: Iterable[str] = recording.sessions
    elif session is not None and not legs and not picks:
        recording.stretch(session)
        lines = ladder(recording.records, session).splitlines()
    else:
        told = recording.stretch(session).records
        lines = _lines(told, legs or (_LEGS if picks else ("ocpp", "ocpi", "finding")), fits)
    count = 0
    for line in lines:
        click.echo(line)
        count += 1
    return Exit.PASS if count else Exit.NOTHING


def _picking(text: str) -> Callable[[Sight], bool]:
    """Whether a filter picks a sight. Raises Mistake."""
    from simulator.kernel.filter_rows import LACKING, OfRecord
    from simulator.kernel.filters import FilterError, parse

    try:
        read = parse(text, lacking=LACKING)
    except FilterError as error:
        raise Mistake(f"--filter: {error}") from error
    return lambda sight: read.matches(OfRecord(sight.record, sight.answer))


def _lines(
    records: Iterable[Record], legs: tuple[str, ...], fits: Callable[[Sight], bool]
) -> Iterator[str]:
    """What was seen on these legs and is picked; a call is told, and judged, with its answer."""
    from simulator.scenario.sights import Watcher
    from simulator.wording import Wording, short

    wording, watcher = Wording(), Watcher()
    for record in records:
        if record["leg"] not in legs:
            continue
        at, picked = record["at"][11:23], any(map(fits, watcher.sights(record)))
        if record["leg"] in ("ocpp", "ocpi", "finding"):
            line = wording.line(record)
            if line is not None and picked:
                said = " ".join(part for part in (line.what, line.detail, line.outcome) if part)
                yield f"{at}  {line.sender} > {line.receiver}  {said}"
        elif picked:
            yield f"{at}  {short(record['actor'])}  {_told(record)}"


def _told(record: Record) -> str:
    """An event, a step or a fault: its name and particulars."""
    name = record.get("what") or record.get("step") or record.get("fault") or record["leg"]
    particulars = record.get("data") or record.get("arguments") or {}
    if not isinstance(particulars, dict):
        return str(name)
    told = ", ".join(f"{key} {value}" for key, value in particulars.items() if value is not None)
    return f"{name}  {told}".rstrip()
