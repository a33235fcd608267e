"""Where a tariff may change its price during a session. Pure.

Rule: every border that a restriction draws counts, whether or not its element applies: a period too
many changes no price, one too few does (OCPI 2.2.1 mod_cdrs, ChargingPeriod). What was looked up
holds until it is passed, so that a reading of the meter costs a comparison.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from simulator.cpo.periods import ZERO, Cuts, NoCuts, Step
from simulator.ocpi.tariff_change import State, next_change
from simulator.ocpi.tariff_model import Tariff


def cuts_of(tariff: Mapping[str, Any] | Tariff | None, start: datetime, time_zone: str) -> Cuts:
    """The borders of a tariff in a session that began at `start`. Raises TariffError."""
    return NoCuts() if tariff is None else TariffCuts(tariff, start, time_zone)


class TariffCuts:
    """The borders of one tariff in one session."""

    def __init__(self, tariff: Mapping[str, Any] | Tariff, start: datetime, time_zone: str) -> None:
        self._tariff = tariff
        self._start = start
        self._time_zone = time_zone
        change = next_change(tariff, self._state(start, ZERO, ZERO, ZERO), time_zone=time_zone)
        self.by_power = change.power_kw != (None, None)
        self.by_current = change.current_a != (None, None)
        # The next border, and from where on it is the next.
        self._time_from, self._time = start, change.at
        self._kwh_from, self._kwh = ZERO, change.energy_kwh

    def next_time(self, after: datetime) -> datetime | None:
        """The first moment after this one at which another price may begin."""
        if not self._time_from <= after or (self._time is not None and after >= self._time):
            state = self._state(after, ZERO)
            self._time = next_change(self._tariff, state, time_zone=self._time_zone).at
            self._time_from = after
        return self._time

    def next_kwh(self, above: Decimal) -> Decimal | None:
        """The first energy of the session above this one at which another price may begin."""
        if not self._kwh_from <= above or (self._kwh is not None and above >= self._kwh):
            state = self._state(self._start, above)
            self._kwh = next_change(self._tariff, state, time_zone=self._time_zone).energy_kwh
            self._kwh_from = above
        return self._kwh

    def step(self, power_kw: Decimal | None, current_a: Decimal | None) -> Step:
        """The borders just below a reading: the same for readings that are priced alike."""
        if not (self.by_power or self.by_current):
            return (None, None)
        state = self._state(self._start, ZERO, power_kw, current_a)
        change = next_change(self._tariff, state, time_zone=self._time_zone)
        return (change.power_kw[0], change.current_a[0])

    def _state(
        self,
        now: datetime,
        energy_kwh: Decimal,
        power_kw: Decimal | None = None,
        current_a: Decimal | None = None,
    ) -> State:
        return State(self._start, now, energy_kwh, power_kw, current_a)
