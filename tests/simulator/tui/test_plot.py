"""Plots as text."""

from __future__ import annotations

from simulator.tui.plot import area, columns, top_of


def test_no_peak_is_lost_however_narrow_it_is() -> None:
    points = [0.0] * 100
    points[37] = 9.0
    for width in (7, 33, 100, 200):
        told = columns(points, width)
        assert max(value or 0 for value in told) == 9.0 and len(told) <= width
    assert columns([1.0, None, 3.0], 2) == [1.0, 3.0]
    assert columns([None, None], 1) == [None] and columns([], 5) == [] == columns([1.0], 0)


def test_a_scale_is_a_round_number() -> None:
    told = {0.0: 1.0, 0.3: 0.3, 1.0: 1.0, 2.2: 2.5, 5.1: 6.0, 51.0: 60.0, 1010.0: 1200.0}
    assert {value: top_of([None, value]) for value in told} == told
    assert top_of([]) == 1.0


def test_bars_stand_at_the_right_and_the_least_is_seen() -> None:
    assert area([0.0, 0.001, 4.0, 8.0, None], 7, 2, 8.0) == ["     █ ", "   ▁██ "]
    assert area([8.0, 99.0], 2, 1, 8.0) == ["██"]
    assert area([], 3, 2, 1.0) == ["   ", "   "]
