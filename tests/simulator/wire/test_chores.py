"""Background tasks: kept, told of, ended."""

from __future__ import annotations

import asyncio

from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.wire.chores import Chores, tell


async def test_a_failure_is_recorded_with_its_place(clock: Clock, journal: Journal) -> None:
    async def fail() -> None:
        raise RuntimeError("no current")

    chores = Chores(journal, "cpo")
    chores.start(fail(), "measure")
    await clock.sleep(1)
    [record] = journal.records
    assert record["what"] == "ocpp.chore_failed"
    assert record["data"]["chore"] == "measure"
    assert record["data"]["error"].startswith("RuntimeError: no current (test_chores.py:")


async def test_stop_ends_what_runs_and_what_has_not_begun(clock: Clock, journal: Journal) -> None:
    ended: list[str] = []

    async def work(name: str) -> None:
        try:
            await clock.sleep(3600)
        finally:
            ended.append(name)

    chores = Chores(journal, "cpo")
    running = chores.start(work("first"), "first")
    await clock.sleep(1)
    waiting = chores.start(work("second"), "second")
    await chores.stop()
    assert running.cancelled()
    assert waiting.cancelled()
    assert ended == ["first"]
    assert list(journal.records) == []


async def test_a_chore_may_stop_its_own_owner(clock: Clock, journal: Journal) -> None:
    chores = Chores(journal, "cpo")
    task = chores.start(chores.stop(), "stop")
    await clock.sleep(1)
    assert task.done()
    assert not task.cancelled()


async def test_stopping_nothing_is_nothing(journal: Journal) -> None:
    await Chores(journal, "cpo").stop()
    assert list(journal.records) == []


def test_an_error_without_a_trace_is_told_without_a_place() -> None:
    assert tell(ValueError("x")) == "ValueError: x"
    assert tell(asyncio.CancelledError()) == "CancelledError: "
