"""No order reaches the terminal."""

from __future__ import annotations

import pytest
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from simulator.tui.printable import Printable
from tests.simulator.tui.stage import FakeEngine, Wire, seen, showing, until

ORDERS = "\x1b]0;title\x07\x9b2J\n\t\x7f\u202e\u2066\u2028"


def test_orders_go_and_nothing_else() -> None:
    bold = Style(bold=True)
    told = Printable().apply([Segment(f"[a]{ORDERS}é日👩\u200d👧", bold)], Color(0, 0, 0))
    assert told == [Segment("[a]]0;title2Jé日👩\u200d👧", bold)]


def test_what_goes_has_no_width() -> None:
    bare = "".join(c for c in ORDERS if not c.isprintable())
    assert cell_len(bare) == 0 and len(bare) == 9


@pytest.mark.real
async def test_a_message_cannot_give_the_terminal_orders() -> None:
    """In the list, in the pane beside it, in a word about it and in the line that is typed."""
    wire, engine = Wire(), FakeEngine("CP1")
    wire.ocpp(2, "station/CP1", "sent", {"x": ORDERS}, ident=ORDERS, action=f"Evil{ORDERS}")
    engine.new = wire.records
    async with showing(engine) as (app, pilot):
        await pilot.press("2")
        await until(pilot, lambda: "Evil]0;title" in seen(app))
        app.say(f"said{ORDERS}")
        app.view.set_filter(f"typed {ORDERS!r}")  # type: ignore[union-attr]
        await until(pilot, lambda: "said]0;title" in seen(app))
        assert not [c for c in seen(app) if not c.isprintable() and c != "\n"]
