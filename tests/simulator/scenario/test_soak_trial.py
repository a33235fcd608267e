"""Trials: drawn from a seed alone, and always such as a world can be built from."""

from __future__ import annotations

import pytest

from simulator.scenario.soak_trial import draw
from simulator.wire.fault_spec import Fault
from simulator.wire.faults import FAULTS


@pytest.mark.parametrize("seed", range(0, 300, 7))
def test_a_seed_is_a_whole_trial(seed: int) -> None:
    trial = draw(seed)
    assert draw(seed) == trial
    plan = trial.plan()
    stations = {station.id: station for station in plan.stations}
    assert plan.clock == "virtual"
    assert trial.visits
    for visit in trial.visits:
        assert 1 <= visit.evse <= len(stations[visit.station].evses)
    for placed in trial.faults:
        assert Fault.parse(dict(placed.spec)).kind in FAULTS


def test_other_seeds_are_other_trials() -> None:
    trials = [draw(seed) for seed in range(100)]
    assert len({repr(trial.visits) for trial in trials}) == 100
    assert {len(trial.faults) for trial in trials} >= {0, 1, 4, 8}
    kinds = {placed.spec["kind"] for trial in trials for placed in trial.faults}
    assert {"drop", "half_open", "reset", "power_cut", "http_status", "late_answer"} <= kinds


def test_a_fault_can_be_left_out() -> None:
    trial = next(trial for trial in map(draw, range(100)) if len(trial.faults) > 2)
    less = trial.without(1)
    assert less.faults == (trial.faults[0], *trial.faults[2:])
    assert less.visits == trial.visits
