"""A mistake in a scenario's world names the line of the scenario that causes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.mistakes import Mistake
from simulator.scenario.schema import Scenario, read

from .stage import TINY, scenario_file


def one(tmp_path: Path, text: str) -> Scenario:
    return read(scenario_file(tmp_path, f"name: x\nsteps: [note: x]\n{text}"))[0]


def told(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(Mistake) as mistake:
        one(tmp_path, text)
    path = tmp_path / "test.yaml"
    return [line.removeprefix(f"{path}:") for line in str(mistake.value).splitlines()]


def indented(text: str) -> str:
    return "world:\n" + "".join(f"  {line}\n" for line in text.splitlines())


def test_a_world_is_a_name_a_file_beside_it_or_written_out(tmp_path: Path) -> None:
    assert one(tmp_path, "").world.name == "demo"
    assert one(tmp_path, "world: demo-211\n").world.name == "demo-211"
    assert one(tmp_path, "world: tiny.yaml\n").world.name == "tiny"
    assert one(tmp_path, indented(TINY)).world.stations[0].id == "ST1"
    with_matrix = "matrix: {w: [tiny]}\nworld: '${w}.yaml'\n"
    assert one(tmp_path, with_matrix).world.name == "tiny"


def test_mistakes_in_a_world_written_out_have_their_own_lines(tmp_path: Path) -> None:
    wrong = TINY.replace('ocpp: "1.6"', "ocpp: 7").replace("country: DEU", "country: XX")
    lines = told(tmp_path, indented(wrong))
    assert [line.split(" ")[0] for line in lines] == ["14:", "15:"]
    assert "world: locations[0].country: " in lines[0]


def test_mistakes_of_a_worlds_own_file_name_both(tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text(TINY.replace("ocpp:", "ocp:"))
    (first, *_) = told(tmp_path, "world: other.yaml\n")
    assert first.startswith(f"3: world: {tmp_path / 'other.yaml'}:12: ")
    assert told(tmp_path, "world: dem\n") == [
        "3: world: no world 'dem', neither a file nor one that comes along. Did you mean 'demo'?"
    ]


def test_changes_are_made_and_spelled_as_written(tmp_path: Path) -> None:
    text = (
        "world: tiny.yaml\nmatrix: {s: [0]}\nchange:\n  /name: other\n"
        '  "/locations/0/stations/-": {id: 0123, ocpp: 2.0.1}\n'
        '  "/locations/0/stations/${s}/ocpp": 1.6\n  /seed: null\n'
    )
    world = one(tmp_path, text).world
    assert (world.name, world.seed) == ("other", None)
    assert [(s.id, s.ocpp) for s in world.stations] == [("ST1", "1.6"), ("0123", "2.0.1")]


def test_a_change_that_is_wrong_names_its_line(tmp_path: Path) -> None:
    assert told(tmp_path, "world: tiny.yaml\nchange:\n  /name: a\n  /name/x: 1\n") == [
        "6: change./name/x: nothing can be put there"
    ]
    for pointer in ("name", "/locations/9/id", "/locations/x"):
        (line,) = told(tmp_path, f"world: tiny.yaml\nchange:\n  {pointer}: a\n")
        assert line == f"5: change.{pointer}: nothing can be put there"
    text = "world: tiny.yaml\nchange:\n  /name: a\n  /cpo/partyid: ABC\n  /locations/0/id: {a: 1}\n"
    lines = told(tmp_path, text)
    assert lines[0].startswith("6: change./cpo/partyid: cpo.partyid: unknown key. Did you mean")
    assert lines[1].startswith("7: change./locations/0/id: locations[0].id: expected text")


def test_a_variable_without_a_value_is_told(tmp_path: Path) -> None:
    text = "world: tiny.yaml\nchange:\n  /name: ${no}\n"
    assert told(tmp_path, text) == ["5: change./name: ${no} has no value here."]
    assert told(tmp_path, "world: ${no}\n") == ["3: world: ${no} has no value here."]


def test_one_run_leaves_the_world_of_the_next_as_it_was(tmp_path: Path) -> None:
    text = (
        "name: x\nsteps: [note: x]\nworld: tiny.yaml\nmatrix: {n: [a, b]}\n"
        'change: {"/peers/-": {name: "${n}"}}\n'
    )
    runs = read(scenario_file(tmp_path, text))
    assert [[peer.name for peer in run.world.peers] for run in runs] == [
        ["plugsurfing", "a"],
        ["plugsurfing", "b"],
    ]


def test_one_scenario_leaves_the_world_of_the_next_as_it_was(tmp_path: Path) -> None:
    changed = one(tmp_path, 'world: tiny.yaml\nchange: {"/peers/-": {name: other}}\n')
    assert len(changed.world.peers) == 2
    assert len(one(tmp_path, "world: tiny.yaml\n").world.peers) == 1
