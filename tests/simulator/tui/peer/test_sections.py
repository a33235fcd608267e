"""The sections in their order."""

from __future__ import annotations

from simulator.tui.peer.sections import SECTIONS


def test_names_stand_once() -> None:
    names = [section.name for section in SECTIONS]
    assert len(set(names)) == len(names) == 7
