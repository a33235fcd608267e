"""Several things at a time, in processes of their own."""

from __future__ import annotations

import os
import time
from contextlib import closing
from multiprocessing import active_children

import pytest

from simulator.commands.workers import spread

pytestmark = pytest.mark.real


def twice(number: int) -> tuple[int, int]:
    if number == 3:
        raise ValueError("three")
    return 2 * number, os.getpid()


def slow(number: int) -> int:
    time.sleep(0 if number == 0 else 60)  # noqa: TID251 - a process of its own has no world
    return number


def test_results_come_in_order_from_other_processes() -> None:
    with closing(spread(twice, [1, 2, 4, 5], 2)) as futures:
        results = [future.result() for future in futures]
    assert [doubled for doubled, _ in results] == [2, 4, 8, 10]
    assert os.getpid() not in {pid for _, pid in results}


def test_one_at_a_time_stays_here() -> None:
    assert [future.result() for future in spread(twice, [1, 2], 1)] == [
        (2, os.getpid()),
        (4, os.getpid()),
    ]


def test_what_work_raises_is_the_futures() -> None:
    with closing(spread(twice, [1, 3], 2)) as futures:
        first, second = list(futures)
    assert first.result()[0] == 2
    with pytest.raises(ValueError, match="three"):
        second.result()


def test_ended_early_it_leaves_no_process() -> None:
    before = active_children()
    with closing(spread(slow, [0, 1, 2, 3], 2)) as futures:
        assert next(futures).result() == 0
    assert [process for process in active_children() if process not in before] == []
