"""A story in beats."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from simulator.mistakes import Mistake
from simulator.tui.engine import Facts
from simulator.tui.presenter import (
    DEFAULT,
    FASTEST,
    Presenter,
    at,
    beats,
    coming,
    ended,
    factor_of,
    progress,
    shown,
)
from tests.simulator.tui.stage import FakeEngine


def stage(*steps: tuple[str, str], ident: str = "1", **more: Any) -> dict[str, Any]:
    """A stage's state, as an engine tells it."""
    told = [
        {"number": number, "line": number, "verb": verb, "text": text, "state": "waiting",
         "caption": text if verb == "note" else None, "ms": None, "why": ""}
        for number, (verb, text) in enumerate(steps, 1)
    ]  # fmt: skip
    return {"id": ident, "name": "story", "at": 0, "of": len(told), "running": False,
            "verdict": None, "why": "", "steps": told, **more}  # fmt: skip


STORY = (
    ("note", "Anna comes."), ("plug", "station: CP1, car: anna"), ("expect", "event: x"),
    ("note", "She charges."), ("advance", "20 min"),
    ("note", "The end is near."), ("stop", "CP1"),
)  # fmt: skip


class Staged(FakeEngine):
    """An engine with stages that go as they are told to."""

    def __init__(self, *, fails_at: int | None = None) -> None:
        super().__init__("CP1")
        self.facts = Facts("local", "test", 42, "scaled:20")
        self.kept: list[dict[str, Any]] = []
        self.fails_at = fails_at

    async def load(self, steps: Any, name: str, only: str = "") -> Any:
        self.staged.append(("load", name))
        self.kept.append(stage(*STORY, ident=str(len(self.staged))))
        return self.kept[-1]

    async def stages(self) -> Any:
        return self.kept

    async def step(self, stage: str) -> Any:
        (one,) = (kept for kept in self.kept if kept["id"] == stage)
        one["at"] += 1
        self.done.append(("step", {"at": one["at"]}))
        if one["at"] == self.fails_at:
            one.update(verdict="FAIL", why="it was not so")
        elif one["at"] == one["of"]:
            one["verdict"] = "PASS"
        return one

    async def drop(self, stage: str) -> Any:
        self.kept = [kept for kept in self.kept if kept["id"] != stage]
        return {}


def _steps(engine: FakeEngine) -> list[Any]:
    return [given.get("at", given.get("factor")) for _, given in engine.done]


def test_a_beat_goes_from_one_note_to_the_next() -> None:
    told = beats(stage(("plug", "CP1"), *STORY))
    assert [(beat.caption, beat.first, beat.last) for beat in told] == [
        ("", 1, 1), ("Anna comes.", 2, 4), ("She charges.", 5, 6), ("The end is near.", 7, 8),
    ]  # fmt: skip
    assert [beat.deeds for beat in told] == [
        "a car plugs in", "a car plugs in", "20 min pass", "the driver leaves"
    ]  # fmt: skip
    assert beats(stage(("note", "x"), ("check", "y")))[0].deeds == "look, and listen"


def test_what_several_do_is_told_once_and_where_if_the_story_plays_at_several_stations() -> None:
    told = beats(stage(
        ("note", "One."), ("start", "station: CP1, token: X"), ("start", "station: CP2, token: Y"),
        ("note", "Two."), ("advance", "5 min"), ("stop", "CP1"), ("advance", "5 min"),
        ("note", "Three."), ("stop", "CP2"), ("boot", "@all"), ("plug", "${where}"),
        ("note", "Four."), *([("stop", "CP1")] * 7), ("retry_cdr", "CP9"),
    ))  # fmt: skip
    assert [beat.deeds for beat in told] == [
        "two drivers come with cards (CP1, CP2)",
        "5 min pass ×2, the driver leaves (CP1)",
        "the driver leaves, the station restarts, a car plugs in (CP2)",
        "7 drivers leave, the bill is sent again (CP1)",
    ]


def test_what_comes_and_how_far_it_is() -> None:
    now = stage(*STORY)
    first = coming(now)
    assert first is not None and first.first == 1 and progress(now) == "○○○"
    now.update(at=3)
    second = coming(now)
    assert second is not None and second.first == 4 and progress(now) == "●○○"
    now.update(running=True)
    assert at(now) == 2
    now.update(at=7, running=False, verdict="PASS")
    assert coming(now) is None and progress(now) == "●●●"
    assert ended(now) == ("The end. All went as told.", "good")
    failed = stage(*STORY, verdict="FAIL", why="no")
    assert ended(failed) == ("It did not go as told: no", "bad") and coming(failed) is None
    assert ended(stage(*STORY)) is None


def test_the_newest_story_that_goes_on_is_shown() -> None:
    old, new = stage(*STORY, ident="1"), stage(*STORY, ident="2", verdict="PASS")
    silent = stage(("plug", "CP1"), ident="3")
    assert shown([old, new, silent]) == old
    assert shown([{**old, "verdict": "PASS"}, new]) == new
    assert shown([silent]) is None and shown([]) is None


async def test_a_key_a_beat_and_again_from_the_beginning() -> None:
    engine = Staged()
    told = Presenter(engine, lambda: "scaled:20")
    await told.look()
    assert shown(await engine.stages()) is None
    await told.go_on()
    assert _steps(engine) == [1, 2, 3] and Path(engine.staged[0][1]).name == "partners.yaml"
    await told.go_on()
    assert _steps(engine)[3:] == [4, FASTEST, 5, 20.0], "cars charge faster, and only then"
    assert [name for name, _ in engine.done[4:7]] == ["speed", "step", "speed"]
    await told.go_on()
    assert told.stage is not None and told.stage["verdict"] == "PASS"
    await told.go_on()
    assert len(engine.staged) == 2 and [kept["at"] for kept in engine.kept] == [3]


async def test_what_goes_wrong_ends_the_beat() -> None:
    engine = Staged(fails_at=2)
    told = Presenter(engine, lambda: "virtual")
    await told.go_on()
    assert _steps(engine) == [1, 2]
    assert told.stage is not None and told.stage["why"] == "it was not so"
    engine.refuse, engine.fails_at = "no", None
    fast = Presenter(engine, lambda: "scaled:1")
    with pytest.raises(Mistake, match="no"):
        for _ in range(3):
            await fast.go_on()
    assert not fast.busy


async def test_a_real_clock_and_a_file_that_is_not_there_are_told() -> None:
    with pytest.raises(Mistake, match="start with --clock scaled:10"):
        await Presenter(Staged(), lambda: "real", DEFAULT).go_on()
    with pytest.raises(Mistake, match="there is no such scenario"):
        await Presenter(Staged(), lambda: "scaled:9", "nobody/wrote").go_on()


async def test_a_paused_world_is_told_before_anything_fails() -> None:
    engine = Staged()
    engine.facts = Facts("local", "test", 42, "scaled:20", paused=True)
    with pytest.raises(Mistake, match="paused"):
        await Presenter(engine, lambda: "scaled:20").go_on()
    assert engine.staged == []


def test_the_speed_of_a_clock() -> None:
    told = ("scaled:20", "scaled:0.5, paused", "real", "virtual", "scaled:x", "")
    assert [factor_of(clock) for clock in told] == [20, 0.5, None, None, None, None]
