"""How long a car waits, to the moment, on the world's clock."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from simulator.kernel.clock import Clock
from simulator.station.core import Message, Payload
from simulator.station.patience import Impatient, Patience
from simulator.wire.ocpp_rpc import CallTimeout, ErrorCode, LinkClosed, OcppError

QUESTION = Message("Authorize", {})


class Slow:
    """An uplink whose answer takes its time."""

    def __init__(self, clock: Clock, after_s: float, outcome: Payload | Exception) -> None:
        self.clock = clock
        self.after_s = after_s
        self.outcome = outcome

    async def call(self, message: Message, session: str | None) -> Payload:
        assert (message, session) == (QUESTION, "CP1-1-1")
        await self.clock.sleep(self.after_s)
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


async def ask(
    clock: Clock, after_s: float, outcome: Payload | Exception, *, stretched: bool = True
) -> tuple[Payload | Exception, float, list[tuple[str, float]]]:
    """What comes, after how long, and what was told when; all has ended then."""
    tasks: list[asyncio.Task[None]] = []
    told: list[tuple[str, float]] = []
    began_s = clock.monotonic()

    def spawn(work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        assert name == "Authorize"
        tasks.append(asyncio.get_running_loop().create_task(work))
        return tasks[-1]

    def tell(what: str, **data: Any) -> None:
        assert data["action"] == "Authorize"
        told.append((what, clock.monotonic() - began_s))

    uplink: Any = Slow(clock, after_s, outcome)
    came: Payload | Exception
    try:
        came = await Patience(uplink, clock, spawn).ask(
            QUESTION, "CP1-1-1", tell, stretched=stretched
        )
    except (Impatient, OcppError, CallTimeout, LinkClosed) as error:
        came = error
    took_s = clock.monotonic() - began_s
    await asyncio.gather(*tasks)
    return came, took_s, told


@pytest.mark.parametrize("after_s", [0.0, 4.9])
@pytest.mark.parametrize("stretched", [True, False])
async def test_a_quick_answer_is_not_commented(
    clock: Clock, after_s: float, stretched: bool
) -> None:
    assert await ask(clock, after_s, {"a": 1}, stretched=stretched) == ({"a": 1}, after_s, [])


@pytest.mark.parametrize("after_s", [5.1, 59.9])
async def test_the_station_stretches_the_authorization(clock: Clock, after_s: float) -> None:
    came, took_s, told = await ask(clock, after_s, {"a": 1})
    assert (came, told) == ({"a": 1}, [("pnc.waiting", 5.0)])
    assert took_s == pytest.approx(after_s)


@pytest.mark.parametrize(("stretched", "limit_s"), [(True, 60.0), (False, 5.0)])
async def test_what_comes_too_late_is_told_and_lost(
    clock: Clock, stretched: bool, limit_s: float
) -> None:
    came, took_s, told = await ask(clock, limit_s + 1, {"a": 1}, stretched=stretched)
    assert isinstance(came, Impatient)
    assert str(came) == f"no answer within {limit_s:g} s"
    assert took_s == limit_s
    waiting = [("pnc.waiting", 5.0)] if stretched else []
    assert told == [
        *waiting,
        ("pnc.timed_out", limit_s),
        ("pnc.answered_late", pytest.approx(limit_s + 1)),
    ]


@pytest.mark.parametrize(
    "error", [OcppError(ErrorCode.INTERNAL_ERROR, "x"), CallTimeout("x"), LinkClosed("x")], ids=repr
)
async def test_failures_are_passed_on(clock: Clock, error: Exception) -> None:
    assert await ask(clock, 1, error) == (error, 1.0, [])
    came, _, told = await ask(clock, 61, error)
    assert isinstance(came, Impatient)
    assert told == [("pnc.waiting", 5.0), ("pnc.timed_out", 60.0)]  # nothing came late
