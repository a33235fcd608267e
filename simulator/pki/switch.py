"""How a service of the PKI behaves: well, or in one of the ways in which real ones fail.

Rule: a switch is one word, or `slow:SECONDS`, and whoever runs the service sets it at any time.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

from simulator.mistakes import Mistake, did_you_mean

OK, SLOW, DOWN, GARBAGE = "ok", "slow", "down", "garbage"
_DEFAULT_DELAY_S = 8.0  # longer than the 5 s that a car waits (pnc: PaymentDetails)
_LONGEST_DELAY_S = 3600.0


@dataclass(frozen=True, slots=True)
class Switch:
    """A manner and, for `slow`, the seconds of the world that every answer takes."""

    mode: str = OK
    delay_s: float = 0.0

    @classmethod
    def parse(cls, text: str, modes: Collection[str]) -> Switch:
        """Read `ok`, `slow`, `slow:8`, `down` … of those that a service knows. Raises Mistake."""
        mode, colon, number = text.partition(":")
        if mode not in modes:
            raise Mistake(f"no such switch: '{text}'.{did_you_mean(mode, modes)}")
        if not colon:
            return cls(mode, _DEFAULT_DELAY_S if mode == SLOW else 0.0)
        try:
            delay_s = float(number)
        except ValueError:
            delay_s = math.nan
        if mode != SLOW or not 0 <= delay_s <= _LONGEST_DELAY_S:  # NaN is neither
            raise Mistake(f"switch '{text}': only slow takes seconds, 0 to {_LONGEST_DELAY_S:g}")
        return cls(mode, delay_s)

    def __str__(self) -> str:
        return f"{self.mode}:{self.delay_s:g}" if self.mode == SLOW else self.mode
