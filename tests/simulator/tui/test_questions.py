"""What people want to know."""

from __future__ import annotations

import pytest

from simulator.kernel.filters import parse
from simulator.tui.questions import QUESTIONS
from simulator.tui.screens.sessions import SessionsScreen
from simulator.tui.views import VIEWS
from simulator.tui.widgets.form import Form
from simulator.tui.widgets.palette import Sheet
from tests.simulator.tui.stage import FakeEngine, playing, seen, showing, until


def test_each_has_a_key_of_its_own_a_screen_and_a_filter_that_can_be_read() -> None:
    assert len({question.key for question in QUESTIONS}) == len(QUESTIONS)
    for question in QUESTIONS:
        assert question.view in VIEWS
        assert question.key not in ("q", "escape", "enter"), "it would close the page"
        parse(question.filter)
        assert bool(question.none) is bool(question.filter) is not bool(question.how)


@pytest.mark.real
async def test_why_a_cdr_was_refused_is_found_with_the_help_alone() -> None:
    """`?`, and the letter that stands beside the question; no other key is known."""
    async with playing(size=(80, 24)) as (app, pilot):
        await until(pilot, lambda: "FR-AC-1" in seen(app))
        await pilot.press("end", "s")
        await until(pilot, lambda: isinstance(app.screen, Form))
        await pilot.press("enter")
        await until(pilot, lambda: "Charging" in seen(app))
        await pilot.press("S", "1")
        await until(pilot, lambda: any(v.cdr == "refused" for v in app.store.visits.all.values()))
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, Sheet))
        assert "a  Why was a CDR refused?" in seen(app)
        await pilot.press("a")
        await until(pilot, lambda: "Why the CDR was refused" in seen(app))
        assert isinstance(app.view, SessionsScreen)
        assert "seen      nothing" in seen(app)
        assert "cdr.authorization-reference" in seen(app)


@pytest.mark.real
async def test_where_nothing_was_refused_it_says_so() -> None:
    async with showing(FakeEngine("CP1")) as (app, pilot):
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, Sheet))
        await pilot.press("a")
        await until(pilot, lambda: "no CDR was refused so far" in seen(app))
        assert app.view is not None and app.view.filter_text == ""
