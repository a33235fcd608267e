"""Connections and handshakes: who is registered with whom, since when, in which version.

Rule: of credentials tokens it is said whether they are there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from simulator.tui.engine import Snapshot
from simulator.tui.exchange import Exchange
from simulator.tui.paint import Painter
from simulator.tui.peer.look import Cells, Line, Look, Section, Words, when
from simulator.tui.widgets.virtual_table import Cell, Column

COLUMNS = (
    Column("Told by", 11, grow=1),
    Column("With", 11, grow=1),
    Column("OCPI", 5),
    Column("Began", 11, grow=1, above=72),
    Column("Since", 14),
    Column("Credentials", 11),
    Column("Rotated", 14, above=88),
)
_SHOWN = 30  # parts of handshakes


def lines(look: Look) -> Iterator[Line]:
    """Each connection from each of its ends; one line where there is none."""
    teller = str(look.own.get("name", look.name))
    told = [(teller, one) for one in look.own.get("connections", ())]
    every = [*told, *look.other_side]
    given = {look.kind: look.name}
    for teller, one in every:
        yield _line(look, teller, one, given)
    if not every:
        cells: Cells = [Cell(look.name, "strong"), Cell("nobody", "warn"), *[""] * 3,
                        Cell("none", "warn"), ""]  # fmt: skip
        words: Words = {"cp": look.name, "s": "not registered", "err": True}
        yield Line("none", cells, lambda paint, _: _alone(paint, look), words, given)


def _alone(paint: Painter, look: Look) -> None:
    trouble = look.own.get("trouble")
    paint.line((look.name, "strong"), "  " + (trouble or "is not registered; register begins"))
    _handshake(paint, look)


def _line(look: Look, teller: str, one: Snapshot, given: Mapping[str, Any]) -> Line:
    both = one["token_in"] and one["token_out"]
    tokens = Cell("both there", "good") if both else Cell("one lacks", "bad")
    cells: Cells = [
        Cell(teller, "strong"), str(one["peer"]), Cell(str(one["version"]), "accent"),
        _began(teller, one), when(one["since"]), tokens, when(one["renewed"]),
    ]  # fmt: skip
    words: Words = {"cp": f"{teller} {one['peer']}", "s": "registered", "a": str(one["version"])}
    return Line(f"{teller} {one['id']}", cells, lambda paint, _: _tell(paint, look, teller, one),
                words, given, traffic=f"~leg ocpi & ~cp {one['peer']}")  # fmt: skip


def _began(teller: str, one: Snapshot) -> str:
    return {"us": teller, "them": str(one["peer"])}.get(one["began"], "by hand")


def _tell(paint: Painter, look: Look, teller: str, one: Snapshot) -> None:
    paint.line((f"{teller} and {one['peer']}", "strong"), f"  OCPI {one['version']}")
    paint.facts([
        ("told by", teller),
        ("connection", one["id"]),
        ("began", _began(teller, one)),
        ("since", one["since"] or None),
        ("tokens rotated", one["renewed"] or None),
        ("token they use", _there(one["token_in"])),
        ("token we use", _there(one["token_out"])),
        ("versions at", one["their_versions_url"] or None),
        ("we are", _roles(one["our_roles"])),
        ("they are", _roles(one["their_roles"])),
    ])  # fmt: skip
    _handshake(paint, look)
    if "strict" in one:
        held = (f"{count} {name.replace('_', ' ')}" for name, count in one["held"].items())
        paint.title("It holds").line(", ".join(held))
        strict = "a broken rule is answered by its error" if one["strict"] else "it judges silently"
        paint.line((strict, "quiet"))
        if one["rules"]:
            paint.title("Rules as agreed").facts(one["rules"].items(), 32)
    paint.title("Its modules, as they are called here")
    for module, role in one["their_endpoints"]:
        paint.line(f"{module:<18}", (role.lower(), "quiet"))


def _there(there: bool) -> str:
    return "set, never shown" if there else "none"


def _roles(roles: Iterable[Mapping[str, Any]]) -> str | None:
    told = [
        f"{role.get('role')} {role.get('country_code')}*{role.get('party_id')} "
        f"{(role.get('business_details') or {}).get('name', '')}".rstrip()
        for role in roles
    ]
    return ", ".join(told) or None


def _handshake(paint: Painter, look: Look) -> None:
    """Who asked for what while they got to know each other."""
    paint.title("Handshake")
    said = list(look.heard.handshakes_with(look.actors))[-_SHOWN:]
    for exchange in said:
        tone = "bad" if exchange.failed else ""
        paint.line((f"{exchange.record['at'][11:19]} ", "quiet"),
                   f"{exchange.sender} → {exchange.receiver}  ",
                   (f"{exchange.record['method']} {_what(exchange)}", "accent"),
                   (f"  {_answer(exchange)}", tone))  # fmt: skip
    if not said:
        paint.line(("none that this view remembers", "quiet"))


def _what(exchange: Exchange) -> str:
    """Versions, the details of one, or credentials."""
    module = str(exchange.record["module"])
    reply = exchange.reply
    data = reply.get("data") if isinstance(reply, dict) else None
    return "version details" if module == "versions" and isinstance(data, dict) else module


def _answer(exchange: Exchange) -> str:
    reply = exchange.reply
    data = reply.get("data") if isinstance(reply, dict) else None
    if exchange.failed or data is None:
        return exchange.line.outcome
    if isinstance(data, list):
        return ", ".join(str(one.get("version")) for one in data if isinstance(one, dict))
    if isinstance(data, dict) and isinstance(data.get("endpoints"), list):
        return f"{data.get('version')}: {len(data['endpoints'])} endpoints"
    return exchange.line.outcome


def lacking(look: Look) -> int:
    """1 where nobody is registered."""
    return int(not look.own.get("connections") and not look.other_side)


SECTION = Section("Connections", COLUMNS, lines, "nobody to show", lacking, "Conn")
