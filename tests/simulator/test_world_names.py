"""Who can be named in a world's journal, and who cannot be but by mistake."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulator.world_file import EmpPlan, PeerPlan, WorldFile, find, read
from simulator.world_names import actors_of, no_actor, no_session

DEMO = read(find("demo"))
MANY = replace(
    DEMO,
    peers=(PeerPlan("ours"), PeerPlan("theirs", kind="mine", profile={"peer": "generic"})),
    emps=(EmpPlan("one"), EmpPlan("two")),
)


@pytest.mark.parametrize(
    ("world", "name"),
    [
        (DEMO, "cpo"), (DEMO, "cpo-2"), (DEMO, "station/DE-AC-1"), (DEMO, "plugsurfing"),
        (DEMO, "roam"), (DEMO, "emp"), (DEMO, "emp-2"), (DEMO, "unknown"), (DEMO, "ocsp"),
        (DEMO, "station/*"), (DEMO, "station/DE-AC-[9]"), (DEMO, "teslas*"),
        (MANY, "ours"), (MANY, "plugsurfing"), (MANY, "theirs"), (MANY, "mine"),
        (MANY, "generic"), (MANY, "emp/one"), (MANY, "emp/two"),
    ],
)  # fmt: skip
def test_who_can_be_named(world: WorldFile, name: str) -> None:
    assert no_actor(name, actors_of(world)) is None


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("cop", "cpo"), ("statoin/DE-AC-1", "station/DE-AC-1"), ("DE-AC-1", "station/DE-AC-1"),
        ("station/DE-AC-9", "station/DE-AC-"), ("plugsurfin", "plugsurfing"),
        ("Cpo", "cpo"), ("scenaro", "scenario"),
    ],
)  # fmt: skip
def test_who_is_not_of_this_world(name: str, meant: str) -> None:
    why = no_actor(name, actors_of(DEMO)) or ""
    assert f"no actor is called '{name}'. Did you mean '{meant}" in why
    assert "A pattern (* and ?) names one that is not of this world" in why


@pytest.mark.parametrize(
    "name",
    ["DE-AC-1-1-1", "DE-AC-1-1-12", "NOBODY-?", "*", "0f5b7a52-6f0e-4a3a-9d1c-0c7a4a3f2f11"],
)
def test_what_a_session_can_be_called(name: str) -> None:
    assert no_session(name, DEMO.stations) is None


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("DE-AC1-1-1", "no session is called 'DE-AC1-1-1'. Did you mean 'DE-AC-1-1-1'?"),
        ("DE-AC-1", "Did you mean 'DE-AC-1-1-1'?"),
        ("DE-AC-1-9-1", "'DE-AC-1' has no EVSE 9"),
        ("nothing", "no session is called 'nothing'."),
    ],
)
def test_no_session_is_called_so(name: str, words: str) -> None:
    assert words in (no_session(name, DEMO.stations) or "")
