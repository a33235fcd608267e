"""Durations: what people write, in seconds, and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.kernel.duration import seconds, words


@pytest.mark.parametrize(
    ("written", "meant"),
    [("5 s", 5), ("40 min", 2400), ("1.5 h", 5400), ("7d", 604800), ("250 ms", 0.25), (3, 3)],
)
def test_a_duration_is_read(written: object, meant: float) -> None:
    assert seconds(written) == meant


@pytest.mark.parametrize("written", ["", "soon", "-1 s", -1, True, None, float("nan"), "400 d", []])
def test_what_is_no_duration_is_refused(written: object) -> None:
    with pytest.raises(ValueError, match="expected a duration"):
        seconds(written)


@given(st.text())
def test_no_text_raises_anything_else(text: str) -> None:
    try:
        assert seconds(text) >= 0
    except ValueError as error:
        assert "expected a duration" in str(error)


def test_words_take_the_unit_that_reads_best() -> None:
    assert [words(s) for s in (0.5, 90, 7200, 86400 * 2)] == ["0.5 s", "1.5 min", "2 h", "2 d"]
