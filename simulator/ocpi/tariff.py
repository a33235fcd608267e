"""Pure pricing of a session by an OCPI 2.2.1 tariff; the CPO bills with it, a peer checks with it.

Rule: exact and without side effects; a period is priced by the state at its start (mod_cdrs,
ChargingPeriod: the CPO starts a new one whenever a price changes). docs/pricing.md lists what the
specification leaves open and what was decided.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from typing import Any
from zoneinfo import ZoneInfo

from simulator.ocpi.tariff_change import missed_cut
from simulator.ocpi.tariff_charge import ZERO, Charge, apply_steps, limit_lines, total_of
from simulator.ocpi.tariff_lines import Line, Price, Priced, plain, price_of
from simulator.ocpi.tariff_match import Active, Moment, active, local_time
from simulator.ocpi.tariff_model import (
    ENERGY,
    FLAT,
    PARKING_TIME,
    RESERVATION,
    RESERVATION_EXPIRES,
    TIME,
    Tariff,
    read_tariffs,
)
from simulator.ocpi.tariff_parse import MONEY, Place, TariffError, zone_of
from simulator.ocpi.tariff_session import (
    RESERVATION_TIME,
    Period,
    Session,
    read_session,
    seconds_between,
)

__all__ = ["Line", "Price", "Priced", "TariffError", "price"]

_CATEGORIES = {ENERGY: "energy", TIME: "time", PARKING_TIME: "parking"}
_HOUR = 3600


def price(
    tariff: Mapping[str, Any] | Sequence[Mapping[str, Any]] | Tariff,
    session: Mapping[str, Any],
    *,
    time_zone: str = "UTC",
    check: bool = False,
    explain: bool = True,
) -> Priced:
    """Price a CDR or Session.

    `tariff` is a Tariff (raw, or as `read_tariff` gives it), a list of them, or a mapping of them
    by id; with several, each period is priced by the one its `tariff_id` names. `time_zone` is the
    location's (IANA name): the clock of start_time, end_time, dates and weekdays. With `check` the
    notes also name periods inside which the price changes: the CPO owed a new one there. Without
    `explain` there are no lines, only totals: that takes half the time.
    Raises TariffError for what cannot be priced.
    """
    zone = zone_of(time_zone)
    with localcontext(MONEY):
        read = read_session(session)
        bill = _Bill(read, zone, _Chooser(read_tariffs(tariff), read), check, explain)
        for period, at_kwh in _with_energy(read.periods):
            bill.add(period, at_kwh)
        return bill.close()


def _with_energy(periods: Sequence[Period]) -> list[tuple[Period, Decimal]]:
    """Each period with the energy charged before it, in kWh."""
    result, total = [], ZERO
    for period in periods:
        result.append((period, total))
        total += period.volumes.get(ENERGY, ZERO)
    return result


class _Chooser:
    """Which tariff prices a period (mod_cdrs, ChargingPeriod.tariff_id)."""

    def __init__(self, tariffs: tuple[Tariff, ...], session: Session) -> None:
        self.tariffs = tariffs
        self.session = session
        self.notes: dict[str, None] = {}  # in order, each once
        self.named = any(period.tariff_id is not None for period in session.periods)
        currencies = {one.currency for one in tariffs if one.currency}
        if len(currencies) > 1:
            raise tariffs[0].place.error(
                f"tariffs of several currencies: {', '.join(sorted(currencies))}"
            )
        self.currency = next(iter(currencies), session.currency)
        if session.currency and self.currency != session.currency:
            self.note(f"The session is in {session.currency}, the tariff in {self.currency}.")
        for one in tariffs:
            for note in one.notes:
                self.note(note)

    def note(self, text: str) -> None:
        self.notes[text] = None

    def choose(self, period: Period) -> Tariff | None:
        """The tariff of a period; None where none is relevant."""
        if period.tariff_id is None and self.named:
            self.note(
                f"Period {period.index} names no tariff_id, others do: no tariff is relevant."
            )
            return None
        chosen = self._only(period) if len(self.tariffs) == 1 else self._one_of(period)
        if not chosen.is_valid_at(self.session.start):
            self.note(
                f"Tariff {chosen.id} was not valid at the session's start; priced all the same."
            )
        return chosen

    def _only(self, period: Period) -> Tariff:
        tariff = self.tariffs[0]
        if period.tariff_id is not None and not _same(period.tariff_id, tariff.id):
            self.note(f"The session was made by tariff {period.tariff_id}, not by {tariff.id}.")
        return tariff

    def _one_of(self, period: Period) -> Tariff:
        wanted = period.tariff_id
        found = [one for one in self.tariffs if wanted is None or _same(wanted, one.id)]
        if not found:
            known = ", ".join(one.id for one in self.tariffs)
            place = Place("session") / "charging_periods" / period.index / "tariff_id"
            raise place.error(f"no tariff '{wanted}' was given, only: {known}")
        valid = [one for one in found if one.is_valid_at(self.session.start)]
        return (valid or found)[0]


def _same(one: str, other: str) -> bool:
    """Ids are CiStrings: case does not count (types, CiString)."""
    return one.casefold() == other.casefold()


@dataclass
class _Bill:
    """The bill in the making, period by period."""

    session: Session
    zone: ZoneInfo
    chooser: _Chooser
    check: bool = False
    explain: bool = True
    charges: list[Charge] = field(default_factory=list)
    flat_categories: set[bool] = field(default_factory=set)  # FLAT billed for: reservation or not

    def add(self, period: Period, at_kwh: Decimal) -> None:
        """Price a period by the state at its start."""
        tariff = self.chooser.choose(period)
        if tariff is None:
            return
        if period.reserves:
            state = RESERVATION_EXPIRES if self.session.expired else RESERVATION
            self._reserve(period, tariff, self._active(period, tariff, ZERO, state))
        if period.charges:
            self._charge(period, tariff, self._active(period, tariff, at_kwh, None))

    def _active(
        self, period: Period, tariff: Tariff, at_kwh: Decimal, reservation: str | None
    ) -> Mapping[str, Active]:
        now = self._moment(period, at_kwh, reservation)
        missed = missed_cut(tariff, now, period, self.zone) if self.check else None
        if missed:
            self.chooser.note(
                f"Period {period.index} is priced by its start, but the price changes {missed}: "
                "the CPO should have started a new period there."
            )
        return active(tariff, now)

    def _moment(self, period: Period, at_kwh: Decimal, reservation: str | None) -> Moment:
        start = self.session.start if reservation else self.session.charging_start
        current = _levels(period, "CURRENT", None)
        power = _levels(period, "POWER", _average_power_kw(period))
        return Moment(
            local=local_time(period.start, self.zone),
            duration_s=max(seconds_between(start, period.start), ZERO),
            energy_kwh=at_kwh,
            min_current=current[0],
            max_current=current[1],
            min_power=power[0],
            max_power=power[1],
            reservation=reservation,
        )

    def _reserve(self, period: Period, tariff: Tariff, found: Mapping[str, Active]) -> None:
        self._flat(period, tariff, found, "reservation")
        one = found.get(TIME)
        volume = period.volumes[RESERVATION_TIME]
        if one is None:
            self._free(period, RESERVATION_TIME, volume)
        else:
            self._bill(period, tariff, one, RESERVATION_TIME, "reservation", volume)

    def _charge(self, period: Period, tariff: Tariff, found: Mapping[str, Active]) -> None:
        self._flat(period, tariff, found, _flat_category(period, found.get(FLAT), tariff))
        for kind, category in _CATEGORIES.items():
            volume = period.volumes.get(kind)
            if volume is None:
                continue
            one = found.get(kind)
            if one is None:
                self._free(period, kind, volume)
            else:
                base = volume * 1000 if kind == ENERGY else volume
                self._bill(period, tariff, one, kind, category, base)

    def _flat(
        self, period: Period, tariff: Tariff, found: Mapping[str, Active], category: str
    ) -> None:
        """Once per session, and once per reservation (mod_tariffs, example 16)."""
        reservation = category == "reservation"
        if FLAT in found and reservation not in self.flat_categories:
            self.flat_categories.add(reservation)
            self._bill(period, tariff, found[FLAT], FLAT, category, Decimal(1))

    def _bill(
        self,
        period: Period,
        tariff: Tariff,
        one: Active,
        dimension: str,
        category: str,
        volume: Decimal,
    ) -> None:
        self.charges.append(Charge(period, tariff, one, dimension, category, volume))

    def _free(self, period: Period, dimension: str, volume: Decimal) -> None:
        if volume:
            self.chooser.note(f"Period {period.index}: no element prices {dimension} here: free.")

    def close(self) -> Priced:
        """Apply step_size and the limits, and add up."""
        apply_steps(self.charges)
        costs = [charge.cost for charge in self.charges]
        lines = [charge.line() for charge in self.charges] if self.explain else []
        totals = []
        for tariff in self.chooser.tariffs:
            both = zip(self.charges, costs, strict=True)
            mine = [cost for charge, cost in both if charge.tariff is tariff]
            if mine or len(self.chooser.tariffs) == 1:
                total, limits = limit_lines(tariff, total_of(mine))
                totals.append(total)
                lines += limits
        total = total_of(totals)
        periods = self.session.periods
        energy = sum((one.volumes.get(ENERGY, ZERO) for one in periods), ZERO)
        parking = sum((one.volumes.get(PARKING_TIME, ZERO) for one in periods), ZERO)
        lasted = seconds_between(self.session.charging_start, self.session.end)
        by_category = self._by_category(costs)
        return Priced(
            currency=self.chooser.currency,
            total_cost=price_of(total.excl_vat, total.incl_vat),
            total_fixed_cost=by_category.get("fixed"),
            total_energy_cost=by_category.get("energy"),
            total_time_cost=by_category.get("time"),
            total_parking_cost=by_category.get("parking"),
            total_reservation_cost=by_category.get("reservation"),
            total_energy=plain(energy),
            total_time=plain(max(lasted, ZERO) / _HOUR),
            total_parking_time=plain(parking / _HOUR),
            lines=tuple(lines),
            notes=tuple(self.chooser.notes),
        )

    def _by_category(self, costs: Sequence[Price]) -> dict[str, Price]:
        found: dict[str, list[Price]] = {}
        for charge, cost in zip(self.charges, costs, strict=True):
            found.setdefault(charge.category, []).append(cost)
        totals = {category: total_of(mine) for category, mine in found.items()}
        return {name: price_of(one.excl_vat, one.incl_vat) for name, one in totals.items()}


def _flat_category(period: Period, flat: Active | None, tariff: Tariff) -> str:
    """`parking` for a fee that stands with a parking price alone and begins while parking, so that
    total_parking_cost includes its fixed components (mod_cdrs, CDR); else `fixed`.
    """
    if flat is None:
        return "fixed"
    kinds = tariff.elements[flat.element].components
    with_parking = PARKING_TIME in kinds and TIME not in kinds and ENERGY not in kinds
    return "parking" if with_parking and _only_parks(period) else "fixed"


def _only_parks(period: Period) -> bool:
    volumes = period.volumes
    charging = volumes.get(TIME, ZERO) > 0 or volumes.get(ENERGY, ZERO) > 0
    return volumes.get(PARKING_TIME, ZERO) > 0 and not charging


def _average_power_kw(period: Period) -> Decimal | None:
    """Energy over charging time, where a period names both or its own duration serves."""
    energy = period.volumes.get(ENERGY)
    seconds = period.volumes.get(TIME) or seconds_between(period.start, period.end)
    return energy * _HOUR / seconds if energy and seconds > 0 else None


def _levels(
    period: Period, kind: str, average: Decimal | None
) -> tuple[Decimal | None, Decimal | None]:
    """The lowest and highest current or power known of a period; none flows while parking."""
    given = period.levels
    mean, low, high = given.get(kind), given.get(f"MIN_{kind}"), given.get(f"MAX_{kind}")
    if mean is None and low is None and high is None:
        mean = ZERO if average is None and _only_parks(period) else average
    known = mean if mean is not None else (high if low is None else low)
    return (known if low is None else low), (known if high is None else high)
