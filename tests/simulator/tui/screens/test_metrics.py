"""Screen 6, Metrics."""

from __future__ import annotations

import pytest

from tests.simulator.tui.stage import FakeEngine, seen, showing, until

pytestmark = pytest.mark.real


async def test_it_is_shown_by_its_key() -> None:
    async with showing(FakeEngine("CP1")) as (app, pilot):
        await pilot.press("6")
        await until(pilot, lambda: "Metrics" in seen(app))
