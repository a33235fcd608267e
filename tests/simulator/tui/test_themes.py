"""The themes."""

from __future__ import annotations

from simulator.tui.themes import DARK, LIGHT


def test_each_theme_has_its_name() -> None:
    assert (DARK.name, DARK.dark) == ("roamlab-dark", True)
    assert (LIGHT.name, LIGHT.dark) == ("roamlab-light", False)
