"""A check's report as one HTML page that needs nothing else: it opens offline, and prints.

Rule: whatever came over the wire goes through `h`, which escapes it, control characters too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape

from mock_peer.check_model import FAULTS, Cell, Fault, Line, MatrixRow, Report, Verdict
from mock_peer.report_message import Message, Part, message, visible, without_secrets
from mock_peer.report_style import STYLE
from mock_peer.rules import SOURCES
from simulator.mistakes import Exit

CHIPS = {
    Verdict.PASS: "pass",
    Verdict.FAIL: "fail",
    Verdict.NOT_EXERCISED: "open",
    Verdict.NOT_APPLICABLE: "mute",
}
MEANING = {
    Verdict.PASS: "something came that the rule could be held against, and it was kept",
    Verdict.FAIL: "the rule was broken",
    Verdict.NOT_EXERCISED: "nothing came that tells",
    Verdict.NOT_APPLICABLE: "another version or role, or agreed otherwise in the profile",
}
SUBJECTS = {"cpo": ("A CPO, checked by Plugsurfing's rules", "CPO"),
            "emp": ("An EMP, checked against Roam OCPI", "EMP")}  # fmt: skip
_SEEN = 300


class Safe(str):
    """HTML that is ready."""

    __slots__ = ()


Child = str | Iterable[str]


def h(tag: str, *children: Child, **attributes: str) -> Safe:
    """An element. Text is escaped unless it is `Safe`; `cls` stands for class."""
    told = "".join(
        f' {name.replace("cls", "class")}="{escape(visible(value))}"'
        for name, value in attributes.items()
        if value
    )
    return Safe(f"<{tag}{told}>{''.join(_flat(children))}</{tag}>")


def _flat(children: Iterable[Child]) -> Iterator[str]:
    for child in children:
        if isinstance(child, str):
            yield child if isinstance(child, Safe) else escape(visible(child))
        else:
            yield from _flat(child)


def report_html(report: Report) -> str:
    """The page."""
    title, _ = SUBJECTS[report.kind]
    body = h(
        "main",
        _head(report, title),
        _todo(report),
        _matrix(report),
        _findings(report),
        _rules(report),
        _foot(),
    )
    head = h(
        "head",
        Safe('<meta charset="utf-8">'),
        Safe('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        h("title", f"{title}: {', '.join(report.parties) or without_secrets(report.versions_url)}"),
        h("style", Safe(STYLE)),
    )
    return f'<!doctype html>\n<html lang="en">{head}{h("body", body)}</html>\n'


# The head


def _head(report: Report, title: str) -> Safe:
    facts = (
        ("party", ", ".join(report.parties) or "unknown"),
        ("OCPI", report.version or "none agreed"),
        ("at", without_secrets(report.versions_url)),
        ("checked", f"{report.began:%Y-%m-%d %H:%M:%S} UTC, {report.duration_s:.0f} s"),
    )
    return h(
        "header",
        h("div", "roamlab · conformance", cls="over"),
        h("h1", title),
        h("dl", [h("div", h("dt", name), h("dd", value)) for name, value in facts], cls="facts"),
        _banner(report),
    )


def _banner(report: Report) -> Safe:
    tone, words = {
        Exit.FAILED: ("bad", f"{len(report.failures)} of {len(report.lines)} rules are broken"),
        Exit.TIMEOUT: ("open", "Nothing is broken, but something required did not come"),
    }.get(report.exit_code, ("", "Nothing is broken"))
    counts = [(verdict, report.count(verdict)) for verdict in CHIPS]
    tiles = [h("div", h("b", str(n)), v.value.lower(), cls="tile") for v, n in counts]
    bar = [h("i", cls=CHIPS[v], style=f"flex:{n}") for v, n in counts if n]
    missing = f"Awaited in vain: {', '.join(report.missing)}." if report.missing else ""
    return h(
        "div",
        h("strong", words),
        h("p", report.problem) if report.problem else "",
        h("p", missing) if missing else "",
        h("div", tiles, cls="tiles"),
        h("div", bar, cls="bar"),
        cls=f"banner {tone}",
    )


def _todo(report: Report) -> Safe:
    if not report.failures:
        return Safe()
    items = (
        h("li", h("a", line.id, href=f"#{line.id}", cls="id"), line.hint)
        for line in report.failures
    )
    return h("section", h("h2", "What to do"), h("ol", items, cls="todo"))


# The matrix


def _matrix(report: Report) -> Safe:
    if not report.matrix:
        return Safe()
    verbs = list(report.matrix[0].ours)
    subject = SUBJECTS[report.kind][1]
    heads = [
        h("th", verb, cls="num side" if index == 0 else "num")
        for _ in range(2)
        for index, verb in enumerate(verbs)
    ]
    span = str(len(verbs))
    return h(
        "section",
        h("h2", "Modules and verbs"),
        h(
            "div",
            h(
                "table",
                h(
                    "thead",
                    h(
                        "tr",
                        h("th", ""),
                        h("th", ""),
                        h("th", "Plugsurfing asks", colspan=span, cls="num side"),
                        h("th", f"the {subject} asks", colspan=span, cls="num side"),
                    ),
                    h("tr", h("th", "module"), h("th", ""), heads),
                ),
                h("tbody", [_matrix_row(row) for row in report.matrix]),
            ),
            cls="card",
        ),
        h("p", "● answered well, with the number of messages · ✕ refused · ○ supported, none came",
          cls="source"),
    )  # fmt: skip


def _matrix_row(row: MatrixRow) -> Safe:
    cells = [
        _cell(cell, first=index == 0)
        for side in (row.ours, row.theirs)
        for index, cell in enumerate(side.values())
    ]
    return h("tr", h("td", row.module), h("td", row.standing, cls="standing"), cells)


def _cell(cell: Cell, *, first: bool) -> Safe:
    words = []
    if cell.taken:
        words.append(h("span", f"● {cell.taken}", cls="some"))
    if cell.refused:
        words.append(h("span", f" ✕ {cell.refused}", cls="refused"))
    if not words and cell.supported:
        words.append(h("span", "○", cls="none"))
    return h("td", words, cls="num side" if first else "num")


# Findings and rules


def _findings(report: Report) -> Safe:
    if not report.failures:
        return Safe()
    told = [_finding(line, report) for line in report.failures]
    return h("section", h("h2", "What was broken"), told)


def _finding(line: Line, report: Report) -> Safe:
    more = len(line.kinds) - FAULTS
    return h(
        "article",
        h(
            "header",
            _chip(line.verdict),
            h("h3", line.id, cls="id"),
            h("span", " · ".join(filter(None, (line.severity, line.source))), cls="source"),
        ),
        h("p", line.statement),
        [_fault(fault, times) for fault, times in line.kinds[:FAULTS]]
        or h("p", line.ruling.why, cls="fault"),
        h("p", f"and {more} more", cls="source") if more > 0 else "",
        h("p", h("b", "What to do: "), line.hint, cls="hint"),
        _messages(line, report, opened=True),
        id=line.id,
    )


def _fault(fault: Fault, times: int) -> Safe:
    seen = str(fault.seen)
    seen = seen if len(seen) <= _SEEN else f"{seen[:_SEEN]}…"
    return h(
        "div",
        h("div", h("code", fault.pointer)) if fault.pointer else "",
        h("div", h("b", "seen: "), h("code", seen)) if fault.seen is not None else "",
        h("div", h("b", "expected: "), fault.expected),
        h("div", f"{times} times; this is the first", cls="source") if times > 1 else "",
        h("div", f"{', '.join(fault.objects)}", cls="source") if fault.objects else "",
        cls="fault",
    )


def _rules(report: Report) -> Safe:
    tables = []
    for module, lines in report.modules:
        rows = [_rule(line, report) for line in lines]
        tables.append(h("h2", module))
        tables.append(h("div", h("table", h("tbody", rows, cls="flat")), cls="card"))
    return h("section", tables)


def _rule(line: Line, report: Report) -> Safe:
    failed = line.verdict is Verdict.FAIL
    name = h("a", line.id, href=f"#{line.id}") if failed else line.id
    return h(
        "tr",
        h("td", _chip(line.verdict)),
        h("td", name, cls="id"),
        h(
            "td",
            line.statement,
            h("div", line.ruling.why, cls="why") if line.ruling.why else "",
            Safe() if failed else _messages(line, report, opened=False),
        ),
        h("td", line.source, cls="source"),
    )


def _chip(verdict: Verdict) -> Safe:
    return h("span", verdict.value.lower(), cls=f"chip {CHIPS[verdict]}")


def _messages(line: Line, report: Report, *, opened: bool) -> Safe:
    records = [report.messages[seq] for seq in line.messages if seq in report.messages]
    if not records:
        return Safe()
    told = [_message(message(record, line.faults)) for record in records[: FAULTS if opened else 1]]
    if opened:
        return Safe("".join(told))
    return h("details", h("summary", "the message that shows it"), told)


def _message(told: Message) -> Safe:
    asked = "they asked" if told.received else "we asked"
    return h(
        "div",
        h("p", f"message {told.seq} · {told.at} · {asked}"),
        [_part(part) for part in told.parts],
        cls="message",
    )


def _part(part: Part) -> Safe:
    lines = [
        h("span", f"{name}: {value}", _note(note), cls="row head marked" if note else "row head")
        for name, value, note in part.headers
    ]
    lines += [
        h(
            "span",
            row.text,
            _note(row.note),
            cls="row marked" if row.note else "row",
            style=f"padding-left:{12 + 18 * row.depth}px",
        )
        for row in part.rows
    ]
    return h("div", h("h4", part.title), h("pre", lines), cls="part")


def _note(note: str) -> Safe:
    return h("em", note) if note else Safe()


def _foot() -> Safe:
    verdicts = [h("p", _chip(v), " ", MEANING[v]) for v in CHIPS]
    sources = "; ".join(f"{name}: {words}" for name, words in SOURCES.items())
    secrets = "Credentials tokens and Authorization headers are hidden."
    return h("footer", verdicts, h("p", f"Sources: {sources}."), h("p", secrets))
