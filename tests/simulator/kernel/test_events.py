"""Whatever the code records as an event stands in the table, and nothing else does."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from mock_peer.check_table_cpo import CPO_CHECKS
from mock_peer.check_table_emp import EMP_CHECKS
from mock_peer.rules import RULES
from simulator.kernel.events import EVENTS
from simulator.station.boot import Registration

ROOT = Path(__file__).parents[3]
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


def trees() -> Iterator[ast.AST]:
    for package in ("simulator", "mock_peer"):
        for path in (ROOT / package).rglob("*.py"):
            yield ast.parse(path.read_text(encoding="utf-8"))


def spelled() -> set[str]:
    """Every dotted word that stands in the code as a text of its own."""
    texts = (
        node.value
        for tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    return {text for text in texts if _DOTTED.fullmatch(text)}


def made() -> set[str]:
    """The names of events that are put together in the call that records them."""
    found = set()
    for tree in trees():
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            if node.func.attr in ("event", "_event"):
                found |= {_pattern(a) for a in node.args if isinstance(a, ast.JoinedStr)}
    return {text for text in found if re.fullmatch(r"[a-z_{}]+\.[a-z_{}-]+", text)}


def _pattern(text: ast.JoinedStr) -> str:
    return "".join(str(v.value) if isinstance(v, ast.Constant) else "{}" for v in text.values)


def test_every_event_that_is_recorded_anywhere_stands_in_the_table() -> None:
    named = {rule.id for rule in RULES} | {check.id for check in (*CPO_CHECKS, *EMP_CHECKS)}
    others = {word for word in spelled() if word in named | _OTHERWISE or _FILE.fullmatch(word)}
    assert spelled() - others <= EVENTS, "new events belong in kernel/events.py"
    assert made() == set(_MADE)
    assert set().union(*_MADE.values()) <= EVENTS


def test_nothing_else_stands_there() -> None:
    assert spelled().union(*_MADE.values()) >= EVENTS


def test_the_documents_list_them() -> None:
    text = (ROOT / "docs" / "journal.md").read_text(encoding="utf-8")
    listed = text.split("| about | events |")[1].split("\n## ")[0]
    assert set(re.findall(r"`([^`]+)`", listed)) == EVENTS
