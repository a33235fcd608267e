"""Scenario files that are played in worlds of their own."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from simulator.kernel.clock import Clock
from simulator.tui.children import Children
from simulator.tui.plays import Plays, Result
from tests.simulator.scenario.stage import scenario_file

pytestmark = pytest.mark.real
GOOD = "name: {}\nworld: tiny.yaml\nmatrix: {{v: [1, 2]}}\nsteps: [note: x]\n"
BAD = "name: {}\nworld: tiny.yaml\nsteps: [expect: {{ocpi: POST cdrs, within: 0}}]\n"


async def test_one_after_the_other_and_what_became_of_them(tmp_path: Path) -> None:
    plays = Plays(Children())
    paths = [
        str(scenario_file(tmp_path, text.format(name), f"{name}.yaml"))
        for name, text in (("a", GOOD), ("b", BAD), ("c", "name: c\nsteps: [plugg]\n"))
    ]
    assert plays.ask((path, 2) for path in paths) == 3
    assert plays.ask([(paths[0], 2)]) == 0  # it waits already
    before = plays.version
    await asyncio.gather(plays.play(), plays.play())
    a, b, c = (plays.results[path] for path in paths)
    assert [len(result.outcomes) for result in (a, b, c)] == [2, 1, 0], b.words
    assert [result.verdict for result in (a, b, c)] == ["PASS", "FAIL", "ERROR"]
    assert "Did you mean 'plug'" in c.words and plays.version > before
    assert plays.failed == paths[1:] and plays.left == 0
    assert b.telling and b.telling["steps"][0]["problem"]
    assert plays.ask([(paths[1], 1)]) == 1 and plays.failed == [paths[2]]


async def test_halted(tmp_path: Path) -> None:
    children = Children()
    plays = Plays(children)
    slow = "name: {}\nworld: tiny.yaml\nclock: real\nstart: off\nsteps: [advance: 300 s]\n"
    paths = [str(scenario_file(tmp_path, slow.format(name), f"{name}.yaml")) for name in ("a", "b")]
    plays.ask((path, 1) for path in paths)
    task = asyncio.create_task(plays.play())
    while not plays.results[paths[0]].words and not children._all:
        await Clock("real").sleep(0.05)
    assert plays.left == 2
    await plays.halt()
    await task
    assert list(plays.results) == paths[:1] and plays.results[paths[0]].verdict == "ERROR"
    assert children._all == set() and plays.left == 0


async def test_killed_from_outside(tmp_path: Path) -> None:
    """What was played until then does not hide that the rest was not."""
    children = Children()
    plays = Plays(children)
    text = "name: a\nworld: tiny.yaml\nclock: real\nstart: off\nmatrix: {s: [0, 900]}\n"
    path = str(scenario_file(tmp_path, text + 'steps: [advance: "${s} s"]\n', "a.yaml"))
    plays.ask([(path, 2)])
    task = asyncio.create_task(plays.play())
    result = plays.results[path]
    while not result.outcomes and result.state != "ended":
        await Clock("real").sleep(0.05)
    (child,) = children._all
    os.kill(child._process.pid, signal.SIGKILL)
    await task
    assert [outcome["verdict"] for outcome in result.outcomes] == ["PASS"], result.words
    assert result.verdict == "ERROR"
    assert result.words.splitlines()[0] == (
        "not played to its end: its process was ended by SIGKILL"
    )


def test_the_worst_verdict_counts() -> None:
    assert (Result("x", 3).verdict, Result("x", 3).telling) == ("", None)
    outcomes = [{"verdict": word} for word in ("NOT APPLICABLE", "PASS", "FAIL")]
    assert Result("x", 3, "plays", outcomes).verdict == ""
    ended = Result("x", 3, "ended", outcomes)
    assert (ended.verdict, ended.telling) == ("FAIL", {"verdict": "FAIL"})
