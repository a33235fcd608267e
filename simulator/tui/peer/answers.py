"""What real-time authorization answers: as it is set, and as it was answered lately, and how fast.

Rule: a setting refuses, delays or keeps silent; what the rules refuse stays refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import msgspec

from simulator.tui.exchange import Exchange
from simulator.tui.paint import Painter
from simulator.tui.peer.look import EMP, Cells, Line, Look, Section, Words, when
from simulator.tui.peer.tokens import took, uid_of, verdict
from simulator.tui.spans import span
from simulator.tui.widgets.virtual_table import Cell, Column

COLUMNS = (
    Column("For", 18, grow=2),
    Column("Answer", 14, grow=1),
    Column("Takes", 9, right=True),
    Column("When", 14),
    Column("Note", 8, grow=2, above=70),
)
Setting = Mapping[str, Any]


def lines(look: Look) -> Iterator[Line]:
    """What is set, then what was asked lately, newest first."""
    for scope, name, setting in _settings(look):
        yield _set(look, scope, name, setting)
    for exchange in look.heard.asked_of(look.actors):
        yield _asked(look, exchange)


def _settings(look: Look) -> Iterator[tuple[str, str, Setting]]:
    """Of what (default, token, location, time), which one, and the answer."""
    answers = look.own.get("answers")
    if answers is None:
        return
    yield "default", "", answers["default"]
    for scope in ("tokens", "locations"):
        for name, setting in answers.get(scope, {}).items():
            yield scope[:-1], name, setting
    for setting in answers.get("times", ()):
        yield "time", f"{when(setting['since'])} - {when(setting['until'])}", setting


def _set(look: Look, scope: str, name: str, setting: Setting) -> Line:
    silent = setting.get("no_answer") or setting.get("manner", "answer") != "answer"
    allowed = str(setting["allowed"])
    word = str(setting.get("manner", "no answer")) if silent else allowed
    tone = "good" if word == "ALLOWED" else "bad"
    cells: Cells = [
        Cell(f"{scope} {name}".strip(), "accent"), Cell(word, tone),
        span(1000 * (setting.get("delay_s") or 0)), Cell("as set", "quiet"),
        Cell(str(setting.get("info") or ""), "quiet"),
    ]  # fmt: skip
    given: dict[str, Any] = {look.kind: look.name, "allowed": allowed}
    for kind in ("token", "location"):
        given[kind] = name if scope == kind else ""
    if look.kind == EMP:
        answers = msgspec.json.encode(look.own["answers"]).decode()
        given = {EMP: look.name, "answers": answers}
    words: Words = {"tok": name if scope == "token" else None, "s": word, "cp": look.name}
    return Line(f"set {scope} {name}", cells, partial(_tell_set, scope=scope, setting=setting),
                words, given)  # fmt: skip


def _tell_set(paint: Painter, width: int, *, scope: str, setting: Setting) -> None:
    paint.line((f"what is answered: {scope}", "strong"))
    paint.facts(setting.items())
    paint.line().line(("by token first, then by location, then by time, else by default", "quiet"))


def _asked(look: Look, exchange: Exchange) -> Line:
    word, uid = verdict(exchange), uid_of(exchange)
    asked = exchange.request
    place = str(asked.get("location_id", "")) if isinstance(asked, dict) else ""
    cells: Cells = [
        uid, Cell(word, "good" if word == "ALLOWED" else "bad"), took(exchange),
        when(exchange.record["at"]), Cell(place, "quiet"),
    ]  # fmt: skip
    words: Words = {
        "tok": uid,
        "s": word,
        "lat": exchange.ms,
        "err": exchange.failed,
        "cp": look.name,
    }
    given = {"token": uid, "location": "", "allowed": "BLOCKED", look.kind: look.name}
    tell = partial(_tell_asked, exchange=exchange, word=word)
    traffic = "~leg ocpi & ~a tokens & " + (f"~sess {exchange.session}" if exchange.session
                                            else f'~tok "{uid}"')  # fmt: skip
    return Line(f"asked {exchange.number}", cells, tell, words, given, traffic=traffic)


def _tell_asked(paint: Painter, _width: int, *, exchange: Exchange, word: str) -> None:
    paint.line((word, "strong"), f"  {exchange.sender} → {exchange.receiver}")
    paint.facts([("at", exchange.record["at"]), ("took", took(exchange)),
                 ("OCPI", exchange.record["version"]), ("session", exchange.session)])  # fmt: skip
    paint.title("Asked").json(exchange.request)
    paint.title("Answered").json(exchange.reply)


def changed(look: Look) -> int:
    """How many answers are other than they begin."""
    return sum(
        scope != "default" or setting["allowed"] != "ALLOWED" or bool(setting.get("no_answer"))
        for scope, _, setting in _settings(look)
    )


SECTION = Section("Answers", COLUMNS, lines, "it tells of none", changed)
