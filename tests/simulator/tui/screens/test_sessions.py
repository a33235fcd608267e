"""Screen 3, Sessions."""

from __future__ import annotations

import pytest

from tests.simulator.tui.stage import FakeEngine, Wire, seen, showing, until

pytestmark = pytest.mark.real


async def test_sessions_and_what_became_of_them() -> None:
    engine, wire = FakeEngine("CP1"), Wire()
    for name, cdr in (("S1", "cdr.accepted"), ("S2", "cdr.refused")):
        wire.journal.event("station/CP1", "car.plugged", session=name, evse=1, model="compact")
        wire.journal.event("cpo", "cdr.made", session=name, kwh="7.3", cost="3.9", currency="EUR")
        wire.journal.event("cpo", cdr, session=name, problem="refused: 2001 because")
    engine.new = wire.records
    async with showing(engine) as (app, pilot):
        await pilot.press("3")
        await until(pilot, lambda: "Why the CDR was refused" in seen(app))
        text = seen(app)
        assert "Sessions 2" in text and "3.90 EUR" in text and "accepted" in text
        await pilot.press("up")
        await until(pilot, lambda: "Why the CDR was refused" not in seen(app))
        await pilot.press("slash", *"~s refused", "enter")
        await until(pilot, lambda: "Sessions 1 of 2" in seen(app))
        await pilot.press("c")
        await until(pilot, lambda: "filter ~sess S2" in seen(app))
