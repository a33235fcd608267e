"""The rules that an installed peer judges by, found by its entry point.

Rule: the peer's package is never imported by name: whose rules there are, the installation says.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.metadata import entry_points
from typing import Any

from simulator.mistakes import Mistake, did_you_mean

ENTRY_POINTS = "roamlab.rules"


def rule_table(peer: str) -> list[dict[str, Any]]:
    """A row a rule: id, face, versions, severity (None: what the peer itself does), statement,
    hint, source and the strict answer. Raises Mistake: no such peer is installed.
    """
    known = {point.name: point for point in entry_points(group=ENTRY_POINTS)}
    if peer not in known:
        raise Mistake(f"no peer '{peer}' is installed.{did_you_mean(peer, known)}")
    table: Iterable[Any] = known[peer].load()
    return [
        {
            "id": rule.id,
            "face": str(rule.face),
            "versions": list(rule.versions),
            "severity": str(rule.severity) if rule.severity else None,
            "statement": rule.statement,
            "hint": rule.hint,
            "source": rule.source,
            "answer": rule.answers,
        }
        for rule in table
    ]


@cache
def rule_ids() -> frozenset[str]:
    """The ids of every installed peer's rules."""
    points = entry_points(group=ENTRY_POINTS)
    return frozenset(rule.id for point in points for rule in point.load())
