"""`roamlab soak`: seeds from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from simulator.cli import run
from simulator.commands import soak as module
from simulator.kernel.journal import read
from simulator.mistakes import Exit
from simulator.scenario.soak import Survived
from simulator.scenario.soak_trial import Placed
from simulator.scenario.soak_truth import Broken

pytestmark = pytest.mark.real


def test_seeds_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["soak", "--seeds", "3..4", "--json"]) == Exit.PASS
    told = json.loads(capsys.readouterr().out)
    assert (told["seeds"], told["planned"], told["failed"]) == (2, 2, [])
    assert told["transactions"] == told["cdrs"] > 0


def test_several_at_a_time(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["soak", "--seeds", "3..4", "--jobs", "2"]) == Exit.PASS
    assert "2 seeds" in capsys.readouterr().out


def test_one_seed_and_its_journal(tmp_path: Path) -> None:
    file = tmp_path / "seed.ndjson"
    assert run(["soak", "--seeds", "3", "--journal", str(file)]) == Exit.PASS
    assert next(read(file))["world"] == "soak-3"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has /dev/full")
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_journal_that_a_full_disk_does_not_take(
    capsys: pytest.CaptureFixture[str], jobs: str
) -> None:
    told = ["soak", "--seeds", "3", "--journal", "/dev/full", "--jobs", jobs]
    assert run(told) == Exit.INTERNAL
    assert "--journal /dev/full: No space left on device" in capsys.readouterr().err


def test_faults_that_never_struck_are_counted_over_all_seeds(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "play", lambda task: Survived(task[0], faults=3, unstruck=task[0]))
    assert run(["soak", "--seeds", "1..2"]) == Exit.PASS
    assert "6 faults, 3 of which never struck," in capsys.readouterr().out


def test_a_failing_seed_is_told_with_what_it_needs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def pretend(task: module.Task) -> Survived:
        seed = task[0]
        if seed == 2:
            needed = [Placed(4.5, {"kind": "drop"})]
            return Survived(seed, [Broken("one-cdr-each", "S1A: 2, 1")], needed=needed)
        return Survived(seed)

    monkeypatch.setattr(module, "play", pretend)
    assert run(["soak", "--seeds", "1..4"]) == Exit.FAILED
    out = capsys.readouterr().out
    assert "seed 2 failed" in out
    assert "one-cdr-each: S1A: 2, 1" in out
    assert "needs, 4.5 s after the beginning: {'kind': 'drop'}" in out
    assert "again: roamlab soak --seeds 2" in out
    assert "2 seeds," in out
    assert run(["soak", "--seeds", "1..4", "--keep-going"]) == Exit.FAILED
    assert "4 seeds," in capsys.readouterr().out


@pytest.mark.parametrize("seeds", ["", "x", "5..1", "1..", "-4", "1..9999999"])
def test_what_is_no_range_of_seeds(seeds: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["soak", "--seeds", seeds]) == Exit.USAGE
    assert "expected a" in capsys.readouterr().err


def test_a_journal_is_of_one_seed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(tmp_path / "x")
    assert run(["soak", "--seeds", "1..2", "--journal", file]) == Exit.USAGE
    assert "a single seed" in capsys.readouterr().err
    assert run(["soak", "--seeds", "1", "--journal", str(tmp_path)]) == Exit.USAGE
    assert "is a directory" in capsys.readouterr().err
