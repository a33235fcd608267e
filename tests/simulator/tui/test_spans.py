"""Durations on the screens."""

from __future__ import annotations

import pytest

from simulator.tui.spans import span


@pytest.mark.parametrize(
    ("duration_ms", "told"),
    [
        (0, "0 s"), (0.0, "0 s"), (0.4, "0 ms"), (12.5, "13 ms"), (999.4, "999 ms"), (999.5, "1 s"),
        (1450.0, "1.5 s"), (10_000, "10 s"), (59_960, "1 min"), (90_000, "1.5 min"),
        (750_000, "12.5 min"), (735_000, "12.3 min"), (600_000, "10 min"), (3_599_000, "1 h"),
        (5_400_000, "1.5 h"), (86_399_000, "1 d"), (216_000_000, "2.5 d"), (8.64e9, "100 d"),
        (2.5, "3 ms"), (1e-7, "0 ms"),
    ],
)  # fmt: skip
def test_a_half_goes_up_and_whole_larger_units_are_told(duration_ms: float, told: str) -> None:
    assert span(duration_ms) == told
