"""Every key stands once, and in the documents."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from simulator.tui.app import RoamlabApp
from simulator.tui.keys import KEYS, bindings, looks, rows
from simulator.tui.screens.fleet import FleetScreen
from simulator.tui.screens.peer import PeerScreen
from simulator.tui.screens.scenarios import ScenariosScreen
from simulator.tui.screens.sessions import SessionsScreen
from simulator.tui.screens.story import StoryScreen
from simulator.tui.screens.traffic import TrafficScreen
from simulator.tui.widgets.virtual_table import VirtualTable

PAGE = Path(__file__).parents[3] / "docs" / "tui.md"
PLACES = {
    "app": RoamlabApp,
    "table": VirtualTable,
    "fleet": FleetScreen,
    "traffic": TrafficScreen,
    "sessions": SessionsScreen,
    "scenarios": ScenariosScreen,
    "peer": PeerScreen,
    "story": StoryScreen,
}


def test_ids_are_unique_and_no_key_of_a_place_means_two_things() -> None:
    assert len({row.id for row in KEYS}) == len(KEYS)
    pressed = [(row.place, key) for row in KEYS for key in row.keys.split(",")]
    assert len(set(pressed)) == len(pressed)


@pytest.mark.parametrize("row", KEYS, ids=lambda row: row.id)
def test_each_key_does_something_that_is_there(row) -> None:  # type: ignore[no-untyped-def]
    name = row.action.partition("(")[0]
    assert hasattr(PLACES[row.place], f"action_{name}"), row.id
    assert any(binding.id == row.id for binding in bindings(row.place))


def test_what_acts_is_told_from_what_only_looks() -> None:
    assert not any(looks(row.action) for row in (*rows("scenarios"), *rows("story")))
    mere = {row.name for row in rows("traffic") if looks(row.action)}
    assert mere == {"correlate", "ladder", "copy", "next_failure", "previous_failure"}


def test_the_document_has_exactly_these_keys() -> None:
    told = re.findall(r"^\| `([a-z]+\.[a-z_]+)` \| (.+?) \|", PAGE.read_text(), re.MULTILINE)
    keys = [(row.id, " ".join(f"`{key}`" for key in row.keys.split(","))) for row in KEYS]
    assert told == keys
