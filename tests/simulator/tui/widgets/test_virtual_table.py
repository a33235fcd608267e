"""A table of any length."""

from __future__ import annotations

from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from simulator.tui.widgets.virtual_table import Cell, Column, VirtualTable
from tests.simulator.tui.stage import until

pytestmark = pytest.mark.real
COLUMNS = (Column("No", 6, right=True), Column("Name", 6, grow=1), Column("Far", 4, above=60))


class Host(App[None]):
    def __init__(self, **how: Any) -> None:
        super().__init__()
        self.made: list[Any] = []
        self.told: list[tuple[str, Any]] = []
        self.table = VirtualTable("table", COLUMNS, self._cells, **how)

    def compose(self) -> ComposeResult:
        yield self.table

    def _cells(self, key: Any) -> list[Cell | str]:
        self.made.append(key)
        return [str(key), Cell(f"row {key}", "bad"), "far"]

    def on_virtual_table_opened(self, event: VirtualTable.Opened) -> None:
        self.told.append(("opened", event.key))

    def on_virtual_table_moved(self, event: VirtualTable.Moved) -> None:
        self.told.append(("moved", event.key))


def line(host: Host, y: int) -> str:
    return host.table.render_line(y).text


async def shown(host: Host, pilot: Pilot[None], keys: list[Any]) -> VirtualTable:
    host.table.set_rows(keys)
    await pilot.pause()
    return host.table


async def test_only_what_is_seen_is_made() -> None:
    host = Host()
    async with host.run_test(size=(50, 11)) as pilot:
        table = await shown(host, pilot, list(range(100_000)))
        assert set(host.made) <= set(range(11))
        assert line(host, 0).split() == ["No", "Name"]
        assert line(host, 1).split() == ["0", "row", "0"]
        table.action_cursor("end")
        await pilot.pause()
        assert line(host, 10).split()[0] == "99999"
        assert len(set(host.made)) < 30


async def test_columns_come_with_the_room() -> None:
    host = Host()
    async with host.run_test(size=(70, 11)) as pilot:
        await shown(host, pilot, [1])
        assert line(host, 0).split() == ["No", "Name", "Far"]
        assert len(line(host, 1)) == host.table.size.width
        await pilot.resize_terminal(50, 11)
        await pilot.pause()
        assert line(host, 1).split() == ["1", "row", "1"]


async def test_the_cursor_stays_at_its_row_where_rows_come_and_go() -> None:
    host = Host(rising=True)
    async with host.run_test(size=(50, 11)) as pilot:
        keys = list(range(50))
        table = await shown(host, pilot, keys)
        assert table.go_to(30)
        await pilot.pause()
        seen = 30 - table.scroll_offset.y
        del keys[:10]
        keys += [50, 51]
        table.set_rows(keys)
        await pilot.pause()
        assert table.cursor_key == 30
        assert 20 - table.scroll_offset.y == seen
        assert table.virtual_size.height == 43


async def test_the_newest_is_kept_in_sight_until_somebody_looks_up() -> None:
    host = Host(rising=True, follow=True)
    async with host.run_test(size=(50, 11)) as pilot:
        keys = list(range(50))
        table = await shown(host, pilot, keys)
        table.focus()
        assert line(host, 10).split()[0] == "49"
        keys += [50, 51]
        table.set_rows(keys)
        await pilot.pause()
        assert (table.cursor_key, line(host, 10).split()[0]) == (51, "51")
        await pilot.press("up")
        keys += [52]
        table.set_rows(keys)
        await pilot.pause()
        assert table.cursor_key == 50
        await pilot.press("f")
        assert table.cursor_key == 52


async def test_marks_enter_and_the_mouse() -> None:
    host = Host()
    async with host.run_test(size=(50, 11)) as pilot:
        table = await shown(host, pilot, ["a", "b", "c"])
        table.focus()
        await pilot.press("m", "m", "up", "m", "enter")
        assert table.marks == {"a"}
        await pilot.click(table, offset=(5, 1))
        assert table.cursor_key == "a"
        assert ("opened", "c") in host.told and ("moved", "a") in host.told


async def test_touched_rows_are_made_anew_where_they_are_seen() -> None:
    host = Host()
    async with host.run_test(size=(50, 11)) as pilot:
        table = await shown(host, pilot, list(range(100)))
        host.made.clear()
        table.touch([3, 99])
        await pilot.pause()
        assert host.made == [3]


async def test_rows_of_another_kind_have_other_columns() -> None:
    host = Host()
    async with host.run_test(size=(50, 11)) as pilot:
        table = await shown(host, pilot, ["a", "b"])
        await pilot.press("m")
        table.set_columns((Column("Other", 10), *host.query_one(VirtualTable)._columns[1:]))
        await pilot.pause()
        assert line(host, 0).split()[0] == "Other" and table.marks == set()


async def test_the_row_at_the_cursor_stands_out_and_keeps_its_colours() -> None:
    host = Host()
    async with host.run_test(size=(50, 11)) as pilot:
        table = await shown(host, pilot, [1, 2])
        table.focus()
        await pilot.pause()
        here, other = (next(s.style for s in table.render_line(y) if s.text.startswith("row"))
                       for y in (1, 2))  # fmt: skip
        assert here is not None and other is not None
        assert here.bgcolor != other.bgcolor and here.color == other.color and here.bold


async def test_growing_lays_nothing_out_anew_but_where_the_scrollbar_comes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    host = Host(rising=True, follow=True)
    async with host.run_test(size=(50, 11)) as pilot:
        table = await shown(host, pilot, list(range(5)))
        assert not table.show_vertical_scrollbar
        await shown(host, pilot, list(range(50)))
        await until(pilot, lambda: table.show_vertical_scrollbar)
        await pilot.pause(0.1)
        laid_out: list[object] = []
        monkeypatch.setattr(
            host.screen, "_refresh_layout", lambda *told, **_: laid_out.append(told)
        )
        for count in (60, 70, 20):
            await shown(host, pilot, list(range(count)))
            assert table.vertical_scrollbar.window_virtual_size == count + 1
            assert line(host, 10).split()[0] == str(count - 1)
        assert not laid_out
        monkeypatch.undo()
        table.set_rows(list(range(3)))
        await until(pilot, lambda: not table.show_vertical_scrollbar)
