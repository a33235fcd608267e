"""Trials: drawn from a seed alone, and always such as a world can be built from."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.scenario.soak_trial import CPO_KILLED, EMP_AWAY, OUTAGES, PEER_KILLED, draw
from simulator.wire.fault_spec import Fault
from simulator.wire.faults import FAULTS
from simulator.world_file import WorldFile


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
        assert (visit.token is None) is (visit.car is not None)
        assert visit.car is None or visit.car in plan.cars
    for placed in trial.faults:
        if placed.spec["kind"] not in OUTAGES:
            assert Fault.parse(dict(placed.spec)).kind in FAULTS
    assert [placed.at_s for placed in trial.faults] == sorted(p.at_s for p in trial.faults)


def test_other_seeds_are_other_trials() -> None:
    trials = [draw(seed) for seed in range(100)]
    assert len({repr(trial.visits) for trial in trials}) == 100
    assert {len(trial.faults) for trial in trials} >= {0, 1, 4, 8}
    kinds = {placed.spec["kind"] for trial in trials for placed in trial.faults}
    assert {"drop", "half_open", "reset", "power_cut", "http_status", "late_answer"} <= kinds


def test_every_sort_of_world_is_among_them() -> None:
    trials = [draw(seed) for seed in range(200)]
    plans = [trial.plan() for trial in trials]
    assert 25 < sum(bool(plan.emps) for plan in plans) < 75
    assert 15 < sum(plan.ocpp_tls.identity is not None for plan in plans) < 50
    assert 15 < sum(bool(plan.contracts) for plan in plans) < 50
    assert 35 < sum(trial.dies(CPO_KILLED) for trial in trials) < 90
    assert 35 < sum(trial.dies(PEER_KILLED) for trial in trials) < 90
    assert 10 < sum(trial.dies(EMP_AWAY) for trial in trials) < 45
    assert all("emps" in trial.world for trial in trials if trial.dies(EMP_AWAY))
    kinds = {placed.spec["kind"] for trial in trials for placed in trial.faults}
    assert {kind for kind in FAULTS if kind.startswith(("tls_", "ocsp_"))} <= kinds
    whos = {visit.token is None for trial in trials for visit in trial.visits}
    assert whos == {True, False}


def test_who_dies_has_a_database_of_its_own(tmp_path: Path) -> None:
    drawn = [draw(seed) for seed in range(100)]
    for one in (CPO_KILLED, PEER_KILLED):
        (other,) = {CPO_KILLED, PEER_KILLED} - {one}
        trial = next(trial for trial in drawn if trial.dies(one) and not trial.dies(other))
        assert books(trial.plan()) == {CPO_KILLED: ":memory:", PEER_KILLED: ":memory:"}
        kept = books(trial.plan(tmp_path))
        assert Path(kept[one]).parent == tmp_path
        assert kept[other] == ":memory:"


def books(plan: WorldFile) -> dict[str, str]:
    (peer,) = plan.peers
    return {CPO_KILLED: plan.cpo.get("database", ":memory:"), PEER_KILLED: peer.database}


def test_a_fault_can_be_left_out() -> None:
    trial = next(trial for trial in map(draw, range(100)) if len(trial.faults) > 2)
    less = trial.without(1)
    assert less.faults == (trial.faults[0], *trial.faults[2:])
    assert less.visits == trial.visits
