"""The lines above and below."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.widgets import Input, Static

from simulator.tui.keys import rows
from simulator.tui.views import VIEWS
from simulator.tui.widgets.bars import FilterBar, InterceptBar, KeyBar, fitting, foot
from simulator.tui.widgets.palette import Sheet
from tests.simulator.tui.stage import FakeEngine, seen, showing, until


def test_what_does_not_fit_is_left_out_from_the_end() -> None:
    assert fitting(["one", ("two", "bad"), "three"], 14).plain == " one · two"
    assert fitting(["one"], 2).plain.strip() == ""


@pytest.mark.parametrize("place", VIEWS)
@pytest.mark.parametrize("width", [40, 80])
def test_a_foot_says_at_any_width_how_to_get_help(place: str, width: int) -> None:
    keys = {row.id: f"{row.keys.split(',')[0]} {row.label}"
            for where in (place, "table", "app") for row in rows(where) if row.foot}  # fmt: skip
    told = fitting(foot(keys)[0], width, "  ", foot(keys)[1]).plain
    assert "  ? help  0-6 screens" in told and len(told) <= width
    assert told.startswith(f" {next(iter(keys.values()))}  ")
    assert fitting(foot(keys)[0], 10, "  ", foot(keys)[1]).plain == " ? help"


@pytest.mark.real
async def test_the_keys_are_those_of_where_one_is() -> None:
    async with showing(FakeEngine("CP1")) as (app, pilot):
        keys = app.screen.query_one(KeyBar)
        assert "p plug" in str(keys.render()) and "0-6 screens" in str(keys.render())
        await pilot.press("2")
        await pilot.pause(0.2)
        told = str(app.screen.query_one(KeyBar).render())
        assert "c correlate" in told and "p plug" not in told


@pytest.mark.real
async def test_where_one_may_only_look_no_key_that_does_something_is_offered() -> None:
    engine = FakeEngine("CP1")
    engine.facts = replace(engine.facts, read_only=True)
    async with showing(engine) as (app, pilot):
        for screen, kept in (("1", "m mark"), ("2", "c correlate"), ("0", "? help")):
            await pilot.press(screen)
            await until(pilot, lambda kept=kept: kept in str(app.screen.query_one(KeyBar).render()))
            told = str(app.screen.query_one(KeyBar).render())
            for word in ("plug", "start", "fault", "intercept", "send again", "next step"):
                assert word not in told
        await pilot.press("colon")
        await until(pilot, lambda: "commands" in seen(app))
        assert "freeze the view" in seen(app)
        for word in ("faster", "record", "driver steps"):
            assert word not in seen(app)


@pytest.mark.real
async def test_a_filter_that_cannot_be_read_is_said_below_its_place() -> None:
    async with showing(FakeEngine("CP1", "XX2")) as (app, pilot):
        await pilot.press("slash", *"~zz", "enter")
        bar = app.screen.query_one(FilterBar)
        assert "▲ at 1: no operator ~zz" in str(bar.query_one("#filter-error").render())
        await pilot.press("escape")
        assert not bar.has_class("-open")


@pytest.mark.real
async def test_what_a_line_is_for_stands_below_it_also_where_it_begins_with_a_text() -> None:
    async with showing(FakeEngine("CP1"), size=(80, 24)) as (app, pilot):
        await pilot.press("2", "slash", *"~err", "enter", "i")
        bar = app.screen.query_one(InterceptBar)
        await until(pilot, lambda: bar.query_one(Input).value == "~err")
        await until(pilot, lambda: "enter takes it, esc leaves" in seen(app))
        await pilot.press(*" ~zz")
        await until(pilot, lambda: "no operator ~zz" in seen(app))
        assert "hold what" not in seen(app) and bar.query_one(Static).has_class("-wrong")
        await pilot.press(*["backspace"] * 4)
        await until(pilot, lambda: "hold what" in seen(app))


@pytest.mark.real
async def test_a_question_mark_in_an_empty_filter_explains_filters_and_is_else_a_pattern() -> None:
    async with showing(FakeEngine("CP1"), size=(80, 24)) as (app, pilot):
        for key in ("slash", "i"):
            await pilot.press("2", key, "question_mark")
            await until(pilot, lambda: isinstance(app.screen, Sheet))
            assert "A bare word is looked for anywhere" in seen(app)
            await pilot.press("escape")
            await until(pilot, lambda: app.view is not None)
            line = app.screen.query_one(f"#{'filter' if key == 'slash' else 'intercept'}", Input)
            assert app.focused is line and line.value == ""
            await pilot.press("C", "question_mark")
            assert line.value == "C?"
            await pilot.press("escape")


@pytest.mark.real
async def test_what_changed_while_a_pane_hid_the_lines_stands_there_afterwards() -> None:
    async with showing(FakeEngine("CP1"), size=(100, 30)) as (app, pilot):
        await pilot.press("w")
        await pilot.pause(0.2)
        assert app.screen.maximized is not None
        await pilot.press("space")  # the line above says FROZEN, and nothing more from then on
        await pilot.pause(0.2)
        await pilot.press("escape")
        await pilot.pause(0.2)
        first, *_, last = seen(app).splitlines()
        assert "FROZEN" in first and "p plug" in last
