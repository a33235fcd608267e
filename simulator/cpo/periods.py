"""Charging periods: time and energy of a session, cut wherever the price may change. Pure.

Rule: a new period begins at every price-relevant moment (OCPI 2.2.1 mod_cdrs, ChargingPeriod), and
the periods add up exactly to the totals: moments and meter are rounded where they are cut, never
the differences. Energy between two readings flows evenly while the car asks for power and not
while it does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal, Protocol

Dimension = Literal["TIME", "PARKING_TIME"]
Step = tuple[Decimal | None, Decimal | None]
ZERO = Decimal(0)
_FOUR_PLACES = Decimal("0.0001")  # OCPI 2.2.1 types, number
_SECONDS_PER_HOUR = 3600


class Cuts(Protocol):
    """Where a tariff may change its price in one session; `by_power` if power is priced at all."""

    by_power: bool
    by_current: bool

    def next_time(self, after: datetime) -> datetime | None:
        """The first moment after this one at which another price may begin."""

    def next_kwh(self, above: Decimal) -> Decimal | None:
        """The first energy of the session above this one at which another price may begin."""

    def step(self, power_kw: Decimal | None, current_a: Decimal | None) -> Step:
        """The same for readings whose power and current are priced alike."""


class NoCuts:
    """A session without a tariff: nothing changes its price."""

    by_power = False
    by_current = False

    def next_time(self, after: datetime) -> datetime | None:
        """None: no time is another price's."""
        return None

    def next_kwh(self, above: Decimal) -> Decimal | None:
        """None: no energy is another price's."""
        return None

    def step(self, power_kw: Decimal | None, current_a: Decimal | None) -> Step:
        """Always the same."""
        return (None, None)


@dataclass(frozen=True, slots=True)
class Period:
    """One kind of time from `start` to `end`, and the energy that flowed in it."""

    start: datetime
    end: datetime
    dimension: Dimension
    kwh: Decimal
    hours: Decimal
    levels: Mapping[str, Decimal]

    def to_ocpi(self, start_date_time: str, tariff_id: str | None) -> dict[str, Any]:
        """An OCPI ChargingPeriod; every dimension is there, also where its volume is 0."""
        dimensions: list[dict[str, Any]] = [
            {"type": self.dimension, "volume": self.hours},
            {"type": "ENERGY", "volume": self.kwh},
        ]
        dimensions += [{"type": kind, "volume": level} for kind, level in self.levels.items()]
        period: dict[str, Any] = {"start_date_time": start_date_time, "dimensions": dimensions}
        if tariff_id is not None:
            period["tariff_id"] = tariff_id
        return period


@dataclass(frozen=True, slots=True)
class _Span:
    """Time of one kind between two readings."""

    start: datetime
    end: datetime
    dimension: Dimension

    @property
    def length_s(self) -> float:
        return (self.end - self.start).total_seconds()


