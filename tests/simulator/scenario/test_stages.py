"""The stages of a world."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from simulator.mistakes import Mistake
from simulator.scenario.schema import read
from simulator.scenario.stages import NoStage, Stages, loaded, one_of
from simulator.world import World
from simulator.world_file import read as read_world

from .stage import scenario_file

RUNS = """\
name: x
world: tiny.yaml
matrix: {v: [a, b]}
not_applicable: [{when: {v: a}, reason: "no a"}]
steps: [note: "${v}"]
"""


async def test_ids_are_never_given_twice(tmp_path: Path) -> None:
    scenario_file(tmp_path, RUNS)
    stages = Stages(World(read_world(tmp_path / "tiny.yaml")))
    first = stages.load([{"note": "x"}], "mine")
    assert (first.id, first.name, stages["1"]) == ("1", "mine", first)
    assert (await stages.drop("1"))["id"] == "1" and first.gone.is_set()
    second = stages.load(RUNS, "x.yaml")
    assert (second.id, second.name) == ("2", "x [v=b]")
    with pytest.raises(NoStage, match="no stage '1'"):
        stages["1"]
    await stages.close()
    assert stages.states() == [] and second.gone.is_set()


def test_the_run_that_is_meant(tmp_path: Path) -> None:
    runs = read(scenario_file(tmp_path, RUNS))
    assert one_of(runs).title == one_of(runs, "v=b").title == "x [v=b]"
    with pytest.raises(Mistake, match="does not apply: no a"):
        one_of(runs, "v=a")
    with pytest.raises(Mistake, match=r"there are: x \[v=a\], x \[v=b\]"):
        one_of(runs, "v=c")


def test_bodies_that_are_none(tmp_path: Path) -> None:
    scenario_file(tmp_path, RUNS)
    stages = Stages(World(read_world(tmp_path / "tiny.yaml")))
    body: dict[str, Any] = {"steps": ["clear_faults"], "text": RUNS}
    with pytest.raises(Mistake, match="either steps or text"):
        loaded(stages, body)
    with pytest.raises(Mistake, match="a list of steps"):
        stages.load([], "x")
    assert loaded(stages, {"steps": ["clear_faults"]}).name == "by hand"
