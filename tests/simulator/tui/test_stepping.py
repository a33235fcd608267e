"""Stages from the keyboard."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.tui.stepping import Stepping
from tests.simulator.tui.stage import FakeEngine, showing, until

pytestmark = pytest.mark.real


def stage(**more: Any) -> dict[str, Any]:
    """A stage's state, as far as it is looked at."""
    return {"id": "3", "file": "/x.yaml", "verdict": None, "at": 0, "of": 2, **more}


async def test_the_newest_stage_of_a_file_is_meant() -> None:
    engine, done = FakeEngine("CP1"), []
    async with showing(engine) as (app, pilot):
        stepping = Stepping(app, lambda: done.append(1))
        engine.loaded = [stage(id="1"), stage(id="2", file="/y.yaml"), stage()]
        await stepping.look()
        assert stepping.of("/z.yaml") is None and stepping.going("/x.yaml") == stage()
        stepping.next("/x.yaml", "x")
        stepping.play("/x.yaml", "x", 2)
        stepping.load("/z.yaml", "text", "x [v=1]")
        assert stepping.end("/x.yaml") and not stepping.end("/z.yaml")
        await until(pilot, lambda: len(done) == 4)
        assert engine.staged == [
            ("step", "3"),
            ("play", "3", 2),
            ("load", "/z.yaml", "text", "x [v=1]"),
            ("drop", "3"),
        ]


async def test_what_could_not_be_done_is_said() -> None:
    engine = FakeEngine("CP1")
    async with showing(engine) as (app, pilot):
        stepping = Stepping(app, lambda: None)
        engine.loaded = [stage()]
        await stepping.look()
        engine.refuse = "a step of it runs already"
        stepping.next("/x.yaml", "x")
        await until(pilot, lambda: any("runs already" in str(n.message) for n in _told(app)))


def _told(app: Any) -> list[Any]:
    return list(app._notifications)


async def test_how_a_stage_ended_is_kept() -> None:
    engine = FakeEngine("CP1")
    async with showing(engine) as (app, _):
        stepping = Stepping(app, lambda: None)
        engine.loaded = [stage(verdict="FAIL")]
        await stepping.look()
        assert stepping.going("/x.yaml") is None and stepping.of("/x.yaml")
        engine.loaded = []
        await stepping.look()
        assert stepping.of("/x.yaml") is None and stepping.kept["/x.yaml"]["verdict"] == "FAIL"


async def test_what_has_ended_is_forgotten_for_something_new() -> None:
    engine = FakeEngine("CP1")
    async with showing(engine) as (app, pilot):
        stepping = Stepping(app, lambda: None)
        engine.loaded = [stage(verdict="FAIL")]
        await stepping.look()
        stepping.load("/x.yaml", "text", "x")
        await until(pilot, lambda: len(engine.staged) == 2)
        assert engine.staged == [("drop", "3"), ("load", "/x.yaml", "text", "x")]
        await stepping.look()
        assert stepping.of("/x.yaml") is None and stepping.kept == {}
        engine.loaded = [stage(id="4")]
        await stepping.look()
        stepping.load("/x.yaml", "text", "x")
        await until(pilot, lambda: any("wait already" in str(n.message) for n in _told(app)))