@dataclass(slots=True)
class Metering:
    """The time and energy of one session, so far."""

    start: datetime
    cuts: Cuts
    dimension: Dimension = "TIME"
    kwh: Decimal = ZERO
    closed: list[Period] = field(default_factory=list)
    # The open period: when it began, and the energy then.
    _since: datetime = field(init=False)
    _kwh_since: Decimal = ZERO
    # The last reading of the meter: when it was, and the turns to another kind of time after it.
    read_at: datetime = field(init=False)
    _turns: list[tuple[datetime, Dimension]] = field(default_factory=list)
    _kind: Dimension = "TIME"
    # MIN_ and MAX_ POWER and CURRENT of the open period, where they are priced.
    _levels: dict[str, Decimal] = field(default_factory=dict)
    _step: Step | None = None

    def __post_init__(self) -> None:
        self._since = self.read_at = self.start
        self._kind = self.dimension

    def turn(self, at: datetime, dimension: Dimension) -> None:
        """From `at` on the time is of this kind."""
        if dimension != self.dimension:
            last = self._turns[-1][0] if self._turns else self.read_at
            self._turns.append((max(at, last), dimension))
            self.dimension = dimension

    def read(
        self,
        at: datetime,
        more_kwh: Decimal,
        power_kw: Decimal | None = None,
        current_a: Decimal | None = None,
    ) -> None:
        """The meter tells that so much energy has flowed since it last told. Goes only forward."""
        at = max(at, self.read_at)
        self._settle(at, more_kwh)
        if power_kw is None and current_a is None:
            return
        step = self.cuts.step(power_kw, current_a)
        if self._step not in (None, step):
            self._cut(at, self.kwh)
        self._step = step
        if self.cuts.by_power and power_kw is not None:
            self._note("POWER", power_kw)
        if self.cuts.by_current and current_a is not None:
            self._note("CURRENT", current_a)

    def end(self, at: datetime) -> None:
        """The session is over; `read_at` is its end from now on."""
        self._settle(max(at, self.read_at), ZERO)
        self._cut(self.read_at, self.kwh)
        if not self.closed:  # it ended as it began
            self.closed.append(self._period(self.read_at, self.kwh))

    def open_period(self) -> Period:
        """The period that is not closed yet, as far as the meter has told."""
        return self._period(self.read_at, self.kwh)

    def _settle(self, at: datetime, more_kwh: Decimal) -> None:
        """Spread the energy over the time since the last reading, and cut where a price changes."""
        spans = self._spans(at)
        lasting = [span for span in spans if span.length_s > 0] or spans[-1:]
        flowing = [span for span in lasting if span.dimension == "TIME"] or lasting
        flowing_s = sum(span.length_s for span in flowing)
        energy, end_energy = self.kwh, self.kwh + more_kwh
        for span in spans:
            if span.dimension != self._kind:
                self._cut(span.start, energy)
                self._kind = span.dimension
            upto = energy
            if span is flowing[-1]:
                upto = end_energy
            elif span.length_s > 0 and span in flowing:
                upto += more_kwh * Decimal(span.length_s) / Decimal(flowing_s)
            self._cross(span, energy, upto)
            energy = upto
        self.kwh = end_energy
        self.read_at = at
        self._turns = [turn for turn in self._turns if turn[0] > at]

    def _spans(self, at: datetime) -> list[_Span]:
        """The time since the last reading, in stretches of one kind."""
        marks = [(self.read_at, self._kind), *(turn for turn in self._turns if turn[0] <= at)]
        ends = [moment for moment, _ in marks[1:]] + [at]
        return [_Span(start, end, kind) for (start, kind), end in zip(marks, ends, strict=True)]

    def _cross(self, span: _Span, low: Decimal, high: Decimal) -> None:
        """Cut where, within one stretch, the clock or the meter passes a border of the tariff."""
        borders: list[tuple[datetime, Decimal]] = []
        moment = self.cuts.next_time(span.start)
        while moment is not None and moment <= span.end:
            passed = (moment - span.start) / (span.end - span.start)
            borders.append((moment, low + (high - low) * Decimal(passed)))
            moment = self.cuts.next_time(moment)
        kwh = self.cuts.next_kwh(low)
        while kwh is not None and kwh <= high:
            passed_s = span.length_s * float((kwh - low) / (high - low))
            borders.append((span.start + timedelta(milliseconds=round(passed_s * 1000)), kwh))
            kwh = self.cuts.next_kwh(kwh)
        for moment, energy in sorted(borders):
            self._cut(moment, energy)

    def _note(self, what: str, value: Decimal) -> None:
        low, high = f"MIN_{what}", f"MAX_{what}"
        self._levels[low] = min(self._levels.get(low, value), value)
        self._levels[high] = max(self._levels.get(high, value), value)

    def _cut(self, at: datetime, kwh: Decimal) -> None:
        """Close the open period; one with nothing in it is not written."""
        period = self._period(at, kwh)
        if period.hours or period.kwh:
            self.closed.append(period)
        self._levels = {}
        self._since, self._kwh_since = at, kwh

    def _period(self, at: datetime, kwh: Decimal) -> Period:
        return Period(
            self._since,
            at,
            self._kind,
            four_places(kwh) - four_places(self._kwh_since),
            hours_between(self.start, at) - hours_between(self.start, self._since),
            self._levels,
        )


def four_places(number: Decimal) -> Decimal:
    """Round to OCPI's four decimals, half up."""
    return number.quantize(_FOUR_PLACES, ROUND_HALF_UP)


def hours_between(start: datetime, end: datetime) -> Decimal:
    """Hours from one moment to another, four decimals."""
    return four_places(Decimal((end - start) / timedelta(hours=1)))
