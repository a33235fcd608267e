"""Steps that hold messages on both wires of a world, and let them go on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from simulator.kernel.loop import run
from simulator.scenario.snapshot import snapshot
from simulator.scenario.step import Play, StepError, StepFailed
from simulator.scenario.steps import STEPS, perform
from simulator.wire.fault_kinds import FAULTS, HOLD
from simulator.wire.fault_spec import LIMITS, MATCHERS, FaultError
from simulator.world import World
from simulator.world_file import find, read
from simulator.world_ports import Ports

CARD = "04A1B2C3D4E580"
Played = Callable[[Play], Awaitable[None]]


def played(play: Played, clock: str = "virtual") -> World:
    world = World(read(find("demo")), clock=clock, seed=1, ports=Ports.FREE)

    async def go() -> None:
        async with world:
            await play(Play(world))

    run(go(), world.clock)
    return world


def events(world: World, what: str) -> list[dict[str, Any]]:
    return [r["data"] for r in world.journal.records if r.get("what") == what]


async def look(play: Play, **wanted: Any) -> Any:
    return await perform(play, "expect", {"within": "60 s", **wanted})


def test_every_matcher_and_parameter_is_an_argument() -> None:
    parameters = {parameter.name for parameter in FAULTS[HOLD].parameters}
    assert {arg.name for arg in STEPS["intercept"].args} == {*MATCHERS, *LIMITS, *parameters}
    assert STEPS["intercept"].primary == "filter"


@pytest.mark.parametrize(
    ("step", "given", "where", "says"),
    [
        ("intercept", "~cp DE & ~zz", ("filter",), "at 10: no operator ~zz"),
        ("intercept", {"filter": "~a X", "within": "soon"}, ("within",), "expected a duration"),
        ("intercept", {"times": 0}, ("times",), "a whole number from 1"),
        ("intercept", {"acton": "X"}, ("acton",), "Did you mean 'action'"),
        ("intercept", {"action": "Authorise"}, ("action",), "Did you mean 'Authorize'"),
        ("release", {"set": {"id": 1}}, ("set",), "'id' is no JSON pointer"),
        ("release", {"remove": "/a b"}, ("remove",), "'b' is no JSON pointer"),
        ("release", {"remove": 5}, ("remove",), "expected pointers"),
        ("release", {"set": 5}, ("set",), "expected a mapping"),
        ("release", {"headers": {"X": 1}}, ("headers", "X"), "expected text"),
        ("release", {"drop": True, "body": {}}, ("drop",), "what is lost needs no body"),
        ("release", {"status": "no"}, ("status",), "expected a whole number"),
    ],
)
def test_mistakes_are_found_before_anything_runs(
    step: str, given: Any, where: Any, says: str
) -> None:
    ((place, why),) = STEPS[step].problems(given)
    assert place == where
    assert says in why


def test_variables_are_left_until_they_have_a_value() -> None:
    for given in ("${what}", {"filter": "~cp ${who}", "times": "${often}"}):
        assert not list(STEPS["intercept"].problems(given))
    assert not list(STEPS["release"].problems({"id": "${it}", "set": {"${place}": 1}}))


def test_a_session_is_held_edited_and_released() -> None:
    async def play(now: Play) -> None:
        number = await perform(now, "intercept", "~cp plugsurfing & ~a PUT & ~u sessions")
        await perform(now, "start", {"station": "DE-AC-1", "token": CARD, "car": "anna"})
        await look(now, fault="hold", by="cpo")
        state = await snapshot(now.world)
        (told,) = state["held"]
        assert (told["from"], told["to"], told["name"]) == ("cpo", "plugsurfing", "PUT sessions")
        assert told["body"]["currency"] == "EUR"
        assert [(i["id"], i["hits"], i["filter"]) for i in state["intercepts"]] == [
            (number, 1, "~cp plugsurfing & ~a PUT & ~u sessions")
        ]
        with pytest.raises(StepFailed, match="Did you mean 'held-1'"):
            await perform(now, "release", "held-11")
        with pytest.raises(StepFailed, match="held-1: status: only an answer over HTTP has one"):
            await perform(now, "release", {"status": 500})
        assert await perform(now, "release", {"id": "held-1", "remove": "/currency"}) == ["held-1"]
        await look(now, finding="session.valid", pointer="/currency")
        await perform(now, "stop_intercepting", number)
        state = await snapshot(now.world)
        assert (state["held"], state["intercepts"], state["faults"]) == ([], [], [])
        assert await perform(now, "release") == []

    world = played(play)
    (told,) = events(world, "hold.released")
    assert (told["because"], told["changed"]) == ("somebody said so", ["/currency"])


def test_a_stations_call_is_held_once_and_lost_if_told_so() -> None:
    async def play(now: Play) -> None:
        await perform(now, "intercept", "~cp DE-AC-1 & ~a StartTransaction")
        await perform(now, "plug", {"station": "DE-AC-1", "car": "anna"})
        await perform(now, "tap", {"station": "DE-AC-1", "token": CARD})
        await look(now, fault="hold", by="station/DE-AC-1")
        assert await perform(now, "release", {"drop": True}) == ["held-1"]
        await look(now, event="ocpp.timeout", by="station/DE-AC-1")

    world = played(play)
    assert [told["held"] for told in events(world, "hold.lost")] == ["held-1"]


def test_several_cannot_be_changed_at_once_and_all_go_on_together() -> None:
    async def play(now: Play) -> None:
        await perform(now, "intercept", {"filter": "~leg ocpp", "for": "10 min"})
        await perform(now, "plug", {"station": "DE-AC-1", "car": "anna"})
        await perform(now, "plug", {"station": "DE-DC-1", "car": "ben"})
        await look(now, fault="hold", count={"ge": 2})
        with pytest.raises(StepFailed, match="which one shall be changed"):
            await perform(now, "release", {"set": {"/x": 1}})
        assert len(await perform(now, "release")) >= 2

    played(play)


def test_what_nobody_lets_go_on_goes_on_when_the_world_stops() -> None:
    async def play(now: Play) -> None:
        await perform(now, "intercept", "~a Heartbeat | ~a StartTransaction")
        await perform(now, "plug", {"station": "DE-AC-1", "car": "anna"})
        await perform(now, "tap", {"station": "DE-AC-1", "token": CARD})
        await look(now, fault="hold")

    world = played(play)
    assert "the world ends" in [told["because"] for told in events(world, "hold.released")]
    assert world.faults.board.desk is not None
    assert world.faults.board.desk.snapshot() == []


def test_the_same_seed_holds_the_same() -> None:
    async def play(now: Play) -> None:
        await perform(now, "intercept", {"filter": "~cp plugsurfing", "within": "2 s"})
        await perform(now, "start", {"station": "DE-AC-1", "token": CARD, "car": "anna"})
        await perform(now, "advance", "10 min")

    first, second = played(play), played(play)
    assert events(first, "hold.released")
    bodies = [[r for r in world.journal.records if r["leg"] != "ocpi"] for world in (first, second)]
    assert bodies[0] == bodies[1]


def test_what_cannot_be_intercepted_is_refused() -> None:
    async def play(now: Play) -> None:
        with pytest.raises(FaultError, match="a virtual clock cannot pause: take scaled:1"):
            await perform(now, "intercept", {"pause": True})
        with pytest.raises(StepFailed, match="nothing is intercepted as 'fault-9'"):
            await perform(now, "stop_intercepting", "fault-9")
        with pytest.raises(StepError, match="no operator ~zz"):
            await perform(now, "intercept", "~zz")
        with pytest.raises(Exception, match="the world's board reaches here"):
            await perform(now, "fault", {"kind": "hold", "at": "peer"})

    played(play)


@pytest.mark.real
def test_time_stands_while_a_message_is_held() -> None:
    async def play(now: Play) -> None:
        await perform(now, "intercept", {"filter": "~a StartTransaction", "pause": True})
        await perform(now, "plug", {"station": "DE-AC-1", "car": "anna"})
        await perform(now, "tap", {"station": "DE-AC-1", "token": CARD})
        await look(now, fault="hold")
        clock = now.world.clock
        at = clock.now()
        assert clock.paused
        await perform(now, "release")
        assert clock.now() == at or not clock.paused
        await look(now, ocpp="StartTransaction", answer={"/idTagInfo/status": "Accepted"})

    played(play, "scaled:20")
