"""Screen 6, Metrics."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.scenario.meter import Meter
from simulator.tui.screens.metrics import charts
from simulator.tui.widgets.chart import Chart
from tests.simulator.tui.stage import ANNA, FakeEngine, Wire, playing, seen, showing, until

pytestmark = pytest.mark.real


def figures(**more: Any) -> dict[str, Any]:
    """As the control API tells them."""
    wall, wire = {"ms": 0.0}, Wire()
    meter = Meter(lambda: wall["ms"])
    wire.journal.subscribe(meter.take)
    for _ in range(5):
        wire.call("Heartbeat")
    wire.ocpi("POST", "cdrs", {}, code=2001)
    wire.finding(1, rule="cdr.[bold]price")
    meter.gauge({"sessions": 3, "power_kw": 33.3})
    wall["ms"] = 5000.0
    gone = {"sessions": 3, "power_kw": 33.3, "cdrs": {"accepted": 7, "pending": 2}}
    return {**gone, **meter.figures(), **more}


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_what_it_shows(size: tuple[int, int]) -> None:
    engine = FakeEngine("CP1")
    engine.told = figures()
    async with showing(engine, size=size) as (app, pilot):
        await pilot.press("6")
        await until(pilot, lambda: "33.3 kW" in seen(app))
        told = seen(app)
        for words in ("OCPP 2.", "OCPI 0.2 /s", "p50 0", "sessions 3", "2 in a minute, 2 in all",
                      "7 accepted  0 refused  2 waiting", "1 reject cdr.[bold]price",
                      "5 ocpp_calls", "1 refused_cdrs"):  # fmt: skip
            assert words in told or words in _panes(app), words
        assert "█" in app.screen.query_one("#messages", Chart).text
        assert app.focused is app.screen.query_one("#messages")


def _panes(app: Any) -> str:
    return "".join(pane.text for pane in app.screen.query("Detail"))


async def test_it_is_drawn_once_a_second_and_stands_still_when_frozen() -> None:
    engine = FakeEngine("CP1")
    engine.told = figures()
    async with showing(engine) as (app, pilot):
        await pilot.press("6")
        await until(pilot, lambda: "sessions 3" in seen(app))
        engine.told = figures(sessions=4, cdrs={"unsendable": 1})
        await until(pilot, lambda: "sessions 4" in seen(app) and "1 unsendable" in seen(app))
        await pilot.press("space")
        engine.told = figures(sessions=5)
        await pilot.pause(1.5)
        assert "sessions 4" in seen(app)
        await pilot.press("w")
        await until(pilot, lambda: app.screen.maximized is not None)


async def test_where_nobody_measures_it_says_so() -> None:
    async with showing(FakeEngine("CP1")) as (app, pilot):
        await pilot.press("6")
        await until(pilot, lambda: "nobody measures here" in seen(app))


async def test_a_world_is_measured_from_its_start_whatever_screen_is_shown() -> None:
    async with playing() as (app, pilot):
        await until(pilot, lambda: "FR-AC-1" in seen(app))
        await app.engine.perform("start", {"station": "DE-AC-1", "token": ANNA, "car": "anna"})
        await until(pilot, lambda: app.store.figures.get("sessions") == 1)
        await pilot.press("6")
        await until(pilot, lambda: "sessions 1" in seen(app) and "11.0 kW" in seen(app))
        assert app.store.figures["totals"]["ocpp_calls"] > 6


def test_a_gauge_that_nobody_looked_at_for_a_moment_stays() -> None:
    told = figures()
    told["seconds"]["sessions"] = [None, 2, None, 3, None, None, None, None]
    assert charts(told)["load"][0].points == [None, 2, 2, 3, 3, 3, 3, None]
