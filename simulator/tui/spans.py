"""Durations as the screens write them: `40 ms`, `1.5 s`, `12.5 min`, `3 h`, `2.5 d`.

Rule: one decimal at most, a half goes up, and what rounds to a whole larger unit is told in that.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

# A unit, its milliseconds, its smallest step, and how many of them are one of the next.
_UNITS = (("ms", 1, "1", 1000), ("s", 1000, "0.1", 60), ("min", 60_000, "0.1", 60),
          ("h", 3_600_000, "0.1", 24), ("d", 86_400_000, "0.1", None))  # fmt: skip


def span(duration_ms: float) -> str:
    """A duration in the unit in which it is easiest to read."""
    exact = Decimal(repr(duration_ms))
    if not exact:
        return "0 s"
    for unit, per_ms, step, most in _UNITS:
        told = (exact / per_ms).quantize(Decimal(step), ROUND_HALF_UP)
        if most is None or told < most:
            return f"{told:f}".removesuffix(".0") + f" {unit}"
    raise AssertionError(duration_ms)
