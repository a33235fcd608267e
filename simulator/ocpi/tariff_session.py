"""A CDR or Session, read once into periods with exact volumes.

Rule: a volume is billed as its dimension says; timestamps place it in time. Both the CDR and the
Session of 2.2.1 are read, and those of 2.1.1. Source: OCPI 2.2.1, mod_cdrs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Final

from simulator.ocpi.tariff_model import ENERGY, PARKING_TIME, RESERVATION, TIME
from simulator.ocpi.tariff_parse import Place, items, mapping, moment, number, text

RESERVATION_TIME: Final = "RESERVATION_TIME"
TIMES: Final = (TIME, PARKING_TIME, RESERVATION_TIME)
VOLUMES: Final = (ENERGY, *TIMES)
LEVELS: Final = ("CURRENT", "MIN_CURRENT", "MAX_CURRENT", "POWER", "MIN_POWER", "MAX_POWER")
STARTS: Final = ("start_date_time", "start_datetime")
ENDS: Final = ("end_date_time", "stop_date_time", "end_datetime")

_HOUR = Decimal(3600)
_ENERGY_NOISE = Decimal("1E-9")  # a microwatt-hour in kWh: below it stands only binary noise


@dataclass(frozen=True, slots=True)
class Period:
    """A Charging Period: `volumes` in kWh and seconds, `levels` in A and kW, times in UTC."""

    index: int
    start: datetime
    end: datetime
    volumes: Mapping[str, Decimal]
    levels: Mapping[str, Decimal]
    tariff_id: str | None

    @property
    def reserves(self) -> bool:
        """True where it holds reservation time, or names it and nothing else."""
        if RESERVATION_TIME not in self.volumes:
            return False
        return self.volumes[RESERVATION_TIME] > 0 or not self._has_session_volume

    @property
    def charges(self) -> bool:
        """True where it belongs to the charging session (charging or parking)."""
        return RESERVATION_TIME not in self.volumes or self._has_session_volume

    @property
    def _has_session_volume(self) -> bool:
        return any(self.volumes.get(kind, 0) > 0 for kind in (ENERGY, TIME, PARKING_TIME))


@dataclass(frozen=True, slots=True)
class Session:
    """What is priced: periods in order of time; `expired` where a reservation was never used."""

    start: datetime
    end: datetime
    periods: tuple[Period, ...]
    currency: str | None
    expired: bool

    @property
    def charging_start(self) -> datetime:
        """When the charging session began: after the reservation, where there was one."""
        if not any(period.reserves for period in self.periods):
            return self.start
        return next((period.start for period in self.periods if period.charges), self.end)


def read_session(value: object) -> Session:
    """Read a CDR or a Session; one without end ends with its last period's volumes."""
    place = Place("session")
    session = mapping(value, place)
    start = _moment_of(session, STARTS, place)
    if start is None:
        raise (place / STARTS[0]).error("required")
    end = _moment_of(session, ENDS, place)
    if end is not None and end < start:
        raise (place / _present(session, ENDS)).error("the end is before start_date_time")
    raw = _raw_periods(session, place, start)
    last = raw[-1][0] if raw else start
    if end is None:
        end = _volume_end(raw, start)
    elif last > end:
        raise (place / "charging_periods" / raw[-1][1]).error("starts after the session's end")
    periods = _periods(raw, start, end, place)
    currency = session.get("currency")
    return Session(
        start=start,
        end=end,
        periods=periods,
        currency=None if currency is None else text(currency, place / "currency"),
        expired=session.get("status") != RESERVATION
        and not any(period.charges for period in periods),
    )


def _present(session: Mapping[str, Any], names: tuple[str, ...]) -> str:
    return next((name for name in names if session.get(name) is not None), names[0])


def _moment_of(session: Mapping[str, Any], names: tuple[str, ...], place: Place) -> datetime | None:
    name = _present(session, names)
    value = session.get(name)
    return None if value is None else moment(value, place / name)


_Raw = tuple[datetime, int, Mapping[str, Decimal], Mapping[str, Decimal], str | None]


