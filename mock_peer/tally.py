"""How often each rule was broken, and when last.

Rule: counted as findings are kept, so that whoever looks every second reads no findings.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Count(NamedTuple):
    """How often, and when last (RFC 3339)."""

    times: int
    last: str


class Tally:
    """Counts by rule."""

    def __init__(self) -> None:
        self.all: dict[str, Count] = {}

    def take(self, finding: Mapping[str, Any]) -> None:
        """Count a finding; they come oldest first."""
        rule = str(finding["rule"])
        before = self.all.get(rule)
        self.all[rule] = Count(before.times + 1 if before else 1, str(finding.get("at", "")))

    def clear(self) -> None:
        """Count from nothing."""
        self.all.clear()
