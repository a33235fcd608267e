"""Tokens: what a partner issued, whether it is valid, and what CPOs answered to it.

Rule: these are drivers' tokens; tokens of credentials are never here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import msgspec

from simulator.pki.emaid import contract_key
from simulator.tui.engine import Snapshot
from simulator.tui.exchange import Exchange
from simulator.tui.paint import Painter
from simulator.tui.peer.look import PEER, Cells, Line, Look, Section, Words, when
from simulator.tui.spans import span
from simulator.tui.widgets.virtual_table import Cell, Column

COLUMNS = (
    Column("Token", 16, grow=2),
    Column("Type", 8),
    Column("Valid", 7),
    Column("Whitelist", 15, above=66),
    Column("Pushed", 12, grow=1),
    Column("Contract", 18, grow=1, above=84),
)
_CHANGED = ("type", "valid", "whitelist")  # what is asked first of one that is changed
_ASKED = 8  # authorizations shown of one


def lines(look: Look) -> Iterator[Line]:
    """The newest token last, as they were issued."""
    blocked = frozenset(look.cpo.get("blocked", ()))
    for token in look.own.get("tokens", ()):
        yield _line(look, token, contract_key(str(token["uid"])) in blocked)


def _line(look: Look, token: Snapshot, blocked: bool) -> Line:
    state = Cell("yes", "good") if token.get("valid", True) else Cell("no", "bad")
    if blocked:
        state = Cell("blocked", "bad")
    cells: Cells = [
        Cell(str(token["uid"]), "strong"), str(token.get("type", "")), state,
        str(token.get("whitelist", "")), _pushed(look, token),
        Cell(str(token.get("contract_id", "")), "quiet"),
    ]  # fmt: skip
    words: Words = {
        "tok": f"{token['uid']} {token.get('contract_id')}",
        "s": state.text,
        "cp": look.name,
    }
    fields = {name: token[name] for name in _CHANGED if name in token}
    given = {"token": token["uid"], look.kind: look.name,
             "fields": msgspec.json.encode(fields).decode()}  # fmt: skip
    key = f"{token['uid']} {token.get('type')}"
    return Line(key, cells, partial(_tell, look=look, token=token, blocked=blocked), words, given,
                traffic=f'~leg ocpi & ~tok "{token["uid"]}"')  # fmt: skip


def _pushed(look: Look, token: Snapshot) -> Cell:
    if look.kind != PEER:
        return Cell("by the EMP", "quiet")
    answers: Mapping[str, Mapping[str, Any]] = token["pushed"]
    if not answers:
        return Cell("to nobody", "quiet")
    names = {name: look.party(name) for name in answers}
    bad = [f"✗ {names[name]} {_code(one)}" for name, one in answers.items() if one["problem"]]
    if bad:
        return Cell(", ".join(bad), "bad")
    return Cell(f"✓ {', '.join(dict.fromkeys(names.values()))}", "good")


def _code(one: Mapping[str, Any]) -> str:
    return str(one["status_code"] or one["http_status"] or "no answer")


def _tell(paint: Painter, _width: int, *, look: Look, token: Snapshot, blocked: bool) -> None:
    paint.line((str(token["uid"]), "strong"), f"  {token.get('type', '')}")
    if blocked:
        paint.line(("on the CPO's own list: refused there, whatever its eMSP says", "bad"))
    shown = (
        (name, value) for name, value in token.items() if name not in ("uid", "type", "pushed")
    )
    paint.facts(shown)
    for name, one in token.get("pushed", {}).items():
        party = look.party(name)
        paint.title(f"Pushed to {party}" + (f", connection {name}" if party != name else ""))
        paint.line((one["at"], "quiet"), f"  HTTP {one['http_status']}, OCPI {one['status_code']}")
        if one["problem"]:
            paint.line((str(one["problem"]), "bad"))
    asked = [ex for ex in look.heard.asked_of(look.actors) if uid_of(ex) == str(token["uid"])]
    paint.title("Authorized in real time")
    for exchange in asked[:_ASKED]:
        paint.line((f"{when(exchange.record['at'])}  ", "quiet"), verdict(exchange),
                   (f"  {took(exchange)}", "quiet"))  # fmt: skip
    if not asked:
        paint.line(("not that this view remembers", "quiet"))


def uid_of(exchange: Exchange) -> str:
    """The token that an authorization was asked for."""
    parts = str(exchange.record["url"]).split("?")[0].split("/")
    return parts[-2] if len(parts) > 1 else ""


def took(exchange: Exchange) -> str:
    """How long the answer took."""
    return "" if exchange.ms is None else span(exchange.ms)


def verdict(exchange: Exchange) -> str:
    """What was answered: OCPI's AllowedType, or why there is none."""
    reply = exchange.reply
    data = reply.get("data") if isinstance(reply, dict) else None
    allowed = data.get("allowed") if isinstance(data, dict) else None
    if allowed:
        return str(allowed)
    status = exchange.record["http_status"]
    return f"HTTP {status}, OCPI {exchange.record['status_code']}" if status else "no answer"


def refused(look: Look) -> int:
    """How many were not taken by some CPO."""
    if look.kind != PEER:
        return 0
    return sum(
        any(one["problem"] for one in token["pushed"].values())
        for token in look.own.get("tokens", ())
    )


SECTION = Section("Tokens", COLUMNS, lines, "no tokens", refused)
