"""Screen 0, Story."""

from __future__ import annotations

import pytest

from tests.simulator.tui.stage import FakeEngine, seen, showing, until

pytestmark = pytest.mark.real


async def test_it_is_shown_by_its_key() -> None:
    async with showing(FakeEngine("CP1")) as (app, pilot):
        await pilot.press("0")
        await until(pilot, lambda: "Story" in seen(app))
