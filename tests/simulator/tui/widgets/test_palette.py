"""The palette, and pages of text."""

from __future__ import annotations

import pytest
from textual.app import App
from textual.containers import VerticalScroll
from textual.content import Content

from simulator.tui.widgets.palette import Choice, Palette, Sheet

pytestmark = pytest.mark.real
CHOICES = [
    Choice("a", "plug", "Plug a car in.", "driver", True),
    Choice("b", "unplug", "Pull the cable.", "driver", True),
    Choice("c", "theme", "Dark or light.", "interface"),
]


TARGETS = {"@focus": ["CP1"], "@shown": ["CP1", "CP2"]}


async def chosen(*keys: str, targets: dict[str, list[str]] | None = None) -> str | None:
    app: App[None] = App()
    found: list[str | None] = []
    async with app.run_test() as pilot:
        app.push_screen(Palette("commands", CHOICES, targets or {}), found.append)
        await pilot.pause()
        await pilot.press(*keys)
        await pilot.pause()
    return found[0]


async def test_typing_finds_and_enter_takes() -> None:
    assert await chosen("enter") == "a"
    assert await chosen("down", "enter") == "b"
    assert await chosen(*"them", "enter") == "c"
    assert await chosen(*"cable", "enter") == "b"
    assert await chosen("escape") is None


async def test_a_target_may_stand_behind_a_step() -> None:
    assert await chosen(*"unpl @sh", "enter", targets=TARGETS) == "b @shown"
    assert await chosen(*"@", "enter", targets=TARGETS) == "a @focus"
    # Neither what takes no target nor a target that means nobody is offered.
    assert await chosen(*"theme @shown", "enter", "escape", targets=TARGETS) is None
    assert await chosen(*"plug @marked", "enter", "escape", targets=TARGETS) is None


async def test_a_page_closes_by_its_key() -> None:
    app: App[None] = App()
    async with app.run_test() as pilot:
        app.push_screen(Sheet("help", Content("words")))
        await pilot.pause()
        assert isinstance(app.screen, Sheet)
        await pilot.press("question_mark")
        await pilot.pause()
        assert not isinstance(app.screen, Sheet)


async def test_a_page_that_is_longer_than_the_screen_scrolls_with_the_keys() -> None:
    app: App[None] = App()
    async with app.run_test(size=(80, 24)) as pilot:
        app.push_screen(Sheet("help", Content("\n".join(f"line {at}" for at in range(99)))))
        await pilot.pause()
        page = app.screen.query_one(VerticalScroll)
        places = []
        for key in ("down", "pagedown", "end", "pageup", "home"):
            await pilot.press(key)
            await pilot.pause(0.5)
            places.append(page.scroll_offset.y)
        assert places[0] == 1
        assert places[0] < places[1] < places[3] < places[2]
        assert places[4] == 0
