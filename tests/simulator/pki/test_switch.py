"""Switches: one word, or `slow:SECONDS`."""

from __future__ import annotations

import pytest

from simulator.mistakes import Mistake
from simulator.pki.switch import DOWN, GARBAGE, OK, SLOW, Switch

MODES = (OK, SLOW, DOWN, GARBAGE)


@pytest.mark.parametrize(
    ("text", "mode", "delay_s"),
    [("ok", "ok", 0), ("slow", "slow", 8), ("slow:0.5", "slow", 0.5), ("down", "down", 0)],
)
def test_it_is_read(text: str, mode: str, delay_s: float) -> None:
    assert Switch.parse(text, MODES) == Switch(mode, delay_s)


@pytest.mark.parametrize("text", ["ok", "slow:0.5", "slow:8", "garbage"])
def test_it_is_written_as_it_is_read(text: str) -> None:
    assert str(Switch.parse(text, MODES)) == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("slwo", "no such switch: 'slwo'. Did you mean 'slow'?"),
        ("", "no such switch: ''"),
        ("down:5", "only slow takes seconds"),
        ("slow:", "only slow takes seconds"),
        ("slow:-1", "0 to 3600"),
        ("slow:nan", "0 to 3600"),
        ("slow:1e9", "0 to 3600"),
    ],
)
def test_a_mistake_is_told(text: str, message: str) -> None:
    with pytest.raises(Mistake, match="switch") as caught:
        Switch.parse(text, MODES)
    assert message in str(caught.value)
