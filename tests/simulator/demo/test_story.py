"""The story: every act claims what the journal holds, and notices when it does not."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest

from simulator.demo.story import ACTS, BRIEF, FULL, Pace, Stage, Told, play, quicken
from simulator.demo.teller import Teller
from simulator.demo.witness import Claim, Witness
from simulator.world import World
from simulator.world_file import WorldFile, find, read


async def tell(plan: WorldFile, pace: Pace = FULL, seed: int | None = None) -> list[Told]:
    """The story of a world."""
    world = World(plan, seed=seed)
    quicken(world, pace)
    stage = Stage(world, Teller(io.StringIO()), pace, Witness(world.journal))
    await world.start_peers()
    try:
        return await play(stage)
    finally:
        await world.stop()


@pytest.fixture
def plan() -> WorldFile:
    return read(find("demo"))


@pytest.mark.parametrize("seed", [42, 1, 2026])
async def test_the_story_goes_as_told_whatever_the_seed(plan: WorldFile, seed: int) -> None:
    told = await tell(plan, seed=seed)
    assert [act.title for act in told] == [act.title for act in ACTS]
    assert [claim.text for act in told for claim in act.claims if not claim.holds] == []
    assert all(act.claims for act in told)
    assert not any(act.skipped for act in told)


async def test_the_story_goes_as_told_over_2_1_1_too() -> None:
    told = await tell(read(find("demo-211")))
    assert [claim.text for act in told for claim in act.claims if not claim.holds] == []
    assert {act.title: act.skipped for act in told if act.skipped} == {
        "A start from the app": "OCPI 2.1.1: Plugsurfing sends no commands",
        "A CDR that Plugsurfing does not pay": "OCPI 2.1.1: CDRs have no authorization_reference",
    }
    assert all(act.claims for act in told if not act.skipped)


async def test_acts_that_a_world_has_no_place_for_are_skipped(plan: WorldFile) -> None:
    small = replace(
        plan,
        emps=(),
        stations=tuple(s for s in plan.stations if s.id in ("DE-AC-1", "NL-AC-2")),
    )
    told = await tell(small, BRIEF)
    assert all(act.ok for act in told), told
    assert [act.title for act in told if not act.skipped] == [
        "The stations come up",
        "Registration",
        "Locations, tariffs and tokens",
        "A card at the station",
        "The network is cut in mid-session",
    ]


async def test_the_brief_story_goes_as_told_too(plan: WorldFile) -> None:
    told = await tell(plan, BRIEF)
    assert all(act.ok for act in told), told


async def test_a_cdr_that_is_not_refused_is_noticed(plan: WorldFile) -> None:
    honest = tuple(replace(station, omit_from_cdrs=()) for station in plan.stations)
    told = await tell(replace(plan, stations=honest), BRIEF)
    (wrong,) = [act for act in told if not act.ok]
    assert wrong.title == "A CDR that Plugsurfing does not pay"
    assert [claim.holds for claim in wrong.claims] == [False, False]


async def test_a_peer_that_lets_everything_pass_is_noticed(plan: WorldFile) -> None:
    silent = tuple(replace(peer, strict=False) for peer in plan.peers)
    told = await tell(replace(plan, peers=silent), BRIEF)
    assert [act.title for act in told if not act.ok] == ["A CDR that Plugsurfing does not pay"]


async def test_a_card_that_is_not_blocked_is_noticed(plan: WorldFile) -> None:
    valid = [{**token, "valid": True} for token in plan.peers[0].tokens]
    peers = (replace(plan.peers[0], tokens=tuple(valid)),)
    told = await tell(replace(plan, peers=peers), BRIEF)
    assert [act.title for act in told if not act.ok] == ["A blocked card"]


def test_an_act_is_as_good_as_its_worst_claim() -> None:
    assert Told("t", [Claim("a", True), Claim("b", True)]).ok
    assert not Told("t", [Claim("a", True), Claim("b", False)]).ok


def test_the_brief_pace_fits_a_coffee_break() -> None:
    assert BRIEF.about_s <= 120


async def test_a_brief_story_samples_more_often(plan: WorldFile) -> None:
    world = World(plan)
    quicken(world, FULL)
    assert {station.meter_interval_s for station in world.plan.stations} == {None}
    quicken(world, BRIEF)
    assert {station.meter_interval_s for station in world.plan.stations} == {5}
    await world.stop()
