"""Screen 1, Fleet."""

from __future__ import annotations

import pytest

from simulator.tui.widgets.form import Form
from tests.simulator.tui.stage import ANNA, FakeEngine, Wire, evse, seen, showing, station, until

pytestmark = pytest.mark.real


async def test_stations_at_a_glance_and_one_in_detail() -> None:
    engine = FakeEngine("CP1", "CP2", "CP3")
    engine.there["CP2"] = station("CP2", evse(status="Charging", state="charging", car="compact",
                                  power_w=11000.0, soc_percent=42.0, session="S1"))  # fmt: skip
    engine.there["CP3"] = station("CP3", connected=False)
    async with showing(engine) as (app, pilot):
        await until(pilot, lambda: "Charging" in seen(app))
        text = seen(app)
        assert "11.00" in text and "42 %" in text and "offline" in text
        await pilot.press("down")
        await until(pilot, lambda: "car compact, 42 %" in seen(app))
        await pilot.press("o", "o")
        await pilot.pause()
        assert "by power" in seen(app)
        assert app.view.main.keys[0] == "CP2"  # type: ignore[union-attr]


async def test_what_changes_is_drawn() -> None:
    engine = FakeEngine("CP1", "CP2")
    async with showing(engine) as (app, pilot):
        engine.there["CP2"] = station("CP2", evse(status="Faulted", faulted=True))
        engine.new = [Wire().journal.event("station/CP2", "connector.changed")]
        await until(pilot, lambda: "Faulted" in seen(app))
        table = app.view.main  # type: ignore[union-attr]
        assert ("Faulted", "bad") in table._cells("CP2")


async def test_actions_are_steps_on_the_marked_stations() -> None:
    engine = FakeEngine("CP1", "CP2", "CP3")
    async with showing(engine) as (app, pilot):
        await pilot.press("p")
        await until(pilot, lambda: engine.done)
        assert engine.done == [("plug", {"station": "CP1", "evse": 1})]
        await pilot.press("m", "m", "t")
        await until(pilot, lambda: isinstance(app.screen, Form))
        await pilot.press("enter")
        await until(pilot, lambda: len(engine.done) == 3)
        assert engine.done[1:] == [
            ("tap", {"station": name, "token": ANNA, "evse": 1}) for name in ("CP1", "CP2")
        ]


async def test_what_could_not_be_done_is_said() -> None:
    engine = FakeEngine("CP1")
    engine.refuse = "plug: the EVSE is taken"
    async with showing(engine) as (app, pilot):
        await pilot.press("p")
        await until(pilot, lambda: "plug: the EVSE is taken" in seen(app))


async def test_a_view_for_an_audience_does_nothing() -> None:
    engine = FakeEngine("CP1", read_only=True)
    async with showing(engine) as (app, pilot):
        await pilot.press("p")
        await until(pilot, lambda: "this view is read-only" in seen(app))
        assert engine.done == []


async def test_targets_are_what_is_shown_marked_at_the_cursor_and_all() -> None:
    engine = FakeEngine("CP1", "CP2", "DC1")
    async with showing(engine) as (app, pilot):
        await pilot.press("down", "slash", *"CP", "enter")
        view = app.view
        assert view is not None
        await until(pilot, lambda: view.meant().get("@shown") == ["CP1", "CP2"])
        assert view.meant()["@all"] == ["CP1", "CP2", "DC1"]
        assert "@marked" not in view.meant() and len(view.meant()["@focus"]) == 1
        await pilot.press("colon", *"boot @sh", "enter")
        await until(pilot, lambda: len(engine.done) == 2)
        assert engine.done == [("boot", {"station": "CP1"}), ("boot", {"station": "CP2"})]


async def test_the_tail_is_filled_where_it_gets_room() -> None:
    engine, wire = FakeEngine("CP1"), Wire()
    wire.call("Heartbeat")
    engine.new = wire.records
    async with showing(engine, size=(80, 24)) as (app, pilot):
        await until(pilot, lambda: app.store.exchanges.last == 1)
        assert "Heartbeat" not in seen(app)
        await pilot.resize_terminal(120, 40)
        await until(pilot, lambda: "Heartbeat" in seen(app))
