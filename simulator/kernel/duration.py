"""Durations as people write them: `40 min`, `1.5 h`, `7 d`, `250 ms`, or a number of seconds.

Rule: a duration is a finite number of seconds of the world, zero or more.
"""

from __future__ import annotations

import math
import re

UNITS_S = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
EXPECTED = "expected a duration: 5 s, 40 min, 1.5 h, 7 d, 250 ms, or a number of seconds"
_TEXT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|min|h|d)?\s*")
_LONGEST_S = 366 * 86400.0


def seconds(value: object) -> float:
    """Read a duration. Raises ValueError, whose text says what was expected."""
    if isinstance(value, str) and (match := _TEXT.fullmatch(value)) is not None:
        number, unit = match.groups()
        return _bounded(float(number) * UNITS_S[unit or "s"])
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _bounded(float(value))
    raise ValueError(EXPECTED)


def words(duration_s: float) -> str:
    """Write a duration in the largest unit that leaves it readable."""
    for unit in ("d", "h", "min", "s"):
        if duration_s >= UNITS_S[unit] or unit == "s":
            return f"{duration_s / UNITS_S[unit]:.4g} {unit}"
    raise AssertionError(unit)


def _bounded(duration_s: float) -> float:
    if not math.isfinite(duration_s) or not 0 <= duration_s <= _LONGEST_S:
        raise ValueError(f"{EXPECTED}; from 0 to a year")
    return duration_s
