"""A check's report for the terminal: calm, what failed last, so that it stands above the prompt.

Rule: colour only ever repeats what a word says.
"""

from __future__ import annotations

from typing import Any

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from mock_peer.check_model import FAULTS, Cell, Line, Report, Verdict
from mock_peer.report_message import Message, Part, message, visible

TONES = {
    Verdict.PASS: "green",
    Verdict.FAIL: "bold red",
    Verdict.NOT_APPLICABLE: "dim",
    Verdict.NOT_EXERCISED: "yellow",
}
_SHORT = 160


def show(report: Report, console: Console) -> None:
    """Print the report."""
    console.print(_rules(report))
    if report.matrix:
        console.print(_matrix(report))
    for line in report.failures:
        console.print(_failure(line, report))
    console.print(_summary(report))


def _rules(report: Report) -> RenderableType:
    parts: list[RenderableType] = []
    for module, lines in report.modules:
        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
        table.add_column(no_wrap=True, width=14)
        table.add_column(no_wrap=True, min_width=28)
        table.add_column(overflow="fold")
        for line in lines:
            dim = "dim" if line.verdict is Verdict.NOT_APPLICABLE else ""
            table.add_row(
                Text(line.verdict.value, TONES[line.verdict]),
                Text(line.id, dim),
                _told(_short(line.ruling.why), "dim"),
            )
        parts += [Text(f"\n{module}", "bold"), Padding(table, (0, 0, 0, 2))]
    return Group(*parts)


def _matrix(report: Report) -> RenderableType:
    verbs = list(report.matrix[0].ours)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("module")
    table.add_column("")
    for verb in verbs:
        table.add_column(verb, justify="center", no_wrap=True)
    for row in report.matrix:
        cells = [_cells(row.ours[verb], row.theirs[verb]) for verb in verbs]
        table.add_row(row.module, Text(row.standing, "dim"), *cells)
    note = Text("→ from us, ← from them; · supported, none came; a cross counts refusals", "dim")
    title = Text("\nmodules and verbs", "bold")
    return Group(title, Padding(Group(table, note), (0, 0, 0, 2)))


def _cells(ours: Cell, theirs: Cell) -> Text:
    words = Text()
    for arrow, cell in (("→", ours), ("←", theirs)):
        if cell.taken or cell.refused:
            words.append(f"{arrow}{cell.taken}" if cell.taken else arrow, "green")
            words.append(f"✗{cell.refused}" if cell.refused else "", "red")
        elif cell.supported:
            words.append(f"{arrow}·", "dim")
    return words


def _failure(line: Line, report: Report) -> RenderableType:
    head = Text.assemble("\n", (line.id, "bold red"), f"  {line.statement}")
    told: list[RenderableType] = []
    for fault, times in line.kinds[:FAULTS]:
        where = f"{fault.pointer}: " if fault.pointer else ""
        often = f" ({times} times)" if times > 1 else ""
        told.append(_told(f"{where}expected {fault.expected}{often}"))
        if fault.seen is not None:
            told.append(_told(f"seen: {_short(str(fault.seen))}", "dim"))
    if not line.faults:
        told.append(_told(line.ruling.why))
    if len(line.kinds) > FAULTS:
        told.append(Text(f"… {len(line.kinds) - FAULTS} more", "dim"))
    told.append(Text(f"what to do: {line.hint}", "cyan"))
    shown = [seq for seq in line.messages if seq in report.messages][:1]
    told.extend(_message(message(report.messages[seq], line.faults)) for seq in shown)
    return Group(head, Padding(Group(*told), (0, 0, 0, 2)))


def _message(told: Message) -> RenderableType:
    """A message; bodies only where a place in them is marked."""
    who = "they asked" if told.received else "we asked"
    parts: list[RenderableType] = [Text(f"message {told.seq}, {told.at}, {who}", "dim")]
    for part in told.parts:
        marked = any(row.note for row in part.rows)
        parts += [_told(part.title, "dim"), *(_lines(part) if marked else ())]
    return Padding(Group(*parts), (0, 0, 0, 2))


def _lines(part: Part) -> list[Text]:
    told = [_told(f"  {name}: {value}", "red") for name, value, note in part.headers if note]
    for row in part.rows:
        mark, tone = ("▸", "red") if row.note else (" ", "dim")
        told.append(_told(f"{mark} {'  ' * row.depth}{row.text}", tone, no_wrap=True))
    return told


def _summary(report: Report) -> RenderableType:
    counts = [(f"{report.count(v)} {v.value}", TONES[v]) for v in Verdict if report.count(v)]
    words: list[Any] = ["\n"]
    for index, (text, tone) in enumerate(counts):
        words += [("  " if index else ""), (text, tone)]
    told: list[RenderableType] = [Text.assemble(*words)]
    if report.problem:
        told.append(_told(report.problem, "red"))
    if report.missing:
        told.append(Text(f"awaited in vain: {', '.join(report.missing)}", "yellow"))
    return Group(*told)


def _told(words: str, tone: str = "", *, no_wrap: bool | None = None) -> Text:
    """Words that may come from the wire: they steer nothing."""
    return Text(visible(words), tone, no_wrap=no_wrap)


def _short(text: str) -> str:
    return text if len(text) <= _SHORT else f"{text[: _SHORT - 1]}…"