def _raw_periods(session: Mapping[str, Any], place: Place, start: datetime) -> list[_Raw]:
    """The periods as written, in order of time. A Session may leave the list out, a CDR not."""
    at = place / "charging_periods"
    listed = session.get("charging_periods")
    if listed is None and "status" in session:
        listed = []
    if listed is None:
        raise at.error("required")
    raw = [_raw_period(one, index, at / index) for index, one in enumerate(items(listed, at))]
    raw.sort(key=lambda one: one[0])
    return raw or [(start, 0, {}, {}, None)]


def _raw_period(value: object, index: int, place: Place) -> _Raw:
    period = mapping(value, place)
    volumes: dict[str, Decimal] = {}
    levels: dict[str, Decimal] = {}
    at = place / "dimensions"
    for position, one in enumerate(items(period.get("dimensions", []), at)):
        dimension = mapping(one, at / position)
        kind = text(dimension.get("type"), at / position / "type")
        volume = dimension.get("volume")
        if kind in VOLUMES:
            found = number(volume, at / position / "volume", minimum=0)
            volumes[kind] = volumes.get(kind, Decimal(0)) + found
        elif kind in LEVELS:
            levels[kind] = number(volume, at / position / "volume")
    tariff_id = period.get("tariff_id")
    return (
        moment(period.get("start_date_time"), place / "start_date_time"),
        index,
        volumes,
        levels,
        None if tariff_id is None else text(tariff_id, place / "tariff_id"),
    )


def _volume_end(raw: list[_Raw], start: datetime) -> datetime:
    """The end of a session that is still running: the last period lasts as long as its volumes."""
    begun, _, volumes, _, _ = raw[-1]
    hours = sum((volumes.get(kind, Decimal(0)) for kind in TIMES), Decimal(0))
    last = begun + timedelta(seconds=min(int(hours * _HOUR), 10**9))
    return max(last, start)


def _periods(raw: list[_Raw], start: datetime, end: datetime, place: Place) -> tuple[Period, ...]:
    """The periods with an end each: the next one's start (mod_cdrs, ChargingPeriod)."""
    periods = []
    for place_in, (begun, index, volumes, levels, tariff_id) in enumerate(raw):
        over = raw[place_in + 1][0] if place_in + 1 < len(raw) else end
        exact = _exact(volumes, seconds_between(begun, over))
        periods.append(Period(index, begun, max(over, begun), exact, levels, tariff_id))
    return tuple(periods)


def seconds_between(start: datetime, end: datetime) -> Decimal:
    """Elapsed seconds, exact to the microsecond; real time, whatever the local clock did."""
    return Decimal((end - start) // timedelta(microseconds=1)) / 1_000_000


def _exact(volumes: Mapping[str, Decimal], elapsed_s: Decimal) -> dict[str, Decimal]:
    """Volumes in kWh and seconds, freed of what rounding to decimals did to them."""
    times = [kind for kind in TIMES if volumes.get(kind)]
    only = elapsed_s if len(times) == 1 else None
    exact: dict[str, Decimal] = {}
    for kind, volume in volumes.items():
        if kind == ENERGY:
            exact[kind] = volume
            if int(volume.as_tuple().exponent) < _ENERGY_NOISE.adjusted():
                exact[kind] = volume.quantize(_ENERGY_NOISE, rounding=ROUND_HALF_EVEN)
        else:
            exact[kind] = exact_seconds(volume, only)
    return exact


def exact_seconds(hours: Decimal, elapsed_s: Decimal | None) -> Decimal:
    """Seconds of a volume in hours that was rounded to its decimals.

    An OCPI number has four decimals (types, number), so ten minutes come as 0.1667, which is 600.12
    s and would cost a step_size of 600 twice. The period's elapsed time is taken where it is the
    volume to within its last decimal (of three or more); else the nearest whole second within half
    of its last decimal (of four or more); else the volume as it is.
    """
    seconds = hours * _HOUR
    hours = hours.normalize()
    decimals = -int(hours.as_tuple().exponent)
    last_decimal_s = max(_HOUR.scaleb(-decimals), Decimal("2E-6"))
    if elapsed_s is not None and decimals >= 3 and abs(seconds - elapsed_s) <= last_decimal_s:
        return elapsed_s
    nearest = seconds.to_integral_value(ROUND_HALF_EVEN)
    if decimals >= 4 and abs(seconds - nearest) <= last_decimal_s / 2:
        return nearest
    return seconds
