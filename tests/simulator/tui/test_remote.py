"""A world that runs elsewhere."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from simulator.control import Control
from simulator.kernel.clock import Clock
from simulator.kernel.recording import Recording
from simulator.mistakes import Exit, Mistake
from simulator.tui.engine import NOTHING_HELD
from simulator.tui.remote import RemoteEngine
from simulator.wire.http import Request, Response
from simulator.wire.http_aio import HttpServer
from simulator.world import World
from tests.simulator.tui import stages
from tests.simulator.tui.stage import ANNA, free_ports, partnered, seen, showing, until


@contextlib.asynccontextmanager
async def attached(
    token: str | None = None, read_only: bool = False, clock: str | None = None
) -> AsyncIterator[tuple[World, Control, RemoteEngine]]:
    async with World(free_ports(), seed=42, clock=clock) as world:
        control = Control(world, port=0, token=token)
        await control.start()
        engine = RemoteEngine(control.url, token=token, read_only=read_only)
        try:
            yield world, control, engine
        finally:
            await engine.stop()
            await control.stop()


async def test_it_is_looked_at_and_played() -> None:
    async with attached("sesame") as (world, _, engine):
        await engine.start()
        assert (engine.facts.kind, engine.facts.world, engine.facts.seed) == (
            "attached",
            "demo",
            42,
        )
        before = world.journal.seq
        await world.clock.sleep(1)
        assert [r["seq"] for r in engine.take()][:before] == list(range(1, before + 1))
        await engine.perform("plug", {"station": "DE-AC-1", "car": "anna"})
        assert (await engine.stations(["DE-AC-1"]))["DE-AC-1"]["evses"][0]["car"]
        await world.clock.sleep(1)
        assert any(r["leg"] == "step" for r in engine.take())
        assert engine.known("token")[0] == ANNA and "DE-AC-1" in engine.known("station")
        assert (await engine.dealings())["cpo"]["connections"][0]["registered"]
        await engine.world()
        assert engine.known("car") == list(world.plan.cars)
        assert engine.known("tariff") == list(world.cpo.sites.tariffs) != []
        with pytest.raises(Mistake, match="no station 'X'"):
            await engine.perform("plug", {"station": "X"})
        assert engine.faults() == [] and engine.trouble == ""


async def test_what_keeps_it_from_starting_is_said() -> None:
    async with attached("sesame") as (_, control, _engine):
        wrong = RemoteEngine(control.url, token="open")
        with pytest.raises(Mistake, match="Authorization: Bearer TOKEN"):
            await wrong.start()
    nobody = RemoteEngine("http://127.0.0.1:9")
    with pytest.raises(Mistake, match="nobody answers") as caught:
        await nobody.start()
    assert caught.value.exit_code == Exit.UNREACHABLE
    with pytest.raises(Mistake, match="expected a URL"):
        RemoteEngine("localhost")


async def test_a_dead_cpo_has_no_tariffs_to_name() -> None:
    async with attached() as (world, _, engine):
        await engine.start()
        await world.kill_cpo()
        assert (await engine.world())["cpo"] is None
        assert engine.known("tariff") == [] and engine.known("car")


async def test_the_clocks_speed_is_told_as_it_is_now() -> None:
    async with attached(clock="scaled:60") as (world, _, engine):
        world.clock.speed(30)
        await engine.start()
        assert (engine.facts.clock, engine.facts.paused) == ("scaled:30", False)
        await engine.perform("speed", {"factor": 5})
        await world.clock.sleep(1)
        assert (engine.facts.clock, engine.facts.paused) == ("scaled:5", False)
        await engine.perform("speed", {"factor": 0})
        await Clock("virtual").sleep(1)
        assert (engine.facts.clock, engine.facts.paused) == ("scaled:5", True)


async def test_a_recording_is_told_as_long_as_it_goes_on(tmp_path: Path) -> None:
    async with attached() as (world, _, engine):
        file = Recording(world.journal, tmp_path / "a.ndjson")
        world.recording = file
        await engine.start()
        assert engine.facts.recording == str(tmp_path / "a.ndjson")
        await engine.perform("stop_recording", {})
        await world.clock.sleep(1)
        assert engine.facts.recording is None
        told = await engine.perform("record", {"file": str(tmp_path)})
        await world.clock.sleep(1)
        assert engine.facts.recording == told == str(tmp_path / "recording-demo.ndjson")


@pytest.mark.real
async def test_a_cpo_outside() -> None:
    async with partnered() as world:
        control = Control(world, port=0)
        await control.start()
        engine = RemoteEngine(control.url)
        try:
            async with showing(engine) as (app, pilot):
                await until(pilot, lambda: "S16" in seen(app))
                assert list(engine.names()) == ["S16"]
                assert engine.known("car") == ["mine"] and engine.known("tariff") == []
                assert engine.known("token") == ["04AA"]
                await engine.perform("start", {"station": "S16", "car": "mine", "token": "04AA"})
                await until(pilot, lambda: app.store.stations["S16"]["evses"][0]["transaction"])
                with pytest.raises(Mistake, match="the CPO is outside this world"):
                    await engine.perform("kill_cpo", {})
        finally:
            await engine.stop()
            await control.stop()


async def test_read_only_does_nothing() -> None:
    async with attached(read_only=True) as (_, _control, engine):
        await engine.start()
        with pytest.raises(Mistake, match="read-only"):
            await engine.perform("plug", {"station": "DE-AC-1"})
        await stages.refuses(engine)


async def test_stages_are_played() -> None:
    async with attached("sesame") as (_, _control, engine):
        await engine.start()
        await stages.walk(engine)


async def test_a_lost_connection_is_said_and_taken_up_again() -> None:
    async with attached() as (world, control, engine):
        await engine.start()
        await world.clock.sleep(1)
        for reader in tuple(control._readers):
            reader.put_nowait(None)
        await world.clock.sleep(0.5)
        assert engine.trouble == "the stream has ended"
        engine.take()
        world.journal.event("cpo", "something")
        await world.clock.sleep(2)
        assert engine.trouble == ""
        assert [r["what"] for r in engine.take()] == ["something"]


async def test_what_is_not_answered_is_said_until_something_is() -> None:
    async with attached() as (_, _control, engine):
        await engine.start()
        await engine.load([{"note": "x"}], "mine")
        before = await engine.stages()
        ask, engine._base = engine._base, "http://127.0.0.1:9/v1"
        assert await engine.stages() == before != []
        assert "nobody answers" in engine.trouble
        engine._base = ask
        await engine.stages()
        assert engine.trouble == ""


async def test_figures_are_those_of_the_world_and_none_where_it_cannot_be_asked() -> None:
    async with attached() as (world, control, engine):
        await engine.start()
        await world.clock.sleep(301)  # heartbeats
        told = await engine.figures()
        assert told["clock"] == str(world.clock) and told["totals"]["ocpp_calls"] >= 6
        await control.stop()
        assert await engine.figures() == {} and engine.trouble


async def test_a_world_that_was_started_anew_is_shown_from_its_beginning() -> None:
    async with attached() as (world, control, engine):
        await engine.start()
        await world.clock.sleep(1)
        first = engine.take()[0]["seq"]
        engine._seen = 10**6  # as of the world of before, which had gone on for longer
        engine.facts = replace(engine.facts, seed=1, paused=True)
        for reader in tuple(control._readers):
            reader.put_nowait(None)
        await world.clock.sleep(3)
        assert (engine.facts.seed, engine.facts.paused, engine.trouble) == (world.seed, False, "")
        assert engine.take()[0]["seq"] == first


_NO_API = (
    b'{"ok":true}', b"[1,2]", b"null", b"7", b'"\xff"', b"[" * 5000, b'{"world":{"name":7}}',
    b'{"world":7,"stations":[1],"held":7,"intercepts":7,"faults":7,"clock":7}', b"<html>",
)  # fmt: skip


@pytest.mark.parametrize("body", _NO_API)
async def test_what_is_no_control_api_is_said(body: bytes) -> None:
    """Before it was one, and where something else answers at its place later on."""

    async def answer(request: Request) -> Response:
        return Response(200, body=body)

    async with attached() as (world, control, engine):
        await engine.start()
        await world.clock.sleep(1)
        server = HttpServer(answer, world.clock)
        await server.start()
        url = f"http://{server.host}:{server.port}"
        try:
            engine._base = f"{url}/v1"
            told = engine.names()
            assert await engine.stations(told) == {} and await engine.figures() == {}
            assert "no control API" in engine.trouble
            assert await engine.held() == NOTHING_HELD and await engine.stages() == []
            with pytest.raises(Mistake, match="no control API"):
                await engine.dealings()
            with pytest.raises(Mistake, match="no control API") as caught:
                await RemoteEngine(url).start()
            assert caught.value.exit_code == Exit.UNREACHABLE
            for reader in tuple(control._readers):
                reader.put_nowait(None)
            await world.clock.sleep(3)
            assert "no control API" in engine._lost and engine._reader is not None
            assert not engine._reader.done()
        finally:
            await server.stop()
