"""A list that forgets its beginning."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from simulator.tui.ring import Ring


@given(size=st.integers(1, 20), count=st.integers(0, 100))
def test_it_holds_the_newest_by_their_numbers(size: int, count: int) -> None:
    ring: Ring[int] = Ring(size)
    for number in range(1, count + 1):
        ring.append(number)
    held = list(range(max(1, count - size + 1), count + 1))
    assert (list(ring), len(ring), ring.last) == (held, len(held), count)
    assert ring.first == (held[0] if held else count + 1)
    assert [ring.get(n) for n in range(count + 2)] == [
        n if n in held else None for n in range(count + 2)
    ]
    for after in range(count + 2):
        assert ring.after(after) == [n for n in held if n > after]
