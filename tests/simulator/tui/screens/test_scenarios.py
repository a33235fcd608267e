"""Screen 4, Scenarios."""

from __future__ import annotations

import pytest

from tests.simulator.tui.stage import FakeEngine, seen, showing, until

pytestmark = pytest.mark.real


async def test_it_is_shown_by_its_key() -> None:
    async with showing(FakeEngine("CP1")) as (app, pilot):
        await pilot.press("4")
        await until(pilot, lambda: "Scenarios" in seen(app))
