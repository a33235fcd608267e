"""What all screens have."""

from __future__ import annotations

import pytest

from simulator.tui.screens.view import View
from tests.simulator.tui.stage import FakeEngine, seen, showing, until

pytestmark = pytest.mark.real


async def test_a_filter_picks_and_escape_takes_it_away() -> None:
    async with showing(FakeEngine("CP1", "CP2", "XX3")) as (app, pilot):
        view = app.screen
        assert isinstance(view, View)
        await pilot.press("slash", *"~cp cp", "enter")
        await pilot.pause()
        assert list(view.main.keys) == ["CP1", "CP2"]
        assert "filter ~cp cp" in str(view.main.border_title)
        await pilot.press("escape")
        await pilot.pause()
        assert list(view.main.keys) == ["CP1", "CP2", "XX3"]


async def test_panes_stack_where_there_is_little_room() -> None:
    async with showing(FakeEngine("CP1"), size=(80, 24)) as (app, pilot):
        table, detail = app.screen.query_one("#stations"), app.screen.query_one("#station")
        assert detail.region.y > table.region.y and detail.region.width >= 78
        assert not app.screen.query_one("#tail").display
        await pilot.resize_terminal(120, 40)
        await pilot.pause()
        assert detail.region.x > table.region.x and detail.region.y == table.region.y
        assert app.screen.query_one("#tail").display


async def test_the_focused_pane_alone() -> None:
    async with showing(FakeEngine("CP1")) as (app, pilot):
        await pilot.press("w")
        assert app.screen.maximized is not None
        await pilot.press("escape")
        assert app.screen.maximized is None


async def test_a_pane_alone_says_how_to_leave_it_and_gives_the_focus_back() -> None:
    async with showing(FakeEngine("CP1")) as (app, pilot):
        await pilot.press("tab", "w")
        await until(pilot, lambda: app.screen.maximized is not None)
        await until(pilot, lambda: "? help" in seen(app) and "local" in seen(app))
        await pilot.press("escape")
        await until(pilot, lambda: app.screen.maximized is None)
        await until(pilot, lambda: app.view is not None and app.focused is app.view.table)
