"""Messages held from the keyboard: the filter, the marks, the edit, and a developer's walk."""

from __future__ import annotations

from typing import Any

import pytest
from textual.widgets import Input, TextArea

from simulator.tui.remote import RemoteEngine
from simulator.tui.screens.hold_view import marks, of_row
from simulator.tui.screens.traffic import TrafficScreen
from simulator.tui.widgets.bars import InterceptBar
from simulator.tui.widgets.editor import Editor
from simulator.world import World
from tests.simulator.tui.stage import FakeEngine, Wire, free_ports, playing, seen, showing, until
from tests.simulator.tui.test_pairing import paired

pytestmark = pytest.mark.real


def held(number: int = 1, **more: Any) -> dict[str, Any]:
    told = {
        "id": f"held-{number}", "at": "2026-01-15T07:00:00.000Z", "until": "later",
        "intercept": "fault-1", "wire": "http", "from": "cpo", "to": "plugsurfing",
        "at_end_of": "cpo", "of": "request", "name": "PUT sessions", "session": None,
        "message_id": None, "path": "/s", "status": None, "headers": {}, "text": '{"kwh":1.50}',
        "body": {"kwh": 1.5},
    }  # fmt: skip
    return {**told, **more}


def fault(wire: Wire, number: int = 1) -> None:
    data = {"id": "fault-1", "did": f"held as held-{number}", "of": "request", "action": None,
            "message": "PUT /s", "held": f"held-{number}",
            "name": "PUT sessions"}  # fmt: skip
    wire.journal.append("fault", "cpo", "plugsurfing", None, fault="hold", data=data)


def engine_of(wire: Wire, *kept: dict[str, Any], **more: Any) -> FakeEngine:
    engine = FakeEngine("CP1", **more)
    engine.new, engine.kept = wire.records, list(kept)
    return engine


def test_rows_of_what_is_held() -> None:
    wire = Wire()
    wire.call("Authorize")
    fault(wire)
    wire.ocpi("PUT", "sessions", {})
    call, hold, exchange = paired(wire.records)
    told = [held(), held(2, message_id="m1")]
    assert [of_row(ex, told) for ex in (call, hold, exchange, None)] == [*told[::-1], None, None]
    assert marks(told) == {"held-1", "held-2", "m1"}
    assert (hold.name, hold.line.detail) == ("hold PUT sessions", "held-1 request")


def test_what_became_of_it_stands_in_its_row() -> None:
    wire = Wire()
    fault(wire)
    fault(wire, 2)
    wire.journal.event("cpo", "hold.released", held="held-1", changed=["/kwh"])
    wire.journal.event("cpo", "hold.lost", held="held-2")
    first, second = paired(wire.records)
    assert (first.line.outcome, second.line.outcome) == ("released, changed /kwh", "lost")
    assert first.request["then"] == [
        {"what": "hold.released", "held": "held-1", "changed": ["/kwh"]}
    ]


async def traffic(pilot: Any) -> TrafficScreen:
    await pilot.press("2")
    await until(pilot, lambda: isinstance(pilot.app.view, TrafficScreen))
    screen: TrafficScreen = pilot.app.view
    await until(pilot, lambda: screen.main.keys)
    return screen


async def test_what_is_held_is_marked_changed_and_released() -> None:
    wire = Wire()
    fault(wire)
    engine = engine_of(wire, held())
    async with showing(engine) as (app, pilot):
        screen = await traffic(pilot)
        await until(pilot, lambda: "HELD" in seen(app))
        assert "held:1" in seen(app)
        await pilot.press("home", "e")
        await until(pilot, lambda: isinstance(app.screen, Editor))
        area = app.screen.query_one(TextArea)
        assert area.text == '{\n  "kwh": 1.50\n}'
        area.text = '{"kwh": -1'
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "line 1:" in seen(app))
        assert engine.done == []
        area.text = '{\n"kwh": -1.50}'
        await pilot.press("ctrl+s")
        await until(pilot, lambda: engine.done)
        assert engine.done == [("release", {"id": "held-1", "body": '{"kwh":-1.50}'})]
        engine.kept = []
        await pilot.press("a")
        await until(pilot, lambda: "nothing is held" in seen(app))
        await until(pilot, lambda: "HELD" not in seen(app))
        assert len(engine.done) == 1
        assert screen.is_current


async def test_leaving_the_editor_leaves_it_held() -> None:
    wire = Wire()
    fault(wire)
    engine = engine_of(wire, held(status=200, of="answer"))
    async with showing(engine, size=(80, 24)) as (app, pilot):
        await traffic(pilot)
        await pilot.press("home", "e")
        await until(pilot, lambda: isinstance(app.screen, Editor))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, TrafficScreen))
        assert engine.done == []
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, Editor))
        app.screen.query_one(Input).value = "12"
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "expected 100 to 599" in seen(app))
        app.screen.query_one(Input).value = "503"
        await pilot.press("ctrl+s")
        await until(pilot, lambda: engine.done)
        assert engine.done == [("release", {"id": "held-1", "status": 503})]


