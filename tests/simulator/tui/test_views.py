"""The screens."""

from __future__ import annotations

from simulator.tui.keys import KEYS
from simulator.tui.views import VIEWS


def test_each_screen_has_a_key_that_goes_there() -> None:
    going = {row.action for row in KEYS}
    assert {f"view('{name}')" for name in VIEWS} <= going
