"""A world of this process."""

from __future__ import annotations

import pytest

from simulator.mistakes import Mistake
from simulator.tui.local import LocalEngine
from simulator.wire.http_aio import HttpFailure
from simulator.world import World
from tests.simulator.tui import stages
from tests.simulator.tui.stage import ANNA, free_ports, partnered, seen, showing, until


async def test_it_is_looked_at_and_played() -> None:
    world = World(free_ports(), seed=42)
    engine = LocalEngine(world)
    assert engine.facts.kind == "local" and engine.facts.seed == 42
    await engine.start()
    try:
        first = engine.take()
        assert [record["seq"] for record in first] == list(range(1, world.journal.seq + 1))
        assert engine.take() == []
        assert "DE-AC-1" in engine.names()
        assert engine.known("token")[0] == ANNA
        assert "anna" in engine.known("car") and engine.known("nothing") == []
        assert await engine.perform("plug", {"station": "DE-AC-1", "car": "anna"}) is None
        now = await engine.stations(["DE-AC-1", "none"])
        assert list(now) == ["DE-AC-1"] and now["DE-AC-1"]["evses"][0]["car"]
        assert any(record["leg"] == "step" for record in engine.take())
        with pytest.raises(Mistake, match="no station 'X'"):
            await engine.perform("plug", {"station": "X"})
        assert engine.faults() == []
        assert (await engine.world())["world"]["name"] == "demo"
        assert (await engine.dealings())["cpo"]["connections"][0]["registered"]
    finally:
        await engine.stop()


async def test_a_peer_that_does_not_answer_is_a_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    async def perform(*_: object) -> None:
        raise HttpFailure("nobody there")

    monkeypatch.setattr("simulator.tui.local.perform", perform)
    engine = LocalEngine(World(free_ports(), seed=42))
    with pytest.raises(Mistake, match="retry_cdr: nobody there"):
        await engine.perform("retry_cdr", {})


async def test_the_clocks_speed_is_told_as_it_is_now() -> None:
    world = World(free_ports(), seed=42, clock="scaled:60")
    engine = LocalEngine(world)
    await engine.start()
    try:
        assert await engine.perform("speed", {"factor": 5}) == "scaled:5"
        assert (engine.facts.clock, engine.facts.paused) == ("scaled:5", False)
        await engine.perform("speed", {"factor": 0})
        assert engine.facts.paused
    finally:
        await engine.stop()


async def test_a_dead_cpo_has_no_tariffs_to_name() -> None:
    world = World(free_ports(), seed=42)
    engine = LocalEngine(world)
    await engine.start()
    try:
        assert engine.known("tariff") == list(world.cpo.sites.tariffs) != []
        await world.kill_cpo()
        assert engine.known("tariff") == []
    finally:
        await engine.stop()


@pytest.mark.real
async def test_a_cpo_outside() -> None:
    async with partnered(started=False) as world:
        engine = LocalEngine(world)
        try:
            async with showing(engine) as (app, pilot):
                await until(pilot, lambda: "S16" in seen(app))
                assert engine.known("car") == ["mine"] and engine.known("tariff") == []
                await engine.perform("start", {"station": "S16", "car": "mine", "token": "04AA"})
                await until(pilot, lambda: app.store.stations["S16"]["evses"][0]["transaction"])
                assert (await engine.world())["cpo"] is None
                with pytest.raises(Mistake, match="the CPO is outside this world"):
                    await engine.perform("kill_cpo", {})
        finally:
            await engine.stop()


async def test_read_only_does_nothing() -> None:
    engine = LocalEngine(World(free_ports(), seed=42), read_only=True)
    with pytest.raises(Mistake, match="read-only"):
        await engine.perform("plug", {"station": "DE-AC-1"})
    await stages.refuses(engine)


async def test_stages_are_played() -> None:
    engine = LocalEngine(World(free_ports(), seed=42))
    await engine.start()
    try:
        await stages.walk(engine)
    finally:
        await engine.stop()


async def test_so_much_of_a_world_starts_as_a_story_needs() -> None:
    engine = LocalEngine(World(free_ports(), seed=42), begin="off")
    await engine.start()
    try:
        told = await engine.stations(["DE-AC-1"])
        assert told["DE-AC-1"]["powered"] is False
        assert (await engine.figures())["totals"]["ocpp_calls"] == 0
    finally:
        await engine.stop()
