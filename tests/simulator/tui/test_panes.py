"""What each pane is for."""

from __future__ import annotations

import pytest

from simulator.tui import panes
from simulator.tui.views import VIEWS
from simulator.tui.widgets.palette import Sheet
from tests.simulator.tui.stage import FakeEngine, seen, showing, until


def test_every_pane_of_every_screen_has_its_words_and_no_other() -> None:
    there = {pane for view in VIEWS.values() for pane in view.PANES}
    assert set(panes.HELP) == there


@pytest.mark.real
async def test_the_help_begins_with_the_pane_that_has_the_focus() -> None:
    async with showing(FakeEngine("CP1"), size=(120, 60)) as (app, pilot):
        for pane, words in (("stations", "One station a line"), ("tail", "What that station")):
            app.screen.query_one(f"#{pane}").focus()
            await pilot.press("question_mark")
            await until(pilot, lambda: isinstance(app.screen, Sheet))
            assert f"Here: {app.screen_stack[0].PANES[pane]}" in seen(app)  # type: ignore[attr-defined]
            assert words in seen(app)
            await pilot.press("escape")
            await until(pilot, lambda: app.view is not None)
