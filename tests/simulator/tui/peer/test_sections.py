"""The sections in their order."""

from __future__ import annotations

from simulator.tui.peer.sections import SECTIONS
from tests.simulator.tui.peer.partners import look


def test_names_stand_once() -> None:
    names = [section.name for section in SECTIONS]
    assert len(set(names)) == len(names) == 7


def test_all_names_fit_where_there_is_little_room() -> None:
    heads = [section.head(look(), narrow=True) for section in SECTIONS]
    assert len("  ".join(["plugsurfing 1/2", *heads])) < 78
    assert heads[2] == "Rules 1" and SECTIONS[0].head(look(), narrow=False) == "Connections"
