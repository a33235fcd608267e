"""When a price may change: what a CPO needs to cut its charging periods.

Rule: `next_change` names every bound that a session can cross, whether or not the price changes
there; `priced_by` tells whether it does. Source: OCPI 2.2.1, mod_cdrs, CDR object, ChargingPeriod
(a new period whenever something happens that matters for the cost).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_CEILING, Decimal, localcontext
from typing import Any
from zoneinfo import ZoneInfo

from simulator.ocpi.tariff_lines import utc_text
from simulator.ocpi.tariff_match import MIDNIGHT, Moment, active, local_time
from simulator.ocpi.tariff_model import ENERGY, Restrictions, Tariff, read_tariff
from simulator.ocpi.tariff_parse import MONEY, Place, zone_of
from simulator.ocpi.tariff_session import Period, seconds_between

Range = tuple[Decimal | None, Decimal | None]
_SECOND = timedelta(seconds=1)
_NEVER = date(9000, 1, 1)
_MOST_BOUNDS = 200  # looked at in one period: a week of a dozen a day, and more


@dataclass(frozen=True, slots=True)
class State:
    """A session at a moment: `started_at` and `now` with time zone, kWh so far, power in kW and
    current in A (sum of phases) now, `reservation` as in Moment.
    """

    started_at: datetime
    now: datetime
    energy_kwh: Decimal = Decimal(0)
    power_kw: Decimal | None = None
    current_a: Decimal | None = None
    reservation: str | None = None


@dataclass(frozen=True, slots=True)
class NextChange:
    """The nearest bounds: `at` (UTC) on the clock or by duration, `energy_kwh` on the meter, with
    `energy_at`, when it is reached at the present power; `power_kw` and `current_a` as the ranges
    [low, high) that may not be left; None where there is no bound.
    """

    at: datetime | None
    energy_kwh: Decimal | None
    energy_at: datetime | None
    power_kw: Range
    current_a: Range

    @property
    def due(self) -> datetime | None:
        """The earlier of `at` and `energy_at`."""
        known = [one for one in (self.at, self.energy_at) if one is not None]
        return min(known, default=None)


def priced_by(
    tariff: Mapping[str, Any] | Tariff, state: State, *, time_zone: str = "UTC"
) -> dict[str, int]:
    """The index of the element that prices each dimension now; a dimension not in it is free."""
    zone = zone_of(time_zone)
    found = active(_read(tariff), _moment(state, zone))
    return {kind: found[kind].element for kind in sorted(found)}


def next_change(
    tariff: Mapping[str, Any] | Tariff, state: State, *, time_zone: str = "UTC"
) -> NextChange:
    """The next bounds of any restriction after this state; pure. A tariff that was read before
    (`read_tariff`) need not be read again.
    """
    zone = zone_of(time_zone)
    read = _read(tariff)
    wanted = [element.restrictions for element in read.elements]
    with localcontext(MONEY):
        energies = _bounds(wanted, "min_kwh", "max_kwh")
        energy = min((one for one in energies if one > state.energy_kwh), default=None)
        return NextChange(
            at=_next_moment(wanted, state, zone),
            energy_kwh=energy,
            energy_at=_reached_at(energy, state),
            power_kw=_range(_bounds(wanted, "min_power", "max_power"), state.power_kw),
            current_a=_range(_bounds(wanted, "min_current", "max_current"), state.current_a),
        )


def _read(tariff: Mapping[str, Any] | Tariff) -> Tariff:
    return tariff if isinstance(tariff, Tariff) else read_tariff(tariff, Place("tariff"))


def _moment(state: State, zone: ZoneInfo) -> Moment:
    return Moment(
        local=local_time(state.now, zone),
        duration_s=seconds_between(state.started_at, state.now),
        energy_kwh=state.energy_kwh,
        min_current=state.current_a,
        max_current=state.current_a,
        min_power=state.power_kw,
        max_power=state.power_kw,
        reservation=state.reservation,
    )


def _bounds(wanted: Iterable[Restrictions], *names: str) -> list[Decimal]:
    values = (getattr(one, name) for one in wanted for name in names)
    return sorted(value for value in values if value is not None)


def _range(bounds: list[Decimal], now: Decimal | None) -> Range:
    """Between which bounds a level is: minima are inclusive, maxima exclusive, so [low, high)."""
    if now is None:
        return (None, None)
    low = max((one for one in bounds if one <= now), default=None)
    return (low, min((one for one in bounds if one > now), default=None))


def _reached_at(energy_kwh: Decimal | None, state: State) -> datetime | None:
    """When the meter reaches an energy at the present power, up to the microsecond."""
    if energy_kwh is None or state.power_kw is None or state.power_kw <= 0:
        return None
    seconds = (energy_kwh - state.energy_kwh) * 3600 / state.power_kw
    if seconds > 10**9:  # thirty years: never
        return None
    micro = int((seconds * 1_000_000).to_integral_value(ROUND_CEILING))
    return state.now.astimezone(UTC) + timedelta(microseconds=micro)


def _next_moment(wanted: list[Restrictions], state: State, zone: ZoneInfo) -> datetime | None:
    """The first moment after now at which a clock, date, weekday or duration bound lies."""
    now = state.now.astimezone(UTC)
    found = [
        state.started_at.astimezone(UTC) + _delta(bound)
        for bound in _bounds(wanted, "min_duration", "max_duration")
        if bound < 10**9
    ]
    clocks = _clocks(wanted)
    if clocks:
        found += _clock_moments(clocks, now, zone)
    today = local_time(now, zone).date()
    found += [
        _to_utc(bound, MIDNIGHT, zone, 0)
        for one in wanted
        for bound in (one.start_date, one.end_date)
        if bound is not None and today <= bound < _NEVER
    ]
    return min((one for one in found if one > now), default=None)


def _clocks(wanted: Iterable[Restrictions]) -> set[time]:
    """The times of day at which anything begins or ends."""
    clocks: set[time] = set()
    for one in wanted:
        if one.start_time is not None or one.end_time is not None:
            # an open side ends or begins at midnight
            clocks |= {one.start_time or MIDNIGHT, one.end_time or MIDNIGHT}
        if one.weekdays is not None:
            clocks.add(MIDNIGHT)
    return clocks


def _clock_moments(clocks: set[time], now: datetime, zone: ZoneInfo) -> list[datetime]:
    """Those times today and in the next days, and a change of the clocks itself.

    When the clocks change, a time of day comes twice or not at all; so both readings count, and
    the change too.
    """
    today = local_time(now, zone).date()
    days = [today + timedelta(days=ahead) for ahead in (-1, 0, 1, 2)]
    found = [_to_utc(day, clock, zone, fold) for day in days for clock in clocks for fold in (0, 1)]
    shift = _clock_change(now, now + timedelta(days=2), zone)
    return found if shift is None else [*found, shift]


def _to_utc(day: date, clock: time, zone: ZoneInfo, fold: int) -> datetime:
    return datetime.combine(day, clock.replace(fold=fold), zone).astimezone(UTC)


def _clock_change(start: datetime, end: datetime, zone: ZoneInfo) -> datetime | None:
    """The second at which the zone's offset changes between two moments, if it does."""

    def offset(at: datetime) -> timedelta | None:
        return at.astimezone(zone).utcoffset()

    low, high = start.replace(microsecond=0), end
    if offset(low) == offset(high):
        return None
    while high - low > _SECOND:
        middle = low + ((high - low) // 2 // _SECOND or 1) * _SECOND
        low, high = (middle, high) if offset(middle) == offset(low) else (low, middle)
    return high.replace(microsecond=0)


def missed_cut(tariff: Tariff, now: Moment, period: Period, zone: ZoneInfo) -> str | None:
    """Where inside a period its price changes, in words, if it does: there the CPO owed a new one.

    `now` is the state at the period's start; energy is taken to flow evenly. Power and current are
    known as bounds of the whole period and not looked at.
    """
    with localcontext(MONEY):
        before = active(tariff, now)
        for at, energy_kwh, is_energy in _bounds_inside(tariff, now, period, zone):
            there = replace(
                now,
                local=local_time(at, zone),
                duration_s=now.duration_s + seconds_between(period.start, at),
                energy_kwh=energy_kwh,
            )
            if active(tariff, there) != before:
                return f"at {energy_kwh:f} kWh" if is_energy else f"at {utc_text(at)}"
    return None


def _bounds_inside(
    tariff: Tariff, now: Moment, period: Period, zone: ZoneInfo
) -> list[tuple[datetime, Decimal, bool]]:
    """The bounds that a period crosses, in order: when, at how many kWh, and whether by energy."""
    wanted = [element.restrictions for element in tariff.elements]
    volume = period.volumes.get(ENERGY, Decimal(0))
    lasts_s = seconds_between(period.start, period.end)
    found: list[tuple[datetime, Decimal, bool]] = []
    for bound in _bounds(wanted, "min_kwh", "max_kwh"):
        if now.energy_kwh < bound < now.energy_kwh + volume:
            after_s = lasts_s * (bound - now.energy_kwh) / volume
            found.append((period.start + _delta(after_s), bound, True))
    begun = period.start - _delta(now.duration_s)
    at = _next_moment(wanted, State(begun, period.start), zone)
    while at is not None and at < period.end and len(found) < _MOST_BOUNDS:
        share = seconds_between(period.start, at) / lasts_s
        found.append((at, now.energy_kwh + volume * share, False))
        at = _next_moment(wanted, State(begun, at), zone)
    return sorted(found)


def _delta(seconds: Decimal) -> timedelta:
    return timedelta(microseconds=int(seconds * 1_000_000))
