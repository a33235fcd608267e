"""The module matrix: which verbs are taken in which version, by whom, and what came of asking.

Rule: what is offered is told by those who offer it; what was used, by the exchanges.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from simulator.ocpi.versions import VERSIONS
from simulator.tui.engine import Snapshot
from simulator.tui.paint import Painter
from simulator.tui.peer.heard import Use
from simulator.tui.peer.look import Line, Look, Section
from simulator.tui.widgets.virtual_table import Cell, Column

_ALL = 92  # cells in which all versions have room beside each other
COLUMNS = (
    Column("Asked of", 11),
    Column("Module", 16),
    *(Column(number, 19, grow=1, above=_ALL) for number in VERSIONS),
    Column("Spoken now", 19, grow=1, below=_ALL),
    Column("Also in", 9, below=_ALL),
)
Modules = Mapping[tuple[str, str], Sequence[Snapshot]]  # by version and module: one or both roles


def lines(look: Look) -> Iterator[Line]:
    """Each module of each side."""
    for name, side, whom in _sides(look):
        modules: dict[tuple[str, str], list[Snapshot]] = {}
        for row in side:
            modules.setdefault((row["version"], row["module"]), []).append(row)
        for module in dict.fromkeys(module for _, module in modules):
            yield _line(look, name, whom, module, modules)


def _sides(look: Look) -> Iterator[tuple[str, Sequence[Snapshot], frozenset[str]]]:
    """Who offers modules: a name, what it offers, what the journal calls it."""
    yield look.name, look.own.get("modules", ()), look.actors
    named = {str(one["peer"]) for one in look.own.get("connections", ())} if look.cpo else set()
    yield "cpo", look.cpo.get("modules", ()), frozenset({"cpo", *named})


def _line(look: Look, name: str, whom: frozenset[str], module: str, modules: Modules) -> Line:
    cells: list[Cell | str] = [Cell(name, "quiet"), Cell(module, "strong")]
    for number in VERSIONS:
        rows = modules.get((number, module))
        used = look.heard.used(whom, number, module)
        cells.append(_cell(rows, used, spoken=number == look.version))
    cells += _spoken(look, module, modules, cells[2:])
    tell = partial(_tell, look=look, name=name, whom=whom, module=module, modules=modules)
    return Line(f"{name} {module}", cells, tell, {"cp": name, "a": module},
                traffic=f"~leg ocpi & ~a {module}")  # fmt: skip


def _spoken(
    look: Look, module: str, modules: Modules, versions: Sequence[Cell | str]
) -> list[Cell | str]:
    """The same where there is little room: the version that is spoken, and which else have it."""
    told = dict(zip(VERSIONS, versions, strict=True))
    if look.version not in told:
        return [Cell("nobody is registered", "quiet"), ""]
    others = (number for number in VERSIONS if number != look.version)
    having = [n for n in others if any(row["taken"] for row in modules.get((n, module), ()))]
    return [told[look.version], Cell(" ".join(having), "quiet")]


def _cell(rows: Sequence[Snapshot] | None, used: Mapping[str, Use], *, spoken: bool) -> Cell:
    """Verbs that are taken, those that were used with how often; what was asked in vain, too."""
    if rows is None:
        return Cell("-", "quiet")
    taken = list(dict.fromkeys(verb for row in rows for verb in row["taken"]))
    told = [f"{verb}·{used[verb].times}" if verb in used else verb for verb in taken]
    vain = [f"✗{verb}·{use.times}" for verb, use in used.items() if verb not in taken]
    words = " ".join([*vain, *(told or ["not offered"])])
    return Cell(words, "bad" if vain else "" if spoken and taken else "quiet")


def _tell(
    paint: Painter, _width: int, *, look: Look, name: str, whom: frozenset[str], module: str,
    modules: Modules,
) -> None:  # fmt: skip
    paint.line((module, "strong"), f"  as {name} offers it")
    for number in VERSIONS:
        rows = modules.get((number, module))
        spoken = "  spoken now" if number == look.version else ""
        paint.title(f"OCPI {number}{spoken}", "accent" if spoken else "strong")
        if rows is None:
            paint.line(("the version does not have it", "quiet"))
            continue
        used = look.heard.used(whom, number, module)
        for row in rows:
            taken = (" ".join(row["taken"]), "good") if row["taken"] else ("not offered", "quiet")
            paint.line(f"as {row['role'].lower():<9}", taken)
            if row["refused"]:
                paint.line((f"  refuses  {' '.join(row['refused'])}", "quiet"))
        for verb, use in used.items():
            vain = f", {use.failed} in vain" if use.failed else ""
            paint.line(f"asked {verb} {use.times} times{vain}", (f", last {use.last}", "quiet"))


def refused(look: Look) -> int:
    """Kinds of requests that were made and that nobody takes."""
    table = {(r["version"], r["module"], verb) for r in look.own.get("modules", ())
             for verb in r["taken"]}  # fmt: skip
    if not table:
        return 0
    return sum(
        receiver in look.actors and module not in ("", "versions")
        and (version, module, method) not in table
        for receiver, version, module, method in look.heard.uses
    )  # fmt: skip


SECTION = Section("Modules", COLUMNS, lines, "no side tells what it offers", refused, "Mods")
