"""Screen 2, Traffic."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.tui.screens.sessions import SessionsScreen
from simulator.tui.screens.traffic import TrafficScreen
from tests.simulator.tui.stage import FakeEngine, Wire, playing, seen, showing, until

pytestmark = pytest.mark.real


def wired() -> tuple[FakeEngine, Wire]:
    engine, wire = FakeEngine("CP1"), Wire()
    wire.call("BootNotification")
    wire.journal.event("station/CP1", "car.plugged", session="S1", evse=1)
    record = wire.ocpi("POST", "cdrs", {"id": 7}, code=2001, session="S1")
    wire.finding(record["seq"], "/id")
    for _ in range(60):
        wire.call("Heartbeat")
    engine.new = wire.records
    return engine, wire


async def test_a_failure_is_found_and_explained() -> None:
    engine, _ = wired()
    async with showing(engine) as (app, pilot):
        await pilot.press("2")
        await until(pilot, lambda: "Traffic 63" in seen(app))
        view = app.view
        assert isinstance(view, TrafficScreen)
        assert view.main.cursor_key == 63  # the newest is followed
        await pilot.press("n")
        await until(pilot, lambda: "▲ cdr.some-rule: expected an id" in seen(app))
        assert view.main.cursor_key == 2
        await pilot.press("c")
        await until(pilot, lambda: "filter ~sess S1" in seen(app))
        assert list(view.main.keys) == [2]
        await pilot.press("l")
        await until(pilot, lambda: isinstance(app.screen, SessionsScreen))
        await until(pilot, lambda: app.view is not None and app.view.main.cursor_key == "S1")


async def test_a_filter_is_asked_again_when_the_answer_comes() -> None:
    engine, wire = FakeEngine("CP1"), Wire()
    engine.new = [wire.ocpp(2, "station/CP1", "sent", {}, action="Authorize")]
    async with showing(engine) as (app, pilot):
        await pilot.press("2", "slash", *"~a Authorise")
        await until(pilot, lambda: "has 'Authorise' in it. Did you mean 'Authorize'?" in seen(app))
        await pilot.press(*["backspace"] * 12, *"~s Blocked", "enter")
        view = app.view
        assert isinstance(view, TrafficScreen)
        await until(pilot, lambda: view.store.exchanges.last == 1)
        assert list(view.main.keys) == []
        answer = {"idTagInfo": {"status": "Blocked"}}
        engine.new = [wire.ocpp(3, "station/CP1", "received", answer, action="Authorize")]
        await until(pilot, lambda: list(view.main.keys) == [1])


async def test_frozen_it_stands_still_and_goes_on_with_all_of_it() -> None:
    engine, wire = FakeEngine("CP1"), Wire()
    async with showing(engine) as (app, pilot):
        await pilot.press("2", "space")
        wire.call("Heartbeat")
        engine.new = wire.records
        await until(pilot, lambda: app.store.exchanges.last == 1)
        await pilot.pause(0.5)
        assert "FROZEN" in seen(app) and "Heartbeat" not in seen(app)
        await pilot.press("space")
        await until(pilot, lambda: "Heartbeat" in seen(app))


async def test_marked_exchanges_are_saved(tmp_path: Path) -> None:
    engine, _ = wired()
    async with showing(engine, folder=tmp_path) as (app, pilot):
        await pilot.press("2")
        await until(pilot, lambda: "Traffic 63" in seen(app))
        await pilot.press("n", "m", "x")
        await pilot.pause()
        await pilot.press(*"ndj", "enter")
        await until(pilot, lambda: list(tmp_path.iterdir()))
        text = (tmp_path / "traffic-test.ndjson").read_text()
        assert len(text.splitlines()) == 3 and "TOPSECRET" not in text


async def test_a_comment_is_shown_at_its_exchange() -> None:
    async with playing() as (app, pilot):
        await pilot.press("2")
        await until(pilot, lambda: "Traffic" in seen(app) and app.store.exchanges.last)
        await pilot.press("home", "semicolon")
        await until(pilot, lambda: "what to say" in seen(app))
        await pilot.press(*"odd", "enter")
        ex = app.store.exchanges.get(1)
        assert ex is not None
        await until(pilot, lambda: ex.said == "odd")
        await until(pilot, lambda: "; odd" in seen(app))
        assert app.store.steps[-1]["arguments"] == {"text": "odd", "about": ex.record["seq"]}


async def test_a_message_is_sent_again_by_its_sender() -> None:
    async with playing() as (app, pilot):
        await pilot.press("2")
        await until(pilot, lambda: app.store.exchanges.last > 20)
        await pilot.press("slash", *"BootNotification ~cp DE-AC-1", "enter", "home", "r")
        await until(pilot, lambda: app.store.steps)
        told = app.store.steps[-1]["arguments"]
        assert (told["station"], told["action"]) == ("DE-AC-1", "BootNotification")
        await until(pilot, lambda: app.view and len(app.view.main.keys) >= 2)
        view = app.view
        assert view is not None
        view.set_filter("~a PUT & ~a locations")
        await pilot.press("home", "r")
        await until(pilot, lambda: app.store.steps[-1]["step"] == "send_ocpi")
        path = app.store.steps[-1]["arguments"]["path"]
        await until(pilot, lambda: sum(
            ex.leg == "ocpi" and ex.record["url"] == path for ex in app.store.exchanges.after(0)
        ) == 2)  # fmt: skip
        view.set_filter("~a credentials & ~a POST")
        await pilot.press("home", "r")
        await until(pilot, lambda: "a secret of this request is hidden" in seen(app))


async def test_targets_are_the_stations_that_speak() -> None:
    engine, wire = FakeEngine("CP1", "CP2"), Wire()
    wire.ocpi("GET", "tokens", None)
    wire.call("Heartbeat")
    wire.journal.append("step", "scenario", step="boot", arguments={"station": "CP2"})
    engine.new = wire.records
    async with showing(engine) as (app, pilot):
        await pilot.press("2")
        await until(pilot, lambda: app.store.exchanges.last == 3)
        view = app.view
        assert view is not None
        await pilot.press("home")
        assert view.meant() == {"@shown": ["CP1", "CP2"], "@all": ["CP1", "CP2"]}
        await pilot.press("down", "m")
        await pilot.pause()
        assert view.meant()["@marked"] == ["CP1"] and view.meant()["@focus"] == ["CP2"]
