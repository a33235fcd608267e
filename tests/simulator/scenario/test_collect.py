"""Scenario files are found: by name, in folders, on the shelf."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.mistakes import Mistake
from simulator.scenario.collect import SHELVES, files, is_scenario, runs

from .stage import scenario_file

TEXT = "name: {}\nworld: tiny.yaml\ntags: [{}]\nsteps: [note: x]\n"


def test_folders_mean_all_scenarios_below_in_order(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "dir.yaml").mkdir()
    b = scenario_file(tmp_path, TEXT.format("b", "t"), "b.yaml")
    a = scenario_file(tmp_path / "deep", TEXT.format("a", "u"), "a.yml")
    (tmp_path / "readme.md").write_text("steps:")
    assert files([str(tmp_path)]) == [b, a]
    assert files([str(b), str(tmp_path), str(b)]) == [b, a]
    assert not is_scenario(tmp_path / "tiny.yaml")


def test_here_is_a_folder_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scenario_file(tmp_path, TEXT.format("b", "t"), "b.yaml")
    monkeypatch.chdir(tmp_path)
    assert [path.name for path in files(["."])] == ["b.yaml"]


def test_tags_choose(tmp_path: Path) -> None:
    paths = [
        scenario_file(tmp_path, TEXT.format(name, tag), f"{name}.yaml")
        for name, tag in (("a", "t"), ("b", "u"))
    ]
    assert [s.name for s in runs(paths)] == ["a", "b"]
    assert [s.name for s in runs(paths, ["u", "v"])] == ["b"]


def test_a_name_that_two_files_have_is_told(tmp_path: Path) -> None:
    paths = [scenario_file(tmp_path, TEXT.format("a", "t"), f"{n}.yaml") for n in "xy"]
    with pytest.raises(Mistake) as told:
        runs(paths)
    assert str(told.value) == f"{paths[1]}: name: 'a' is the name of {paths[0]} too"


def test_the_mistakes_of_all_files_are_told(tmp_path: Path) -> None:
    paths = [scenario_file(tmp_path, "name: a b\n", f"{n}.yaml") for n in "xy"]
    with pytest.raises(Mistake) as told:
        runs(paths)
    assert all(f"{path}:1: name" in str(told.value) for path in paths)


def test_what_comes_along_is_found_by_name() -> None:
    (path,) = files(["rfid/accepted"])
    assert path.name == "accepted.yaml"
    with pytest.raises(
        Mistake, match=r"rfid/acepted: there is no such scenario.*Did you mean 'rfid/acc"
    ):
        files(["rfid/acepted"])


def test_the_package_ships_the_scenarios_of_the_tree() -> None:
    if SHELVES[0].is_symlink():  # a checkout that knows no symlinks has the second
        assert SHELVES[0].resolve() == SHELVES[1]
    assert SHELVES[0].exists()
