"""The line above."""

from __future__ import annotations

import pytest

from simulator.tui import status
from tests.simulator.tui.stage import FakeEngine, showing

pytestmark = pytest.mark.real


async def test_what_is_special_stands_in_front() -> None:
    engine = FakeEngine("CP1", read_only=True)
    engine.placed = [{"id": "fault-1"}, {"id": "fault-2", "active": False}]  # struck for good
    async with showing(engine) as (app, pilot):
        await pilot.press("space")
        app.store.odd = 2
        told = [part if isinstance(part, str) else part[0] for part in status.parts(app)]
    assert told[:6] == ["local", "test", "FROZEN", "odd:2", "read-only", "faults:1"]
    assert "clock real" in told and "seed 42" in told
