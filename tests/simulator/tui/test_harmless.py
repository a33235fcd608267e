"""Nothing that is shown commands the terminal."""

from __future__ import annotations

import pytest
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from simulator.tui.harmless import HARMLESS
from tests.simulator.tui.stage import FakeEngine, seen, showing

BLACK = Color(0, 0, 0)


def test_control_characters_are_taken_out_and_no_width_changes() -> None:
    bold = Style(bold=True)
    told = [
        Segment("a\x1b[31mb\x9b1m\n", bold), Segment("\x07\x00\x7f\u202e\u2066\u2028"),
        Segment("ü✓"),
    ]  # fmt: skip
    kept = HARMLESS.apply(told, BLACK)
    assert kept == [Segment("a[31mb1m", bold), Segment("ü✓")]
    assert sum(cell_len(s.text) for s in kept) == sum(cell_len(s.text) for s in told)
    plain = [Segment("a b"), Segment("", bold)]
    assert HARMLESS.apply(plain, BLACK) is plain


@pytest.mark.real
async def test_whatever_a_wire_tells_no_pane_lets_it_reach_the_terminal() -> None:
    evil = "CP\x1b]0;owned\x07\x1b[2J\x9b1m"
    async with showing(FakeEngine(evil)) as (app, pilot):
        app.say(f"no station {evil}", "error")
        await pilot.pause()
        text = seen(app)
        assert text.count("CP]0;owned[2J1m") >= 3  # the list, its detail, what was said
        assert not {sign for sign in text if not sign.isprintable()} - {"\n"}
