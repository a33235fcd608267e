"""Jump mode."""

from __future__ import annotations

import pytest

from simulator.tui.widgets.jump import Jump
from tests.simulator.tui.stage import FakeEngine, seen, showing


@pytest.mark.real
async def test_a_letter_goes_to_its_pane() -> None:
    async with showing(FakeEngine("CP1")) as (app, pilot):
        await pilot.press("ctrl+o")
        await pilot.pause()
        assert isinstance(app.screen, Jump)
        assert "s  Station" in seen(app)
        await pilot.press("s")
        await pilot.pause()
        assert app.focused is not None and app.focused.id == "station"
        await pilot.press("ctrl+o", "z")
        await pilot.pause()
        assert app.focused.id == "station"
