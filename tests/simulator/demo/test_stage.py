"""The stage: who is on it, what cannot be played, and why."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest

from simulator.demo.stage import ANNA, ANYWHERE, BRIEF, Needs, Stage, playable
from simulator.demo.teller import Teller
from simulator.demo.witness import Witness
from simulator.mistakes import Mistake
from simulator.world import World
from simulator.world_file import PeerPlan, WorldFile, find, read


def stage_of(plan: WorldFile) -> Stage:
    world = World(plan)
    return Stage(world, Teller(io.StringIO()), BRIEF, Witness(world.journal))


@pytest.mark.parametrize(
    ("cpo", "peer", "version"),
    [
        ((), (), "2.2.1"),
        (("2.1.1", "2.2"), (), "2.2"),
        (("2.1.1", "2.2"), ("2.1.1", "2.2.1"), "2.1.1"),
        (("2.2",), ("2.1.1",), ""),
    ],
)
async def test_the_version_is_the_highest_that_both_offer(
    cpo: tuple[str, ...], peer: tuple[str, ...], version: str
) -> None:
    plan = read(find("demo"))
    own = {**plan.cpo, **({"ocpi_versions": list(cpo)} if cpo else {})}
    peers = (replace(plan.peers[0], ocpi_versions=peer),)
    stage = stage_of(replace(plan, cpo=own, peers=peers))
    assert (stage.version, stage.old) == (version, version == "2.1.1")
    await stage.world.stop()


@pytest.mark.parametrize(
    ("world", "needs", "why"),
    [
        ("demo", ANYWHERE, None),
        ("demo", Needs("DE-AC-1", ANNA, emp=True, newer="no such thing"), None),
        ("demo", Needs("CP-1"), "this world has no station CP-1"),
        ("demo", Needs(card="04FF"), "nobody in this world has the token 04FF"),
        ("demo-211", Needs("DE-AC-1", ANNA, emp=True), None),
        ("demo-211", Needs(newer="no such thing"), "OCPI 2.1.1: no such thing"),
    ],
)
async def test_what_cannot_be_is_told(world: str, needs: Needs, why: str | None) -> None:
    stage = stage_of(read(find(world)))
    assert needs.lacking(stage) == why
    await stage.world.stop()


async def test_a_world_without_an_emp_has_no_act_of_it() -> None:
    stage = stage_of(replace(read(find("demo")), emps=()))
    assert Needs(emp=True).lacking(stage) == "this world has no EMP"
    await stage.world.stop()


def test_the_story_needs_a_plugsurfing_of_its_own() -> None:
    plan = read(find("demo"))
    assert playable(plan) is plan
    outside = (PeerPlan("plugsurfing", url="http://peer.example/versions", token="t"),)
    for peers in ((), outside, (PeerPlan("other"),)):
        with pytest.raises(Mistake, match="the story needs a peer 'plugsurfing'"):
            playable(replace(plan, peers=peers, emps=()))
