"""Steps from the keyboard."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.kernel.journal import read
from tests.simulator.tui.stage import FakeEngine, playing, seen, showing, until

pytestmark = pytest.mark.real


async def test_what_was_refused_is_said() -> None:
    engine = FakeEngine("CP1")
    engine.refuse = "unplug: no car is there"
    async with showing(engine) as (app, pilot):
        await pilot.press("u")
        await until(pilot, lambda: "unplug: no car is there" in seen(app))


async def test_a_form_begins_with_what_is_known() -> None:
    engine = FakeEngine("CP1")
    async with showing(engine) as (app, pilot):
        app.actor.do("push_token", {"token": "04AABBCC"})
        await until(pilot, lambda: "04AABBCC" in seen(app))
        await pilot.press("enter")
        await until(pilot, lambda: engine.done)
        assert engine.done[0][0] == "push_token" and engine.done[0][1]["token"] == "04AABBCC"
        await until(pilot, lambda: "push_token: accepted" in seen(app))


async def test_nothing_is_done_where_one_only_looks() -> None:
    engine = FakeEngine("CP1", read_only=True)
    async with showing(engine) as (app, pilot):
        await pilot.press("p")
        await until(pilot, lambda: "this view is read-only" in seen(app))
        assert engine.done == []


async def test_the_worlds_time_runs_faster_slower_and_stands() -> None:
    async with playing(clock="scaled:20") as (app, pilot):
        await pilot.press("plus")
        await until(pilot, lambda: "clock scaled:50" in seen(app))
        await pilot.press("underscore")
        await until(pilot, lambda: app.engine.facts.clock == "scaled:20")
        await pilot.press("full_stop")
        await until(pilot, lambda: "PAUSED" in seen(app))
        await pilot.press("full_stop")
        await until(pilot, lambda: "PAUSED" not in seen(app))
        told = [(r["step"], r["arguments"]) for r in app.store.steps]
        assert told == [("speed", {"factor": factor}) for factor in (50, 20, 0, 20)]


async def test_a_clock_with_one_speed_says_so() -> None:
    async with playing(clock="real") as (app, pilot):
        await pilot.press("plus")
        await until(pilot, lambda: "a real clock has one speed" in seen(app))


async def test_a_part_of_the_journal_is_recorded(tmp_path: Path) -> None:
    async with playing(folder=tmp_path) as (app, pilot):
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "●REC" in seen(app))
        await pilot.press("p")
        await until(pilot, lambda: any(r["step"] == "plug" for r in app.store.steps))
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "●REC" not in seen(app))
        head, *records = read(tmp_path / "recording-demo.ndjson")
        assert head["world"] == "demo"
        assert [r["step"] for r in records if r["leg"] == "step"] == ["plug", "stop_recording"]