async def test_without_one_at_the_cursor_it_goes_to_the_oldest() -> None:
    wire = Wire()
    fault(wire)
    fault(wire, 2)
    wire.call("Authorize")
    engine = engine_of(wire, held(), held(2))
    async with showing(engine) as (app, pilot):
        screen = await traffic(pilot)
        await pilot.press("end", "a")
        await until(pilot, lambda: screen.main.cursor_key == 1)
        assert engine.done == []
        await pilot.press("a")
        await until(pilot, lambda: engine.done)
        assert engine.done == [("release", {"id": "held-1"})]
        await pilot.press("A")
        await until(pilot, lambda: len(engine.done) == 2)
        assert engine.done[1] == ("release", {})
        screen.set_filter("~a Authorize")
        await pilot.press("e")
        await until(pilot, lambda: "the filter shows nothing that is held" in seen(app))


async def test_the_filter_is_typed_and_its_mistakes_are_said() -> None:
    wire = Wire()
    wire.call("Authorize")
    engine = engine_of(wire)
    async with showing(engine) as (app, pilot):
        screen = await traffic(pilot)
        await pilot.press("i")
        bar = screen.query_one(InterceptBar)
        await until(pilot, lambda: bar.has_class("-open"))
        line = bar.query_one(Input)
        line.value = "~lat>5"
        await pilot.press("enter")
        await until(pilot, lambda: "~lat says nothing here" in seen(app))
        await pilot.press("escape")
        assert not bar.has_class("-open")
        await pilot.press("i")
        line.value = "~a PUT"
        await pilot.press("enter")
        await until(pilot, lambda: engine.done)
        assert engine.done == [("intercept", {"filter": "~a PUT"})]
        engine.intercepts = [{"id": "fault-1", "active": True, "filter": "~a PUT"}]
        await until(pilot, lambda: " intercept " in seen(app).splitlines()[0])
        await pilot.press("I")
        await until(pilot, lambda: len(engine.done) == 2)
        assert engine.done[1] == ("stop_intercepting", {})
        engine.intercepts = []
        await pilot.press("I")
        await until(pilot, lambda: len(engine.done) == 3)
        assert engine.done[2] == ("intercept", {"filter": "~a PUT"})


async def test_who_may_only_look_holds_nothing() -> None:
    wire = Wire()
    fault(wire)
    engine = engine_of(wire, held(), read_only=True)
    async with showing(engine) as (app, pilot):
        screen = await traffic(pilot)
        for key in ("i", "I", "a", "A", "e"):
            await pilot.press(key)
        await pilot.pause()
        assert app.screen is screen
        assert not screen.query_one(InterceptBar).has_class("-open")
        assert engine.done == []
        await until(pilot, lambda: "this view is read-only" in seen(app))


async def walk(app: Any, pilot: Any) -> None:
    """A developer: intercept a session's PUT, edit, release, and read what the peer finds."""
    screen = await traffic(pilot)
    await pilot.press("i")
    screen.query_one(InterceptBar).query_one(Input).value = "~cp plugsurfing & ~a PUT & ~u sessions"
    await pilot.press("enter")
    await until(pilot, lambda: app.store.holding["intercepts"])
    await app.engine.perform(
        "start", {"station": "DE-AC-1", "token": "04A1B2C3D4E580", "car": "anna"}
    )
    await until(pilot, lambda: app.store.holding["held"])
    await until(pilot, lambda: "held:1" in seen(app))
    screen.set_filter("~fault")
    await until(pilot, lambda: "HELD" in seen(app))
    await pilot.press("home", "e")
    await until(pilot, lambda: isinstance(app.screen, Editor))
    area = app.screen.query_one(TextArea)
    assert '"currency": "EUR"' in area.text
    area.text = area.text.replace('"currency": "EUR"', '"currency": "EURO"')
    await pilot.press("ctrl+s")
    await until(pilot, lambda: not app.store.holding["held"])
    await until(pilot, lambda: 'changed: ["/currency"]' in seen(app))
    await pilot.press("I")
    await until(pilot, lambda: not app.store.holding["intercepts"])
    screen.set_filter("~leg finding")
    await until(pilot, lambda: "session.valid" in seen(app))
    screen.set_filter("~a PUT & ~u sessions & ~err")
    await until(pilot, lambda: len(screen.main.keys) > 0)
    await pilot.press("home")
    await until(pilot, lambda: "/currency" in seen(app))
    assert [r["arguments"] for r in app.store.steps if r["step"] == "release"]


async def test_a_developer_holds_a_session_and_reads_what_the_peer_finds() -> None:
    async with playing() as (app, pilot):
        await walk(app, pilot)


async def test_the_same_from_outside() -> None:
    from simulator.control import Control

    world = World(free_ports(), clock="scaled:20", seed=42)
    control = Control(world, port=0)
    async with world:
        await control.start()
        try:
            engine = RemoteEngine(control.url.removesuffix("/v1"))
            async with showing(engine) as (app, pilot):
                await walk(app, pilot)
            await engine.stop()
        finally:
            await control.stop()
