"""Requests to stations: every outcome has a word."""

from __future__ import annotations

import asyncio
from typing import Any

from ocpp.exceptions import NotImplementedError as NotImplementedHere
from ocpp.exceptions import SecurityError
from ocpp.routing import on
from ocpp.v16 import call_result

from simulator.cpo.calls import Start, Unlock
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from tests.simulator.cpo.stations import Station16, station16
from tests.simulator.cpo.world import running

START = Start(1, "CARD1", "CARD1", "RFID", 1)


class Odd(Station16):
    """Answers an unlock as told."""

    answer: Any = "Unlocked"

    @on("UnlockConnector")
    async def on_unlock(self, **payload: Any) -> Any:
        if isinstance(self.answer, Exception):
            raise self.answer
        if self.answer == "hang up":
            await self._connection.close()
            await asyncio.Event().wait()
        if self.answer == "sleep":
            await self.clock.sleep(3600)
        return call_result.UnlockConnector(status=self.answer)


async def test_every_outcome(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with running(clock, chance, journal, registered=False) as world:
        cases = [
            ("Unlocked", "ACCEPTED"),
            ("UnlockFailed", "FAILED"),
            ("NotSupported", "NOT_SUPPORTED"),
            (NotImplementedHere(description=""), "NOT_SUPPORTED"),
            (SecurityError(description=""), "FAILED"),
            ("Perhaps", "FAILED"),  # no such status: what came is invalid
            ("sleep", "TIMEOUT"),
            ("hang up", "FAILED"),
        ]
        for answer, expected in cases:
            async with station16(world.cpo, clock, kind=Odd) as station:
                await station.boot()
                station.answer = answer
                assert await world.cpo.ask_station("CP16", Unlock(1, 1)) == expected, answer
        assert await world.cpo.ask_station("CP16", Unlock(1, 1)) == "FAILED"  # nobody is there
        told = [r["data"]["result"] for r in world.events("station.asked")]
        assert told == [expected for _, expected in cases] + ["FAILED"]


async def test_the_answer_itself(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with (
        running(clock, chance, journal, registered=False) as world,
        station16(world.cpo, clock) as station,
    ):
        await station.boot()
        answer = await world.cpo.ask_station_for("CP16", Unlock(1, 1))
        assert answer == {"status": "UnlockFailed"}
        assert await world.cpo.ask_station_for("CP201", Unlock(1, 1)) == {}


async def test_what_stands_in_the_way_of_a_start(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world, station16(world.cpo, clock) as station:
        obstacle = world.cpo._dispatcher.obstacle
        await station.boot()
        assert obstacle(START, "CP16") is None
        await station.status("Faulted")
        assert obstacle(START, "CP16") == "EVSE_INOPERATIVE"
        await station.status("Unavailable")
        assert obstacle(START, "CP16") == "EVSE_INOPERATIVE"
        await station.status("Charging")
        begun = await station.begin()
        assert obstacle(START, "CP16") == "EVSE_OCCUPIED"
        await station.end(begun.transaction_id, 1000)
        assert obstacle(START, "CP16") is None
        assert obstacle(Start(9, "C", "C", "RFID", 1), "CP16") == "EVSE_INOPERATIVE"
