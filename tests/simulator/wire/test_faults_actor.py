"""Clocks that are wrong: for one actor, by a constant and by drift, until it is mended."""

from __future__ import annotations

from datetime import timedelta

import pytest

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.wire.faults import FaultBoard


@pytest.fixture
def board(chance: Chance, clock: Clock, journal: Journal) -> FaultBoard:
    return FaultBoard(chance, clock, journal)


async def test_without_faults_it_is_the_worlds_clock(board: FaultBoard, clock: Clock) -> None:
    view = board.clock_of("station/A")
    await clock.sleep(5)
    assert view.now() == clock.now()
    assert (view.monotonic(), str(view)) == (5, str(clock))


async def test_one_actors_clock_is_wrong_and_its_timers_are_not(
    board: FaultBoard, clock: Clock
) -> None:
    wrong, right = board.clock_of("station/A"), board.clock_of("station/B")
    board.add({"kind": "clock_skew", "actor": "station/A", "seconds": -90})
    assert wrong.now() == clock.now() - timedelta(seconds=90)
    assert right.now() == clock.now()
    began = clock.monotonic()
    await wrong.sleep(10)
    assert clock.monotonic() - began == 10
    assert not board.active  # it strikes no message


async def test_a_clock_drifts(board: FaultBoard, clock: Clock) -> None:
    view = board.clock_of("cpo")
    board.add({"kind": "clock_skew", "seconds": 2, "drift": 24})
    await clock.sleep(3600)
    assert view.now() - clock.now() == timedelta(seconds=3)


async def test_a_clock_is_mended_in_time(board: FaultBoard, clock: Clock) -> None:
    view = board.clock_of("cpo")
    board.add({"kind": "clock_skew", "seconds": 2, "for": "10 s"})
    await clock.sleep(11)
    assert view.now() == clock.now()
    assert not board.skewed


@pytest.mark.real
async def test_it_follows_a_real_clock(board: FaultBoard, clock: Clock) -> None:
    view = board.clock_of("cpo")
    assert abs((view.now() - clock.now()).total_seconds()) < 1
    assert view.monotonic() <= clock.monotonic()
