"""The rules that a peer judges by: what they demand, how they answer, how often they were broken.

Rule: the text is the rule table's own; the counts are the peer's, the findings this view's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from textwrap import wrap
from typing import Any

from simulator.tui.details import finding
from simulator.tui.paint import Painter
from simulator.tui.peer.look import PEER, Cells, Line, Look, Rule, Section, Words, when
from simulator.tui.widgets.virtual_table import Cell, Column

COLUMNS = (
    Column("Rule", 24, grow=2),
    Column("Answers", 8),
    Column("Broken", 6, right=True),
    Column("Last", 14),
    Column("OCPI", 15, above=76),
    Column("Face", 4, above=84),
)
TONES = {"reject": "bad", "drop": "warn", "warn": "warn", "note": "quiet", "off": "quiet"}
_OWN = "own"  # what the peer itself keeps: a breach is its own defect


def lines(look: Look) -> Iterator[Line]:
    """What was broken first, the newest before; then all others by name."""
    broken: Mapping[str, Mapping[str, Any]] = look.own.get("broken", {})
    table = {rule["id"]: rule for rule in look.rules} if look.kind == PEER else {}
    for name in broken:
        table.setdefault(name, _unknown(name))
    order = sorted(table, key=lambda name: (_last(broken, name), name), reverse=True)
    hurt = [name for name in order if name in broken]
    for name in [*hurt, *sorted(set(table) - set(hurt))]:
        yield _line(look, table[name], broken.get(name))


def _last(broken: Mapping[str, Mapping[str, Any]], name: str) -> str:
    return str(broken.get(name, {}).get("last", ""))


def _unknown(name: str) -> Rule:
    return {"id": name, "face": "?", "versions": [], "severity": None, "statement": "", "hint": "",
            "source": "", "answer": ""}  # fmt: skip


def _agreed(look: Look, name: str) -> dict[str, str]:
    """What was agreed about a rule, by connection."""
    return {
        str(one["peer"]): str(one["rules"][name])
        for one in look.own.get("connections", ())
        if name in one["rules"]
    }


def _line(look: Look, rule: Rule, count: Mapping[str, Any] | None) -> Line:
    name, agreed = str(rule["id"]), _agreed(look, str(rule["id"]))
    usual = str(rule["severity"] or _OWN)
    words = "/".join(dict.fromkeys(agreed.values())) or usual
    changed = "*" if agreed else ""
    cells: Cells = [
        Cell(name, "strong" if count else ""),
        Cell(f"{words}{changed}", TONES.get(words, "") if count else "quiet"),
        Cell(str(count["times"]) if count else "", "bad"),
        when(count["last"]) if count else "",
        Cell(" ".join(rule["versions"]), "quiet"),
        Cell(str(rule["face"]), "quiet"),
    ]
    fields: Words = {"rule": name, "s": words, "a": name, "err": count is not None, "cp": look.name}
    tell = partial(_tell, look=look, rule=rule, count=count, agreed=agreed)
    given = {"rule": name, "is": "" if words == _OWN or agreed else "off", PEER: look.name}
    return Line(name, cells, tell, fields, given, traffic=f"~rule {name}")


def _tell(
    paint: Painter, width: int, *, look: Look, rule: Rule, count: Mapping[str, Any] | None,
    agreed: Mapping[str, str],
) -> None:  # fmt: skip
    usual = rule["severity"] or "what the peer itself keeps"
    paint.line((rule["id"], "strong"), f"  {usual}", (f"  answers {rule['answer']}", "quiet"))
    _wrapped(paint, str(rule["statement"]), width)
    for peer, word in agreed.items():
        paint.line(("agreed ", "quiet"), (f"{word} with {peer}", "warn"))
    _findings(paint, look, str(rule["id"]), count, width)
    paint.title("The rule")
    _wrapped(paint, str(rule["hint"]), width, "quiet")
    paint.facts([("source", rule["source"] or None), ("OCPI", " ".join(rule["versions"]) or None),
                 ("face", f"{rule['face']} (A: towards CPOs, B: towards EMPs)")], 10)  # fmt: skip


def _wrapped(paint: Painter, text: str, width: int, tone: str = "") -> None:
    for part in wrap(text, max(24, width)):
        paint.line((part, tone))


def _findings(
    paint: Painter, look: Look, name: str, count: Mapping[str, Any] | None, width: int
) -> None:
    """The last ones that this view remembers, newest first."""
    if count is None:
        paint.title("Never broken")
        return
    often = "once" if count["times"] == 1 else f"{count['times']} times"
    paint.title(f"Broken {often}, last {count['last']}", "bad")
    found = list(look.heard.findings.get(name, ()))
    for record in reversed(found):
        paint.line((record["at"], "quiet"), f"  by {record['peer'] or '?'}")
        finding(paint, record, width)
    if not found:
        paint.line(("before this view began; enter looks for them", "quiet"))


def broken(look: Look) -> int:
    """How many rules were broken."""
    return len(look.own.get("broken", ()))


SECTION = Section("Rules", COLUMNS, lines, "it judges nothing", broken)
