"""Plots as text: the newest at the right, as many columns and rows as there is room for.

Rule: a column shows the highest of what it stands for, so that no peak is lost; what nobody knows
is left empty.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

_EIGHTHS = " ▁▂▃▄▅▆▇█"
_ROUND = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)  # what a scale may end at, and their tens
Points = Sequence[float | None]


def columns(points: Points, width: int) -> list[float | None]:
    """At most `width` columns, each the highest of as many points; the first of what is left."""
    if not points or width < 1:
        return []
    per = math.ceil(len(points) / width)
    ends = range(len(points), 0, -per)
    found = [_highest(points[max(0, end - per) : end]) for end in ends]
    return found[::-1]


def _highest(points: Points) -> float | None:
    return max((point for point in points if point is not None), default=None)


def top_of(points: Points) -> float:
    """The next round number that none is above, so that the plot fills its room."""
    highest = _highest(points) or 0.0
    if highest <= 0:
        return 1.0
    power: float = 10.0 ** math.floor(math.log10(highest))
    return next(round(f * power, 9) for f in _ROUND if f * power >= highest * 0.999)


def area(points: Points, width: int, height: int, top: float) -> list[str]:
    """Rows of bars up to `top`, the highest row first, each `width` wide."""
    told = columns(points, width)
    cells = [_cells(value, height, top) for value in told]
    rows = ["".join(cell[row] for cell in cells) for row in range(height - 1, -1, -1)]
    return [row.rjust(width) for row in rows]


def _cells(value: float | None, height: int, top: float) -> str:
    """A column, from below; whatever is more than nothing is seen."""
    if value is None or value <= 0 or top <= 0:
        return " " * height
    eighths = max(1, round(min(1.0, value / top) * height * 8))
    return "".join(_EIGHTHS[max(0, min(8, eighths - 8 * row))] for row in range(height))
