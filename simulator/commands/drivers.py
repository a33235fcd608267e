"""What drivers do at stations that somebody's CSMS is tested with: come, charge, leave.

Rule: a driver uses the station's verbs and waits on its clock; whether the CSMS let it charge, and
took what was to be said of it, is read from the journal.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from simulator.commands.outcome import Outcomes
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal, Record
from simulator.mistakes import Exit
from simulator.scenario.steps_driver import why_refused
from simulator.station.config import StationError
from simulator.station.ev import Car, draw_car
from simulator.station.run import Station

# How long the CSMS may take, from the card to the transaction.
_PATIENCE_S = 60.0
_STARTS = frozenset({"StartTransaction", "TransactionEvent"})


@dataclass(frozen=True, slots=True)
class Habits:
    """What drivers do: `tap` a card, how full their cars are, how long they charge, how often one
    comes. None: chance decides, or it is not done.
    """

    plug: bool = False
    tap: str | None = None
    soc_percent: float | None = None
    charge_s: float | None = None
    every_s: float | None = None
    patience_s: float = 15.0  # with a CSMS that does not answer, at the end


class Drivers:
    """The drivers at some stations; `troubles` is what did not come out as it had to, in words."""

    def __init__(self, habits: Habits, clock: Clock, chance: Chance, journal: Journal) -> None:
        self._habits = habits
        self._clock = clock
        self._chance = chance.child("drivers")
        self._journal = journal
        self._outcomes = Outcomes()
        self.troubles: list[str] = []

    async def drive(self, stations: list[Station]) -> int:
        """Do it at all stations; returns the exit code, or never, as the habits are."""
        habits = self._habits
        if habits.every_s is not None:
            await asyncio.gather(*(self._come_and_go(s, habits.every_s) for s in stations))
        if not habits.plug:
            return await _for_ever()
        if habits.charge_s is None:
            await asyncio.gather(*(self._visit(s, 1, None) for s in stations))
            return await _for_ever()
        leave = self._journal.subscribe(self._outcomes.hear)
        try:
            exits = await asyncio.gather(*(self._once(s, habits.charge_s) for s in stations))
        finally:
            leave()
        return next((code for code in (Exit.FAILED, Exit.TIMEOUT) if code in exits), Exit.PASS)

    async def _once(self, station: Station, charge_s: float) -> Exit:
        """One visit, and what the CSMS made of it once it has been told all of it."""
        outcome = self._outcomes.watch(_actor(station))
        if (why := await self._visit(station, 1, charge_s)) is not None:
            self._complain(station, why)
            return Exit.FAILED
        until_s = self._clock.monotonic() + self._habits.patience_s
        while (waiting := station.snapshot()["queued"]) and self._clock.monotonic() < until_s:
            await self._clock.sleep(0.1)
        if waiting:
            self._journal.event(_actor(station), "driver.untold", waiting=waiting)
            self._complain(station, f"{waiting} messages wait for a CSMS that does not take them")
            return Exit.TIMEOUT
        if not outcome.billed:
            self._journal.event(_actor(station), "driver.unbilled", ended=outcome.ended)
            self._complain(station, outcome.why)
            return Exit.FAILED
        return Exit.PASS

    def _complain(self, station: Station, why: str) -> None:
        self.troubles.append(f"{station.config.id}: {why}")

    async def _come_and_go(self, station: Station, every_s: float) -> None:
        chance = self._chance.child(station.config.id)
        evses = [evse.evse_id for evse in station.config.evses]

        async def at(evse_id: int) -> None:
            while True:
                await self._clock.sleep(chance.uniform(0.2, 1.8) * every_s)
                charge_s = self._habits.charge_s or chance.uniform(0.5, 1.5) * 1800.0
                await self._visit(station, evse_id, charge_s)

        await asyncio.gather(*(at(evse_id) for evse_id in evses))

    async def _visit(self, station: Station, evse_id: int, charge_s: float | None) -> str | None:
        """One driver: plug in, tap, charge, tap, leave. Why nothing came of it, if so."""
        since, uid = self._journal.seq, self._habits.tap
        try:
            await station.plug(evse_id, self._car(station, evse_id))
            why = None
            if uid is not None and not await station.tap(evse_id, uid):
                reason = why_refused(self._journal, station.config.id)
                why = f"the card {uid} was refused: {reason}"
            if charge_s is None:
                return why
            if why is None and not await self._began(station, since):
                why = f"no transaction began within {_PATIENCE_S:g} s"
            if why is None:
                await self._clock.sleep(charge_s)
                if uid is not None:
                    await station.tap(evse_id, uid)
            await station.unplug(evse_id)
        except StationError as error:
            self._journal.event(_actor(station), "driver.left", reason=str(error))
            return str(error)
        await self._clock.sleep(1.0)  # the last messages leave
        return why

    async def _began(self, station: Station, since: int) -> bool:
        actor = _actor(station)

        def starts(record: Record) -> bool:
            return (
                record["leg"] == "ocpp" and record["actor"] == actor and record["action"] in _STARTS
            )

        try:
            await self._journal.wait_for(starts, timeout_s=_PATIENCE_S, after=since)
        except TimeoutError:
            return False
        return True

    def _car(self, station: Station, evse_id: int) -> Car:
        power_type = station.config.evses[evse_id - 1].connectors[0].power_type
        car = draw_car(self._chance.child(station.config.id), needs_dc=power_type == "DC")
        if self._habits.soc_percent is not None:
            car.soc_percent = self._habits.soc_percent
        return car


def _actor(station: Station) -> str:
    return f"station/{station.config.id}"


async def _for_ever() -> int:
    await asyncio.Event().wait()
    return Exit.PASS
