"""Simulation by seeds: a few dozen here, more by `make soak`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from simulator.scenario import soak as module
from simulator.scenario.soak import Survived, play, shrunk, soak
from simulator.scenario.soak_trial import CPO_KILLED, EMP_AWAY, PEER_KILLED, Placed, Trial, draw
from simulator.scenario.soak_truth import Broken


@pytest.mark.real
@pytest.mark.parametrize("seed", range(1, 25))
def test_a_seed_holds(seed: int) -> None:
    outcome = soak(seed, twice=seed % 8 == 0)
    assert outcome.broken == [], f"roamlab soak --seeds {seed}"


@pytest.mark.real
def test_the_seeds_of_a_run_are_worth_something() -> None:
    outcomes = [play(draw(seed)) for seed in (1, 16, 19, 20, 24)]
    assert sum(outcome.hits for outcome in outcomes) > 3
    assert sum(outcome.cdrs for outcome in outcomes) > 6


@pytest.mark.real
def test_the_cpo_dies_and_nothing_is_lost(tmp_path: Path) -> None:
    """Killed again and again while cars charge: the same book, the same journal each time."""
    trial = next(trial for trial in map(draw, range(1, 25)) if len(trial.visits) > 4)
    deaths = tuple(Placed(600.0 * n, {"kind": CPO_KILLED, "lasts": 5.0 * n}) for n in range(1, 9))
    trial = replace(trial, faults=deaths)
    outcomes = [play(trial, journal=tmp_path / name) for name in ("one", "two")]
    assert [outcome.broken for outcome in outcomes] == [[], []]
    assert [outcome.deaths for outcome in outcomes] == [8, 8]
    assert outcomes[0].transactions > 0
    assert outcomes[0].digest == outcomes[1].digest


@pytest.mark.real
@pytest.mark.parametrize(
    ("kind", "counted"), [(PEER_KILLED, "peer_deaths"), (EMP_AWAY, "absences")]
)
def test_the_peer_dies_or_an_emp_is_away_and_nothing_is_lost(kind: str, counted: str) -> None:
    trials = (trial for trial in map(draw, range(1, 60)) if "emps" in trial.world)
    trial = next(trial for trial in trials if len(trial.visits) > 4)
    outages = tuple(Placed(600.0 * n, {"kind": kind, "lasts": 60.0 * n}) for n in range(1, 9))
    vain = Placed(600.0, {"kind": "drop", "actor": "cpo", "action": "GetLog"})
    outcome = play(replace(trial, faults=(*outages, vain)))
    assert outcome.broken == []
    assert (outcome.faults, outcome.unstruck) == (1, 1)
    assert getattr(outcome, counted) == 8
    assert outcome.transactions > 0


@pytest.mark.real
def test_the_same_journal_byte_for_byte(tmp_path: Path) -> None:
    files = [tmp_path / "one", tmp_path / "two"]
    digests = {play(draw(19), journal=file).digest for file in files}
    assert len(digests) == 1
    assert files[0].read_bytes() == files[1].read_bytes()


def test_only_the_faults_that_are_needed_stay() -> None:
    trial = Trial(1, {}, (), tuple(Placed(n, {"kind": "drop", "after": n}) for n in range(6)))
    needed = {1, 4}

    def pretend(trial: Trial) -> Survived:
        there = {placed.spec["after"] for placed in trial.faults}
        broken = [Broken("one-cdr-each", "")] if needed <= there else [Broken("other", "")]
        return Survived(1, broken)

    left = shrunk(trial, "one-cdr-each", pretend)
    assert [placed.spec["after"] for placed in left.faults] == [1, 4]


@pytest.mark.real
def test_a_crash_and_a_leak_are_findings(monkeypatch: pytest.MonkeyPatch) -> None:
    async def crash(*_arguments: Any) -> None:
        raise RuntimeError("out of order")

    monkeypatch.setattr(module, "_live", crash)
    assert play(draw(3)).broken == [Broken("no-crash", "RuntimeError: out of order")]


@pytest.mark.real
def test_a_task_that_nobody_ends_is_a_leak(monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncio

    async def leak(*_arguments: Any) -> None:
        asyncio.get_running_loop().create_task(asyncio.Event().wait(), name="forgotten")

    monkeypatch.setattr(module, "_live", leak)
    assert [b.what for b in play(draw(3)).broken] == ["tasks that nobody ended: forgotten"]
