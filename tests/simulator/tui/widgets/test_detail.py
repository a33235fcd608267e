"""A pane of text."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult
from textual.content import Content

from simulator.tui.widgets.detail import Detail


class Host(App[None]):
    def compose(self) -> ComposeResult:
        yield Detail("pane", wrap=False)


@pytest.mark.real
async def test_another_subject_begins_at_its_top_and_the_same_stays_where_it_was() -> None:
    host = Host()
    async with host.run_test(size=(40, 10)) as pilot:
        pane = host.query_one(Detail)
        pane.show("a", Content("\n".join(map(str, range(100)))))
        await pilot.pause()
        pane.scroll_to(y=20, animate=False)
        await pilot.pause()
        pane.show("a", Content("\n".join(map(str, range(101)))))
        await pilot.pause()
        assert pane.scroll_offset.y == 20
        pane.show("b", Content("\n".join(map(str, range(102)))))
        await pilot.pause()
        assert pane.scroll_offset.y == 0
