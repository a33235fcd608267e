"""What is taken along."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.tui.widgets.palette import Palette
from tests.simulator.tui.stage import FakeEngine, seen, showing, until

pytestmark = pytest.mark.real


async def test_without_a_step_there_is_nothing_to_save(tmp_path: Path) -> None:
    async with showing(FakeEngine("CP1"), folder=tmp_path) as (app, pilot):
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, Palette))
        await pilot.press("enter")
        await until(pilot, lambda: "nothing was done by hand yet" in seen(app))
