"""Screen 0, Story: the presenter's walk, and what an audience sees of it."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from simulator.control import Control
from simulator.mistakes import Mistake
from simulator.scenario.collect import files
from simulator.tui.app import RoamlabApp
from simulator.tui.presenter import DEFAULT, Presenter
from simulator.tui.remote import RemoteEngine
from simulator.tui.screens.story import StoryScreen
from simulator.world import World
from tests.simulator.tui.stage import FakeEngine, Wire, free_ports, playing, seen, showing, until
from tests.simulator.tui.test_presenter import STORY, Staged, stage

pytestmark = pytest.mark.real

# What each F10 shows: a piece of its caption, then what must have been said by its end.
WALK: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Anna has a Plugsurfing card", ("a car plugs in",)),
    ("May she charge?", ("may this card charge?", "yes", "you may charge", "charging")),
    ("Everybody knows how much", (" kW, ", " kWh so far")),
    ("Plugsurfing has the bill already", ("the bill:", "accepted", "✓ bill accepted")),
    ("Carl's card is blocked", ("no", "you may not", "not allowed to charge")),
    ("Ben starts from his app", ("the bill:", "✓ bill accepted")),
    ("Dora is the customer", ("yes", "charging")),
    ("The network is cut", ("✂ the network is cut", "keeps it for later")),
    ("The network is back", ("the network is back",)),
    ("Dora leaves", ("checks the bill: right", "✓ bill accepted")),
    ("Something goes wrong", ("▲ something goes wrong", "refused", "✗ bill refused")),
    ("Now it is accepted", ("accepted", "✓ bill accepted", "The end. All went as told.")),
)


async def _present(app: RoamlabApp, pilot: Pilot[Any], caption: str, said: tuple[str, ...]) -> None:
    """F10, and all of it is seen; each key press is over before the next."""
    view = app.view
    assert isinstance(view, StoryScreen)
    await pilot.press("f10")
    await until(pilot, lambda: caption in _flat(app), tries=600)
    await until(pilot, lambda: not view.presenter.busy, tries=600)
    await until(pilot, lambda: all(words in _flat(app) + view.lanes.text for words in said))


def _flat(app: RoamlabApp) -> str:
    """What stands below the lanes, without its line breaks."""
    if not isinstance(app.view, StoryScreen):
        return ""
    told = [str(app.view.query_one(f"#{name}").render()) for name in ("caption", "state", "next")]
    return " ".join(" ".join(told).split())


@contextlib.asynccontextmanager
async def _stage(
    size: tuple[int, int], folder: Path
) -> AsyncIterator[tuple[RoamlabApp, Pilot[Any]]]:
    """The story as it is, but for how long cars charge, about to begin."""
    path = folder / "partners.yaml"
    path.write_text(re.sub(r"advance: \d+ min", "advance: 80 s", _story()), encoding="utf-8")
    async with playing(size=size, clock="scaled:8") as (app, pilot):
        await until(pilot, lambda: app.started)
        assert app.story == DEFAULT
        app.story = str(path)
        await pilot.press("0")
        await until(pilot, lambda: "F10 begins" in _flat(app))
        yield app, pilot


async def test_a_presenter_walks_through_the_whole_story(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulator.tui.presenter.WAIT_S", 1.0)
    async with _stage((120, 40), tmp_path) as (app, pilot):
        for caption, said in WALK:
            await _present(app, pilot, caption, said)
        assert "●" * len(WALK) in seen(app) and "○" not in seen(app)
        assert _accepted(app) == ["accepted"] * 4, "all that was charged is paid for in the end"
        await pilot.press("3")
        await until(pilot, lambda: seen(app).count("accepted") >= 4)
        await pilot.press("6")
        await until(pilot, lambda: "4 accepted  0 refused  0 waiting" in seen(app))


async def test_in_a_small_terminal_it_can_be_presented_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulator.tui.presenter.WAIT_S", 1.0)
    async with _stage((80, 24), tmp_path) as (app, pilot):
        for caption, said in WALK[:4]:
            await _present(app, pilot, caption, said)
        for words in ("F10 next: a car", "PLUGSURFING", "the bill:", "✓ bill accepted", "●●●●○"):
            await until(pilot, lambda words=words: words in seen(app))  # type: ignore[misc]
        assert "f10 next step" in seen(app) and len(seen(app).splitlines()) == 24


def _accepted(app: RoamlabApp) -> list[str]:
    return [visit.cdr for visit in app.store.visits.all.values() if visit.cdr]


@contextlib.asynccontextmanager
async def _running() -> AsyncIterator[tuple[World, str]]:
    """A world behind its control API."""
    async with World(free_ports(), clock="scaled:20", seed=42) as world:
        control = Control(world, port=0)
        await control.start()
        try:
            yield world, control.url
        finally:
            await control.stop()


async def test_an_audience_that_is_attached_sees_what_the_presenter_does() -> None:
    async with _running() as (world, url):
        presenter, guest = RemoteEngine(url), RemoteEngine(url, read_only=True)
        try:
            async with showing(guest, size=(100, 30)) as (app, pilot):
                await pilot.press("0")
                await until(pilot, lambda: "the presenter begins" in _flat(app))
                await pilot.press("f10")
                await until(pilot, lambda: "this view is read-only" in seen(app))
                await presenter.start()
                told = Presenter(presenter, lambda: "scaled:20")
                await told.go_on()
                await until(pilot, lambda: "Anna has a Plugsurfing card" in _flat(app))
                await until(pilot, lambda: "a car plugs in" in seen(app))
                await until(pilot, lambda: "next: a card is shown" in _flat(app))
                assert "●○○○" in seen(app) and "demo-partners" in seen(app)
                assert "F10" not in _flat(app), "it is not the audience that goes on"
                await told.go_on()
                await until(pilot, lambda: "you may charge" in seen(app))
                going = asyncio.create_task(told.go_on())
                await until(pilot, lambda: "it happens" in _flat(app))
                await until(pilot, lambda: "clock scaled:120" in seen(app))
                await going
                await until(pilot, lambda: "clock scaled:20" in seen(app))
                await until(pilot, lambda: "next: the driver leaves" in _flat(app))
                assert world.clock.factor == 20
        finally:
            await presenter.stop()
            await guest.stop()


def _story() -> str:
    return files([DEFAULT])[0].read_text(encoding="utf-8")


async def test_the_next_step_and_the_end_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulator.tui.screens.story._READ_S", 0.3)
    engine = Staged()
    async with showing(engine) as (app, pilot):
        await pilot.press("0")
        await until(pilot, lambda: "Nobody has come yet." in _flat(app))
        await pilot.press("f10")
        await until(pilot, lambda: "F10 next: 20 min pass" in _flat(app))
        await pilot.press("f5")
        await until(pilot, lambda: "The end. All went as told." in _flat(app))
        assert "F10 begins again demo/partners" in _flat(app)
        await pilot.press("f10")
        await until(pilot, lambda: "●○○" in seen(app))


async def test_what_goes_wrong_is_told_and_where_nothing_can_be_done() -> None:
    engine = Staged(fails_at=2)
    async with showing(engine) as (app, pilot):
        await pilot.press("0", "f10")
        await until(pilot, lambda: "It did not go as told: it was not so" in _flat(app))
        engine.refuse = "no"

        async def refuse(stage: str) -> Any:
            raise Mistake("somebody else is at it")

        engine.drop = refuse  # type: ignore[method-assign]
        await pilot.press("f10")
        await until(pilot, lambda: "somebody else is at it" in seen(app))


async def test_at_80_by_24_captions_the_next_step_and_why_it_was_refused_can_be_read_whole() -> (
    None
):
    caption = " ".join(f"word{n}" for n in range(30))
    why = "2001 cdr.valid at /total_energy: missing, where the energy of all periods is expected"
    wire, engine = Wire(), FakeEngine("DE-AC-1", "NL-AC-1")
    engine.loaded = [stage(("note", "x"), ("plug", "DE-AC-1"), ("tap", "DE-AC-1"),
                           ("stop", "station: NL-AC-1"), ("unplug", "NL-AC-1"))]  # fmt: skip
    wire.journal.append("step", "scenario", step="note", arguments={"text": caption})
    about = {"session": "s1", "id": "c1"}
    wire.journal.event("station/DE-AC-1", "car.plugged", session="s1", model="m")
    wire.journal.event("cpo", "cdr.refused", **about, problem=f"refused: {why}")
    engine.new = wire.records
    async with showing(engine, size=(80, 24)) as (app, pilot):
        await pilot.press("0")
        for words in (caption, "a card is shown, the driver leaves, the car leaves", why):
            await until(pilot, lambda words=words: words in _below(app))  # type: ignore[misc]
        assert "(DE-AC-1, NL-AC-1)" in _below(app)
        assert "PLUGSURFING" in seen(app) and "f10 next step" in seen(app)


def _below(app: RoamlabApp) -> str:
    """The words below the lanes as they stand on the screen, column by column."""
    assert isinstance(app.view, StoryScreen)
    lines = seen(app).splitlines()
    told = []
    for name in ("caption", "next", "state"):
        place = app.view.query_one(f"#{name}").region
        told += [lines[y][place.x : place.right] for y in range(place.y, place.bottom)]
    return " ".join(" ".join(told).split())


async def test_another_stations_sessions_are_not_of_the_story() -> None:
    wire, engine = Wire(), FakeEngine("CP1")
    async with showing(engine) as (app, pilot):
        await pilot.press("0")
        view = app.view
        assert isinstance(view, StoryScreen)
        wire.journal.append("step", "scenario", step="plug", arguments={"station": "CP1"})
        for name in ("CP2", "CP1"):
            about = {"session": f"s-{name}", "model": f"car of {name}"}
            wire.journal.event(f"station/{name}", "car.plugged", **about)
        wire.journal.append("step", "scenario", step="note", arguments={"text": "[b]Look[/b]."})
        wire.journal.append("step", "scenario", step="note", arguments={"text": "x", "about": 1})
        engine.new = wire.records
        await until(pilot, lambda: "car of CP1" in view.lanes.text)
        assert view.lanes.text.count("a car plugs in") == 1 and "CP2" not in view.lanes.text
        assert "[b]Look[/b]." in _flat(app), "a remark about a record is no caption"


async def test_a_story_of_ones_own_begins_with_its_screen() -> None:
    engine = FakeEngine("CP1")
    engine.loaded = [stage(*STORY, ident="7")]
    app = RoamlabApp(engine, story="mine.yaml")
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: isinstance(app.view, StoryScreen))
        assert isinstance(app.view, StoryScreen) and app.view.presenter.story == "mine.yaml"
        await until(pilot, lambda: "F10 next: a car plugs in" in _flat(app))
        assert app.focused is app.view.lanes


async def test_an_audience_reads_no_path() -> None:
    app = RoamlabApp(FakeEngine("CP1"), story="/a/long/way/to/mine.yaml")
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "F10 begins mine" in _flat(app))
        assert "/a/long" not in seen(app)
