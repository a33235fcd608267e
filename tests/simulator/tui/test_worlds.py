"""Which world is shown: the first one, or a scenario's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.mistakes import Mistake
from simulator.tui.screens.view import View
from tests.simulator.scenario.stage import scenario_file
from tests.simulator.tui.stage import FakeEngine, Wire, seen, showing, until

pytestmark = pytest.mark.real
TEXT = "name: mine\nworld: tiny.yaml\nsteps: [{plug: {station: ST1, car: anna}}, note: x]\n"


async def test_a_scenarios_world_is_shown_and_left(tmp_path: Path) -> None:
    engine, path = FakeEngine("CP1"), scenario_file(tmp_path, TEXT)
    async with showing(engine) as (app, pilot):
        await pilot.press("2", "1")
        first = app.store
        stage = await app.worlds.visit(str(path), "mine")
        assert (stage["name"], stage["at"], app.worlds.away) == ("mine", 0, True)
        assert (app.current_mode, app.store is first) == ("scenarios", False)
        assert app.engine.facts.world == "tiny" and app.view and app.view.store is app.store
        await app.engine.step(stage["id"])
        await pilot.press("1")
        await until(pilot, lambda: "ST1" in seen(app) and "CP1" not in seen(app))
        await until(pilot, lambda: "tiny" in seen(app).splitlines()[0])
        wire = Wire()
        wire.call("Heartbeat")
        engine.new = wire.records
        await until(pilot, lambda: not engine.new)
        assert len(first.exchanges) == 1  # the former world is read meanwhile
        child = app.worlds._child
        await app.worlds.leave()
        assert app.store is first and app.engine is engine and not app.worlds.away
        assert child is not None and child.code is not None
        await pilot.press("1")
        await until(pilot, lambda: "CP1" in seen(app) and "ST1" not in seen(app))
        assert isinstance(app.screen, View) and app.screen.store is first


async def test_why_a_world_cannot_be_built_is_said(tmp_path: Path) -> None:
    path = scenario_file(tmp_path, TEXT.replace("ST1", "ST9"))
    async with showing(FakeEngine("CP1")) as (app, _):
        with pytest.raises(Mistake, match="no station 'ST9'"):
            await app.worlds.visit(str(path), "mine")
        assert not app.worlds.away and app.worlds.children._all == set()


async def test_a_world_that_ends_by_itself_is_left(tmp_path: Path) -> None:
    engine, path = FakeEngine("CP1"), scenario_file(tmp_path, TEXT)
    async with showing(engine) as (app, pilot):
        stage = await app.worlds.visit(str(path), "mine")
        await app.engine.drop(stage["id"])
        await until(pilot, lambda: not app.worlds.away)
        assert app.engine is engine


async def test_the_end_of_the_interface_is_the_end_of_it(tmp_path: Path) -> None:
    path = scenario_file(tmp_path, TEXT)
    async with showing(FakeEngine("CP1")) as (app, _):
        await app.worlds.visit(str(path), "mine")
        child = app.worlds._child
        assert child is not None
    assert child.code == 130


def crash() -> None:
    raise OSError("a crash")


async def test_a_crash_is_the_end_of_it(tmp_path: Path) -> None:
    path, app = scenario_file(tmp_path, TEXT), None
    with pytest.raises(OSError, match="a crash"):
        async with showing(FakeEngine("CP1")) as (app, pilot):
            await app.worlds.visit(str(path), "mine")
            child = app.worlds._child
            app.call_later(crash)
            await pilot.pause(0.5)
    assert child is not None and child.code == 130
