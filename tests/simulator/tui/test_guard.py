"""What stands between an odd record and the end of the interface."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from textual.events import Resize
from textual.geometry import Size

from simulator.tui.acting import Actor
from simulator.tui.screens.fleet import FleetScreen
from simulator.tui.widgets.palette import Palette
from tests.simulator.tui.stage import FakeEngine, seen, showing, until


@pytest.mark.real
async def test_messages_timers_and_pages_stumble_and_it_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def odd(*_: Any) -> Any:
        raise KeyError("serial")

    def odder(*_: Any) -> Any:
        raise TypeError("a list")

    engine = FakeEngine("CP1", "CP2")
    async with showing(engine, size=(80, 24)) as (app, pilot):
        with monkeypatch.context() as patch:
            patch.setattr(FleetScreen, "_show_one", odd)  # when the cursor moves, and each second
            await pilot.press("down")
            await until(pilot, lambda: sum(app.stumbles.values()) > 2)
            assert list(app.stumbles) == ["this cannot be shown: KeyError: 'serial'"]
            await until(pilot, lambda: "odd:1" in seen(app).split("\n", 1)[0])
            await pilot.press(":", *"unplug")
            await until(pilot, lambda: isinstance(app.screen, Palette))
            patch.setattr(FleetScreen, "meant", odder)
            await pilot.press("enter")
            await until(pilot, lambda: len(app.stumbles) == 2)
        await pilot.press("up")
        await until(pilot, lambda: app.store.focus == "CP1")
        app.stumbles.clear()


def test_a_world_that_tells_names_otherwise_offers_none() -> None:
    engine = SimpleNamespace(known=lambda what: {"token": ["X"]}[what])
    actor = Actor(cast("Any", SimpleNamespace(engine=engine)))
    assert (actor._known("token"), actor._known("car")) == (["X"], ())


@pytest.mark.real
async def test_the_line_above_goes_on_over_a_page_and_words_come_and_go_below_it() -> None:
    engine = FakeEngine("CP1")
    async with showing(engine, size=(80, 24)) as (app, pilot):
        await pilot.press("?")
        await until(pilot, lambda: app.view is None)
        engine.placed = [{"kind": "drop"}]
        await until(pilot, lambda: "faults:1" in seen(app).split("\n", 1)[0])
        app.say("what was done")
        await until(pilot, lambda: "what was done" in seen(app))
        assert "what was done" in seen(app).splitlines()[2]  # far from the feet of page and screen


@pytest.mark.real
async def test_sizes_that_come_while_another_is_taken_come_to_an_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A terminal whose edge is dragged: two sizes under way took turns for ever, and no key was
    heard any more.
    """
    taken: list[Size] = []
    plain = FleetScreen._screen_resized

    def noted(self: FleetScreen, size: Size) -> None:
        taken.append(size)
        plain(self, size)

    monkeypatch.setattr(FleetScreen, "_screen_resized", noted)
    async with showing(FakeEngine("CP1"), size=(80, 24)) as (app, pilot):
        for size in (Size(60, 20), Size(100, 30), Size(80, 24)):
            app.screen.post_message(Resize(size, size))
            app.screen.call_later(lambda: None)  # else the next one takes its place
        await pilot.press("2")
        await until(pilot, lambda: "Traffic" in seen(app))
        assert set(taken) == {Size(80, 24)}
