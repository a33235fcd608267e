"""Screen 4, Scenarios: a tester's walks."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from simulator.tui.library import Library
from simulator.tui.screens.scenarios import ScenariosScreen
from simulator.tui.widgets.detail import Detail
from simulator.tui.widgets.palette import Palette
from tests.simulator.scenario.stage import scenario_file
from tests.simulator.tui.stage import FakeEngine, playing, seen, showing, until

pytestmark = pytest.mark.real
WANTED = "{ocpp: StatusNotification, where: {/status: %s, /connectorId: 1}, within: 5 s}"
TEXT = f"""\
name: mine
purpose: A car comes, and the station tells it.
world: tiny.yaml
steps:
  - note: A car comes.
  - plug: {{station: ST1, car: anna}}
  - expect: {WANTED % "Nope"}
  - note: done
"""
SIZES = [(120, 40), (80, 24)]


def verdict(app: Any) -> str:
    return str(app.screen.query_one("#verdict", Detail).text)


def steps(app: Any) -> str:
    """The marks of the steps, in a row."""
    state = app.screen._state
    return "".join(step["state"][0] for step in state["steps"]) if state is not None else ""


async def came(pilot: Any, holds: Any) -> None:
    """Wait for what a process of its own must do first: on a busy machine that takes its time."""
    await until(pilot, holds, tries=1000)


async def opened(pilot: Any, app: Any) -> None:
    await pilot.press("4")
    await until(pilot, lambda: isinstance(app.screen, ScenariosScreen) and app.screen._runs)


@pytest.mark.parametrize("size", SIZES)
async def test_a_tester_steps_the_file_sees_the_nearest_miss_and_reruns(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    path = scenario_file(tmp_path, TEXT)
    async with showing(FakeEngine("CP1"), size=size, folder=tmp_path) as (app, pilot):
        await opened(pilot, app)
        assert "yours/test" in seen(app) and "station: ST1, car: anna" in seen(app)
        await pilot.press("f10")  # its world is built, and waits
        await came(pilot, lambda: app.worlds.away and "0/4" in seen(app))
        assert "a scenario's own world" in seen(app).splitlines()[0]
        await pilot.press("f10")
        await until(pilot, lambda: steps(app) == "dwww")
        await pilot.press("f10")
        await until(pilot, lambda: steps(app) == "ddww")
        await pilot.press("1")
        await until(pilot, lambda: "Preparing" in seen(app))  # the car is in its world
        await pilot.press("4", "f5")
        await until(pilot, lambda: steps(app) == "ddfs")
        assert "FAIL  mine" in seen(app) and "nearest:" in verdict(app)
        assert "where /status: expected Nope, was Preparing" in verdict(app)
        await pilot.press("escape")
        await came(pilot, lambda: not app.worlds.away)
        assert "FAIL" in seen(app)  # it is remembered
        path.write_text(TEXT.replace("Nope", "Preparing"))
        await pilot.press("R")
        await came(pilot, lambda: "PASS  mine" in seen(app))
        assert steps(app) == "dddd"
        await pilot.press("R")
        await until(pilot, lambda: "nothing has failed here" in seen(app))


async def test_playing_anew_is_what_counts_then(tmp_path: Path) -> None:
    """A stage that has ended, in its own world or in this one, does not hide what came after."""
    path = scenario_file(tmp_path, TEXT)
    async with showing(FakeEngine("CP1"), folder=tmp_path) as (app, pilot):
        await opened(pilot, app)
        await pilot.press("f10")
        await came(pilot, lambda: "0/4" in seen(app))
        await pilot.press("f5")
        await until(pilot, lambda: "FAIL  mine" in seen(app))
        path.write_text(TEXT.replace("Nope", "Preparing"))
        await pilot.press("f5")
        await came(pilot, lambda: "PASS  mine" in seen(app))
        assert app.worlds.away  # where it failed can still be looked at
        await pilot.press("f10")  # and anew, in a new one
        await came(pilot, lambda: "0/4" in seen(app))


async def test_marked_files_are_played_beside_the_world(tmp_path: Path) -> None:
    scenario_file(tmp_path, TEXT, "a.yaml")
    good = TEXT.replace("Nope", "Preparing").replace("mine", "other")
    scenario_file(tmp_path, good + "matrix: {v: [1, 2]}\n", "b.yaml")
    async with showing(FakeEngine("CP1"), folder=tmp_path) as (app, pilot):
        await opened(pilot, app)
        await pilot.press("m", "m", "home", "f5")
        await until(pilot, lambda: "waits" in seen(app) or "plays" in seen(app))
        await came(pilot, lambda: "FAIL" in seen(app) and "PASS" in seen(app))
        assert not app.worlds.away and "again: roamlab run" in verdict(app)
        await pilot.press("down")
        await until(pilot, lambda: "2 of 2 runs" in verdict(app))
        await pilot.press("escape", "slash", *"~err", "enter")
        await until(pilot, lambda: len(app.view.main.keys) == 1)  # type: ignore[union-attr]


async def test_a_breakpoint_and_the_run_that_is_meant(tmp_path: Path) -> None:
    text = TEXT.replace("note: done", 'note: "it is ${v}"') + "matrix: {v: [one, two]}\n"
    scenario_file(tmp_path, text)
    async with showing(FakeEngine("CP1"), folder=tmp_path) as (app, pilot):
        await opened(pilot, app)
        await pilot.press("enter", "down", "down", "b")  # all before step 3
        await until(pilot, lambda: isinstance(app.screen, Palette))
        await pilot.press(*"two", "enter")
        await came(pilot, lambda: steps(app) == "ddww")
        assert "it is two" in seen(app) and "mine [v=two]" in verdict(app)
        assert "3 expect  ocpp: StatusNotification" in verdict(app)  # the cursor's, whole
        await pilot.press("e")
        await came(pilot, lambda: not app.worlds.away)


async def test_steps_wait_in_the_world_that_is_shown(tmp_path: Path) -> None:
    text = "name: here\nsteps:\n  - plug: {station: DE-AC-1, car: anna}\n  - expect: "
    scenario_file(tmp_path, f"{text}{{ocpi: POST cdrs, within: 1 h}}\n")
    async with playing(folder=tmp_path) as (app, pilot):
        await opened(pilot, app)
        await pilot.press("h")
        await until(pilot, lambda: "▶ 0/2" in seen(app))
        assert "left aside" in verdict(app) and not app.worlds.away
        await pilot.press("f10")
        await until(pilot, lambda: steps(app) == "dw")
        assert app.store.stations["DE-AC-1"] and app.engine.facts.kind == "local"
        await pilot.press("f10")
        await until(pilot, lambda: " left" in seen(app))  # the countdown of within
        await pilot.press("f10")
        await until(pilot, lambda: "runs already" in seen(app))
        await pilot.press("e")
        await until(pilot, lambda: "▶" not in seen(app))
        assert list(await app.engine.stages()) == []
        await pilot.press("h")
        await until(pilot, lambda: "▶ 0/2" in seen(app))
        await pilot.press("h")
        await until(pilot, lambda: "its steps wait already" in seen(app))


async def test_what_is_wrong_with_a_file_is_said(tmp_path: Path) -> None:
    scenario_file(tmp_path, TEXT.replace("plug:", "plugg:"), "a.yaml")
    scenario_file(tmp_path, TEXT.replace("ST1", "ST9"), "b.yaml")
    async with showing(FakeEngine("CP1"), folder=tmp_path) as (app, pilot):
        await pilot.press("4")
        await until(pilot, lambda: "Did you mean 'plug'" in seen(app))
        await pilot.press("down")
        await until(pilot, lambda: app.screen._runs)  # type: ignore[attr-defined]
        await pilot.press("f10")  # only its world knows its stations
        await came(pilot, lambda: any("no station 'ST9'" in n.message for n in app._notifications))
        assert not app.worlds.away


async def test_what_failed_is_played_again_whatever_is_at_the_cursor(tmp_path: Path) -> None:
    path = scenario_file(tmp_path, TEXT, "b.yaml")
    async with showing(FakeEngine("CP1"), folder=tmp_path) as (app, pilot):
        await opened(pilot, app)
        await pilot.press("f5")
        await came(pilot, lambda: "FAIL  mine" in seen(app))
        scenario_file(tmp_path, TEXT.replace("plug:", "plugg:"), "a.yaml")  # it comes by itself
        await until(pilot, lambda: app.screen.main.keys[0].endswith("a.yaml"))  # type: ignore[attr-defined]
        await pilot.press("home")
        await until(pilot, lambda: "Did you mean 'plug'" in seen(app))
        path.write_text(TEXT.replace("Nope", "Preparing"))
        await pilot.press("R")
        await came(pilot, lambda: "PASS" in seen(app))
        path.unlink()
        await until(pilot, lambda: "yours/b" not in seen(app))


async def test_a_long_file_holds_nothing_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen_it, read = threading.Event(), Library._runs

    def slowly(library: Library, path: str) -> Any:
        assert seen_it.wait(60)
        return read(library, path)

    monkeypatch.setattr(Library, "_runs", slowly)
    path = scenario_file(tmp_path, TEXT)
    path.write_text(path.read_text() + "  - note: more\n" * 1_500)
    async with showing(FakeEngine("CP1"), folder=tmp_path) as (app, pilot):
        await pilot.press("4")
        await until(pilot, lambda: "it is long, and being read" in seen(app))
        seen_it.set()
        await until(pilot, lambda: "Steps 0 of 1504" in seen(app))


async def test_read_only_plays_nothing(tmp_path: Path) -> None:
    scenario_file(tmp_path, TEXT)
    engine = FakeEngine("CP1", read_only=True)
    async with showing(engine, folder=tmp_path) as (app, pilot):
        await opened(pilot, app)
        for key in ("f5", "f10", "b", "h", "R", "e"):
            app.clear_notifications()
            await pilot.press(key)
            await until(pilot, lambda: "read-only" in seen(app).partition("\n")[2])
        assert engine.staged == [] and app.worlds.children._all == set()


async def test_files_are_picked_and_read_once_the_cursor_rests(tmp_path: Path) -> None:
    scenario_file(tmp_path, TEXT)
    async with showing(FakeEngine("CP1"), folder=tmp_path) as (app, pilot):
        await opened(pilot, app)
        await pilot.press("slash", *"rfid/acc", "enter")
        await until(pilot, lambda: "rfid-accepted" in verdict(app))
        assert [key.rpartition("/")[2] for key in app.view.main.keys] == ["accepted.yaml"]  # type: ignore[union-attr]
        await pilot.press("escape")
        await until(pilot, lambda: "A car comes." in seen(app) or len(app.view.main.keys) > 1)  # type: ignore[union-attr]
