"""A car's patience: questions to the CSMS while ISO 15118 lets a car wait.

Rule: a car waits 5 s for an answer, 60 s where the station may stretch it, both on the world's
clock (ISO 15118-2, message and ongoing timeouts). What comes later is told, and nobody acts upon
it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from simulator.kernel.clock import Clock
from simulator.station.core import Message, Payload
from simulator.station.uplink import Spawn, Uplink
from simulator.wire.ocpp_rpc import CallTimeout, LinkClosed, OcppError

CAR_WAITS_S = 5.0
CAR_WAITS_LONGEST_S = 60.0
Tell = Callable[..., None]  # what, and its data


class Impatient(Exception):
    """The car has waited for as long as it does."""


@dataclass(slots=True)
class _Call:
    """A question whose answer may come too late."""

    done: asyncio.Event = field(default_factory=asyncio.Event)
    answer: Payload | None = None
    error: Exception | None = None
    given_up: bool = False

    def result(self) -> Payload:
        """What came. Raises what came instead."""
        if self.answer is None:
            assert self.error is not None
            raise self.error
        return self.answer


class Patience:
    """Asks for the cars at one station."""

    __slots__ = ("_clock", "_spawn", "_uplink")

    def __init__(self, uplink: Uplink, clock: Clock, spawn: Spawn) -> None:
        self._uplink = uplink
        self._clock = clock
        self._spawn = spawn

    async def ask(
        self, message: Message, session: str | None, tell: Tell, *, stretched: bool
    ) -> Payload:
        """Ask the CSMS for a car. Raises Impatient, OcppError, CallTimeout, LinkClosed.

        `tell` records `pnc.waiting` when the answer must be stretched, `pnc.timed_out`, and
        `pnc.answered_late`.
        """
        call = _Call()
        self._spawn(self._run(call, message, session, tell), message.action)
        try:
            if not await self._clock.wait_event(call.done, CAR_WAITS_S):
                await self._wait_on(call, message.action, tell, stretched=stretched)
        finally:
            call.given_up = not call.done.is_set()
        return call.result()

    async def _wait_on(self, call: _Call, action: str, tell: Tell, *, stretched: bool) -> None:
        after_s = CAR_WAITS_S
        if stretched:
            tell("pnc.waiting", action=action, after_s=after_s, at_most_s=CAR_WAITS_LONGEST_S)
            after_s = CAR_WAITS_LONGEST_S
            if await self._clock.wait_event(call.done, CAR_WAITS_LONGEST_S - CAR_WAITS_S):
                return
        tell("pnc.timed_out", action=action, after_s=after_s)
        raise Impatient(f"no answer within {after_s:g} s")

    async def _run(self, call: _Call, message: Message, session: Any, tell: Tell) -> None:
        try:
            call.answer = await self._uplink.call(message, session)
        except (OcppError, CallTimeout, LinkClosed) as error:
            call.error = error
        call.done.set()
        if call.given_up and call.answer is not None:
            tell("pnc.answered_late", action=message.action)
