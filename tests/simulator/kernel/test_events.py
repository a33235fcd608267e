"""Whatever the code records as an event stands in the table, and nothing else does."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

from mock_peer.check_table_cpo import CPO_CHECKS
from mock_peer.check_table_emp import EMP_CHECKS
from mock_peer.rules import RULES
from simulator.kernel.events import EVENTS, PARTICULARS
from simulator.station.boot import Registration

ROOT = Path(__file__).parents[3]
TABLES = ROOT / "simulator" / "kernel" / "events.py"
_DOTTED = re.compile(r"[a-z][a-z_0-9]*\.[a-z][a-z_0-9-]*")
_FILE = re.compile(r".*\.(csr|db|html|js|json|jsonl|key|md|ndjson|pem|toml)")
# Dotted words of the code that name something else.
_OTHERWISE = {
    "another.invalid",  # a host
    "app.focus_next", "app.focus_previous", "app.help",  # keys of the interface
    "roamlab.commands", "roamlab.rules", "simulator.emps", "simulator.peers",  # entry points
}  # fmt: skip
_PUSHED = ("connector", "evse", "location", "tariff")
# Names that are put together where they are recorded: all that they can be.
_MADE = {
    "boot.{}": {f"boot.{status.lower()}" for status in set(Registration) - {Registration.NONE}},
    "{}.not_taken": {f"{kind}.not_taken" for kind in _PUSHED},
}


class Code(NamedTuple):
    """What the code says: all its texts, the names of its arguments, the names of events that are
    put together in the call that records them, and the names that are given beside an event's.
    """

    texts: set[str]
    arguments: set[str]
    made: set[str]
    particulars: set[str]


@cache
def code() -> Code:
    """All of it but the tables themselves, read once."""
    told = Code(set(), set(), set(), set())
    for package in ("simulator", "mock_peer"):
        for path in (ROOT / package).rglob("*.py"):
            if path == TABLES:
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                _hear(node, told)
    return told


def _hear(node: ast.AST, told: Code) -> None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        told.texts.add(node.value)
    elif isinstance(node, ast.keyword) and node.arg is not None:
        told.arguments.add(node.arg)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr in ("event", "_event"):
            made = {_pattern(a) for a in node.args if isinstance(a, ast.JoinedStr)}
            told.made.update(m for m in made if re.fullmatch(r"[a-z_{}]+\.[a-z_{}-]+", m))
        if node.func.attr in ("event", "_event", "_tell", "tell") and any(map(_names, node.args)):
            told.particulars.update(each.arg for each in node.keywords if each.arg is not None)


def _names(argument: ast.expr) -> bool:
    """True for an argument that is, or can be, an event's name."""
    return any(isinstance(n, ast.Constant) and n.value in EVENTS for n in ast.walk(argument))


def spelled() -> set[str]:
    """Every dotted word that stands in the code as a text of its own."""
    return {text for text in code().texts if _DOTTED.fullmatch(text)}


def _pattern(text: ast.JoinedStr) -> str:
    return "".join(str(v.value) if isinstance(v, ast.Constant) else "{}" for v in text.values)


def test_every_event_that_is_recorded_anywhere_stands_in_the_table() -> None:
    named = {rule.id for rule in RULES} | {check.id for check in (*CPO_CHECKS, *EMP_CHECKS)}
    others = {word for word in spelled() if word in named | _OTHERWISE or _FILE.fullmatch(word)}
    assert spelled() - others <= EVENTS, "new events belong in kernel/events.py"
    assert code().made == set(_MADE)
    assert set().union(*_MADE.values()) <= EVENTS


def test_nothing_else_stands_there() -> None:
    assert spelled().union(*_MADE.values()) >= EVENTS


def test_the_documents_list_them() -> None:
    text = (ROOT / "docs" / "journal.md").read_text(encoding="utf-8")
    listed = text.split("| about | events |")[1].split("\n## ")[0]
    assert set(re.findall(r"`([^`]+)`", listed)) == EVENTS


def test_the_particulars_of_events_stand_in_their_table_and_nothing_else_does() -> None:
    recorded = code().particulars - {"peer", "session"}
    assert recorded - PARTICULARS == set(), "new ones belong in kernel/events.py"
    assert recorded > {"verdict", "offline_s", "error"}
    assert PARTICULARS - code().texts - code().arguments == set()
