"""Which price component is active at a moment: restrictions and the lookup per dimension.

Rule: a dimension is priced by the first element that names it and whose restrictions all match at
the moment; none matches: it is free. Source: OCPI 2.2.1, mod_tariffs, Tariff Object and
TariffRestrictions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

from simulator.ocpi.tariff_model import (
    RESERVATION,
    RESERVATION_EXPIRES,
    Component,
    Element,
    Restrictions,
    Tariff,
)

MIDNIGHT = time(0, 0)


@dataclass(frozen=True, slots=True)
class Moment:
    """The state of a session at a moment: local time, seconds since its start, kWh so far, and the
    bounds of current (A, sum of phases) and power (kW); None where unknown.

    `reservation` is None while charging or parking, else RESERVATION, or RESERVATION_EXPIRES for
    a reservation that nobody used.
    """

    local: datetime
    duration_s: Decimal
    energy_kwh: Decimal
    min_current: Decimal | None = None
    max_current: Decimal | None = None
    min_power: Decimal | None = None
    max_power: Decimal | None = None
    reservation: str | None = None


class Active(NamedTuple):
    """The component that prices a dimension, and the index of its element."""

    element: int
    component: Component


def local_time(at: datetime, zone: ZoneInfo) -> datetime:
    """A moment on the location's clock."""
    return at.astimezone(zone)


def active(tariff: Tariff, now: Moment) -> Mapping[str, Active]:
    """The active component of each dimension that has one."""
    found: dict[str, Active] = {}
    for index, element in _candidates(tariff, now.reservation):
        fresh = [kind for kind in element.components if kind not in found]
        if fresh and matches(element.restrictions, now):
            for kind in fresh:
                found[kind] = Active(index, element.components[kind])
    return found


def _candidates(tariff: Tariff, reservation: str | None) -> Iterable[tuple[int, Element]]:
    """The elements to look through, in order.

    Elements with a `reservation` restriction price reservations and nothing else does. An expired
    reservation is priced by RESERVATION_EXPIRES first, wherever it stands in the list, and by
    RESERVATION for what is left (mod_tariffs, ReservationRestrictionType, note; examples 17, 18).
    """
    numbered = list(enumerate(tariff.elements))
    if reservation != RESERVATION_EXPIRES:
        return [one for one in numbered if one[1].restrictions.reservation == reservation]
    return [
        one
        for wanted in (RESERVATION_EXPIRES, RESERVATION)
        for one in numbered
        if one[1].restrictions.reservation == wanted
    ]


def matches(wanted: Restrictions, now: Moment) -> bool:
    """True where all restrictions match (a logical AND); `reservation` is not looked at."""
    return (
        _clock_matches(wanted, now.local.time())
        and (wanted.start_date is None or now.local.date() >= wanted.start_date)
        and (wanted.end_date is None or now.local.date() < wanted.end_date)
        and (wanted.weekdays is None or now.local.weekday() in wanted.weekdays)
        and _within(wanted.min_kwh, now.energy_kwh, now.energy_kwh, wanted.max_kwh)
        and _within(wanted.min_duration, now.duration_s, now.duration_s, wanted.max_duration)
        and _within(wanted.min_current, now.min_current, now.max_current, wanted.max_current)
        and _within(wanted.min_power, now.min_power, now.max_power, wanted.max_power)
    )


def _within(
    at_least: Decimal | None, low: Decimal | None, high: Decimal | None, below: Decimal | None
) -> bool:
    """Minimum inclusive, maximum exclusive; what is unknown matches no restriction."""
    if at_least is not None and (low is None or low < at_least):
        return False
    return below is None or (high is not None and high < below)


def _clock_matches(wanted: Restrictions, now: time) -> bool:
    """start_time <= now < end_time, over midnight where the end is not after the start."""
    start = wanted.start_time or MIDNIGHT
    end = wanted.end_time
    if end is None or end == MIDNIGHT:  # to the end of the day
        return now >= start
    if start < end:
        return start <= now < end
    return now >= start or now < end
