"""A pane of plots."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult

from simulator.tui.widgets.chart import Chart, Series

pytestmark = pytest.mark.real


class _Charts(App[None]):
    def compose(self) -> ComposeResult:
        yield Chart("chart")


async def test_plots_share_the_height_and_words_take_a_line() -> None:
    app = _Charts()
    async with app.run_test(size=(40, 12)) as pilot:
        chart = app.query_one(Chart)
        assert chart.text == ""
        ocpp = Series("OCPP", "5.0 /s", [1.0, 5.0], unit="/s")
        chart.show([ocpp, Series("OCPI", "2.0 /s", [2.0]), Series("CDRs", "3 [accepted]", ())])
        await pilot.pause()
        lines = chart.text.splitlines()
        assert len(lines) == chart.content_size.height == 11
        assert lines[0].startswith("OCPP 5.0 /s") and lines[0].endswith("▔5/s")
        assert lines[1].endswith(" █") and lines[4].endswith("█")
        assert lines[5].startswith("OCPI") and lines[10].startswith("CDRs 3 [accepted]")
        await pilot.resize_terminal(40, 4)
        await pilot.pause()
        assert [line.split()[0] for line in chart.text.splitlines()] == ["OCPP", "OCPI", "CDRs"]
