"""What a session's meter counted: a register that may err, settled by its start and stop. Pure.

Rule: the energy of a transaction is its stop register less its start register, whatever was sampled
in between (OCPP 1.6 edition 2, 4.8 and 4.10; 2.0.1, contexts Transaction.Begin and
Transaction.End). Until it stops, the highest credible register counts: a drop neither bills nor
moves the base, unless a lower register goes on counting, as that of a new meter does.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from operator import itemgetter

from simulator.cpo.periods import ZERO, Dimension, Metering
from simulator.cpo.readings import Reading
from simulator.kernel.clock import rfc3339

Turn = tuple[datetime, Dimension]

# No connector for cars gives more, and what is configured may be too low.
_MOST_KW, _LEAST_KW = Decimal(1000), Decimal(50)
# Credible is twice what the connector gives: between two readings in their time and a quarter of an
# hour, from start to stop in its time and half a day, for clocks go wrong by more than samples do.
_MARGIN = 2
_BETWEEN_READINGS = timedelta(minutes=15)
_FROM_START_TO_STOP = timedelta(hours=12)
# So many readings below the start that still count up are a new meter; fewer where the stop is one.
_NEW_METER, _NEW_METER_AT_STOP = 3, 2


class Tally:
    """The energy of one session. `max_power_w` is the connector's, if it is known.

    `odd` tells what was not believed; `untidy` is True once readings were late or not believed, so
    that what was metered as they came is not where they belong.
    """

    def __init__(self, max_power_w: int | None = None) -> None:
        known_kw = _MOST_KW if max_power_w is None else Decimal(max_power_w) / 1000
        self._max_kw = max(known_kw, _LEAST_KW)
        self.readings: list[Reading] = []  # in the order of their moments
        self.odd: list[str] = []
        self.untidy = False
        self._begin_kwh: Decimal | None = None  # as Transaction.Begin or meterStart
        self._start_kwh: Decimal | None = None  # as the first register
        self._high_kwh: Decimal | None = None
        self._high_at: datetime | None = None
        self._lower_kwh: list[Decimal] = []
        self._intervals_kwh = ZERO

    # While it charges

    def take(self, reading: Reading, *, last: bool = False) -> Decimal | None:
        """The energy (kWh) that a reading adds; None if a later one was taken before."""
        self.odd.extend(reading.odd)
        if self._begin_kwh is None:
            self._begin_kwh = reading.begin_kwh
        place = bisect_right(self.readings, reading.at, key=_moment)
        told = place > 0 and self.readings[place - 1].at == reading.at
        if place < len(self.readings):
            if not told:
                self.readings.insert(place, reading)
                self.untidy = True
            return None
        self.readings.append(reading)
        if reading.register_kwh is not None:
            return self._count(reading.at, reading.register_kwh, last)
        if self._high_kwh is not None or told or reading.interval_kwh is None:
            return ZERO
        self._intervals_kwh += reading.interval_kwh
        return reading.interval_kwh

    def _count(self, at: datetime, register: Decimal, last: bool) -> Decimal:
        if self._high_kwh is None or self._high_at is None:
            self._start_kwh = register - self._intervals_kwh
            self._high_kwh, self._high_at = register, at
            return ZERO
        if register < self._high_kwh:
            return self._fallen(at, register, last)
        more = register - self._high_kwh
        if more > self._most_kwh(at - self._high_at + _BETWEEN_READINGS):
            self._disbelieve(f"meter jumped from {self._high_kwh} to {register} kWh", at)
            return ZERO
        self._high_kwh, self._high_at = register, at
        self._lower_kwh.clear()
        return more

    def _fallen(self, at: datetime, register: Decimal, last: bool) -> Decimal:
        """A register below the highest: a fault, unless a new meter goes on counting there."""
        assert self._high_at is not None
        if not self._lower_kwh:
            self._disbelieve(f"meter went back from {self._high_kwh} to {register} kWh", at)
        if self._lower_kwh and register < self._lower_kwh[-1]:
            self._lower_kwh.clear()
        self._lower_kwh.append(register)
        more = register - self._lower_kwh[0]
        needed = _NEW_METER_AT_STOP if last else _NEW_METER
        new = len(self._lower_kwh) >= needed and self._start() > register and more > 0
        if not new or more > self._most_kwh(at - self._high_at + _BETWEEN_READINGS):
            return ZERO
        self.odd.append(f"a new meter counts from {self._lower_kwh[0]} kWh")
        self._high_kwh, self._high_at = register, at
        self._lower_kwh.clear()
        return more

    # At its end

    def counts_to(self, stop_kwh: Decimal, *, begun: bool) -> bool:
        """True if energy flowed. `begun`: the first register is the transaction's, if unmarked."""
        known = self._start_kwh is not None and (begun or self._begin_kwh is not None)
        return known and stop_kwh > self._start()

    def total_kwh(self, stop_kwh: Decimal | None, lasted: timedelta) -> Decimal | None:
        """Stop less start; None where the meter does not tell both, or nothing credible."""
        if stop_kwh is None or self._start_kwh is None:
            return None
        total = stop_kwh - self._start()
        if total < 0:
            self.odd.append(f"meter stopped at {stop_kwh}, started at {self._start()} kWh")
            return None
        if total > self._most_kwh(lasted + _FROM_START_TO_STOP):
            self.odd.append(f"{total} kWh are more than the connector gives")
            return None
        return total

    def spread(
        self, metering: Metering, turns: Iterable[Turn], end: datetime, total_kwh: Decimal
    ) -> None:
        """Lay the total into a metering that has just begun, along the readings that agree."""
        start = last = self._start()
        stop, ahead = start + total_kwh, deque(sorted(turns, key=itemgetter(0)))
        registers = [
            (number, reading.register_kwh)
            for number, reading in enumerate(self.readings)
            if reading.register_kwh is not None and start <= reading.register_kwh <= stop
        ]
        agreed = dict(registers[i] for i in rising([register for _, register in registers]))
        for number, reading in enumerate(self.readings):
            at = min(reading.at, end)
            while ahead and ahead[0][0] <= at:
                metering.turn(*ahead.popleft())
            register = agreed.get(number, last)
            if reading.at < metering.start:
                metering.read(at, register - last)
            else:
                metering.read(at, register - last, reading.power_kw, reading.current_a)
            last = register
        for turn in ahead:
            metering.turn(*turn)
        metering.read(end, stop - last)
        metering.end(end)

    # Inside

    def _start(self) -> Decimal:
        start = self._start_kwh if self._begin_kwh is None else self._begin_kwh
        assert start is not None
        return start

    def _most_kwh(self, time: timedelta) -> Decimal:
        hours = Decimal(max(time, timedelta(0)) / timedelta(hours=1))
        return self._max_kw * hours * _MARGIN

    def _disbelieve(self, what: str, at: datetime) -> None:
        self.odd.append(f"{what} at {rfc3339(at)}")
        self.untidy = True


def stop_of(readings: Sequence[Reading]) -> Decimal | None:
    """The stop register (kWh) among the readings that came with the end, oldest first."""
    marked = [reading.end_kwh for reading in readings if reading.end_kwh is not None]
    told = [reading.register_kwh for reading in readings if reading.register_kwh is not None]
    return next(reversed(marked or told), None)


def rising(values: Sequence[Decimal]) -> list[int]:
    """The indices of a longest part of the values that never falls, in order."""
    tails: list[Decimal] = []  # the lowest value in which a part of that length ends so far,
    ends: list[int] = []  # and where
    before: list[int] = []
    for index, value in enumerate(values):
        length = bisect_right(tails, value)
        before.append(ends[length - 1] if length else -1)
        tails[length : length + 1] = [value]
        ends[length : length + 1] = [index]
    chain: list[int] = []
    index = ends[-1] if ends else -1
    while index >= 0:
        chain.append(index)
        index = before[index]
    return chain[::-1]


def _moment(reading: Reading) -> datetime:
    return reading.at
