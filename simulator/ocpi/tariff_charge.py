"""Charges: what each active component bills in each period, step_size, and the price limits.

Rule: volumes are in base units (Wh, seconds, sessions) until they become lines. step_size rounds
once for energy, once for charging and parking time together, once for reservation time. Source:
OCPI 2.2.1, mod_cdrs, step_size; mod_tariffs, PriceComponent.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from simulator.ocpi.tariff_lines import (
    MAX_PRICE,
    MIN_PRICE,
    Line,
    Price,
    amount_text,
    plain,
    price_of,
    span_text,
)
from simulator.ocpi.tariff_match import Active
from simulator.ocpi.tariff_model import ENERGY, FLAT, PARKING_TIME, TIME, Limit, Tariff
from simulator.ocpi.tariff_session import RESERVATION_TIME, Period

ZERO = Decimal(0)
_HUNDRED = Decimal(100)
# dimension -> base units in a unit of the price, its name
_UNITS: dict[str, tuple[int, str]] = {
    ENERGY: (1000, "kWh"),
    TIME: (3600, "h"),
    PARKING_TIME: (3600, "h"),
    RESERVATION_TIME: (3600, "h"),
    FLAT: (1, "session"),
}
_WORDS = {
    ENERGY: "energy",
    TIME: "charging",
    PARKING_TIME: "parking",
    RESERVATION_TIME: "reservation",
}


@dataclass(slots=True)
class Charge:
    """A component at work in a period; `extra` is what step_size adds to `volume`."""

    period: Period
    tariff: Tariff
    active: Active
    dimension: str
    category: str
    volume: Decimal
    extra: Decimal = ZERO
    stepped: Decimal = ZERO

    @property
    def billed(self) -> Decimal:
        """What is billed: the volume after step_size."""
        return self.volume + self.extra

    @property
    def cost(self) -> Price:
        """The cost, exact; without VAT both amounts are the same (mod_tariffs, vat)."""
        component = self.active.component
        excl = component.price * self.billed / _UNITS[self.dimension][0]
        vat = component.vat
        return Price(excl, excl if vat is None else excl * (_HUNDRED + vat) / _HUNDRED)

    def line(self) -> Line:
        """The line that explains it."""
        element, component = self.active
        divisor, unit = _UNITS[self.dimension]
        return Line(
            period=self.period.index,
            start_date_time=self.period.start,
            tariff_id=self.tariff.id,
            element=element,
            dimension=self.dimension,
            category=self.category,
            price=component.price,
            vat=component.vat,
            volume=plain(self.volume / divisor),
            billed_volume=plain(self.billed / divisor),
            unit=unit,
            step_size=component.step_size,
            cost=price_of(self.cost.excl_vat, self.cost.incl_vat),
            explanation=self._explanation(),
        )

    def _explanation(self) -> str:
        component = self.active.component
        currency = f" {self.tariff.currency}" if self.tariff.currency else ""
        vat = "no VAT" if component.vat is None else f"{amount_text(component.vat)} % VAT"
        price = f"{amount_text(component.price)}{currency}"
        if self.dimension == FLAT:
            return f"Flat fee of {price}, once per session, {vat}."
        unit = _UNITS[self.dimension][1]
        said = f"{self._quantity(self.billed)} of {_WORDS[self.dimension]} at {price}/{unit}, {vat}"
        if not self.extra:
            return f"{said}."
        return (
            f"{said}; {self._quantity(self.extra)} of it because step_size {component.step_size} "
            f"rounds the session's {self._quantity(self.stepped - self.extra)} up to "
            f"{self._quantity(self.stepped)}."
        )

    def _quantity(self, base: Decimal) -> str:
        if self.dimension == ENERGY:
            return f"{amount_text(base / 1000)} kWh"
        return span_text(base)


def apply_steps(charges: Sequence[Charge]) -> None:
    """Round up the session's consumption, once a group, in the group's last charge.

    Parking and charging time are one group in which only parking is rounded where any is billed.
    Volumes that no component prices are no part of it (example "switching to Free-of-Charge").
    """

    def consumed(dimension: str) -> list[Charge]:
        return [one for one in charges if one.dimension == dimension and one.volume > 0]

    for group in (
        consumed(ENERGY),
        consumed(PARKING_TIME) or consumed(TIME),
        consumed(RESERVATION_TIME),
    ):
        step = group[-1].active.component.step_size if group else 0
        if step:
            total = sum((one.volume for one in group), ZERO)
            steps, rest = divmod(total, step)
            group[-1].stepped = (steps + 1 if rest else steps) * step
            group[-1].extra = group[-1].stepped - total


def total_of(prices: Iterable[Price]) -> Price:
    """The sum of prices, exact."""
    excl = incl = ZERO
    for price in prices:
        excl += price.excl_vat
        incl += price.incl_vat
    return Price(excl, incl)


def limit_lines(tariff: Tariff, total: Price) -> tuple[Price, list[Line]]:
    """The total within the tariff's min_price and max_price, and the lines that bring it there.

    Each limit binds the amounts excluding and including VAT apart (mod_tariffs, notes min_price and
    max_price). The maximum has the last word where the two contradict each other.
    """
    lines = []
    for name, limit, pick in (
        (MIN_PRICE, tariff.min_price, max),
        (MAX_PRICE, tariff.max_price, min),
    ):
        if limit is None:
            continue
        bound = _bound(limit, total)
        held = Price(
            pick(total.excl_vat, bound.excl_vat),
            pick(total.incl_vat, bound.incl_vat),
        )
        if held != total:
            lines.append(_limit_line(tariff, name, total, held))
            total = held
    return total, lines


def _bound(limit: Limit, total: Price) -> Price:
    """A limit without incl_vat takes the VAT of the session it limits."""
    if limit.incl_vat is not None:
        return Price(limit.excl_vat, limit.incl_vat)
    if total.excl_vat <= 0:
        return Price(limit.excl_vat, limit.excl_vat)
    return Price(limit.excl_vat, limit.excl_vat * total.incl_vat / total.excl_vat)


def _limit_line(tariff: Tariff, name: str, total: Price, held: Price) -> Line:
    field = name.lower()
    verb = "raises" if name == MIN_PRICE else "lowers"
    changes = [
        f"{what} VAT from {amount_text(before)} to {amount_text(after)}"
        for what, before, after in (
            ("excluding", total.excl_vat, held.excl_vat),
            ("including", total.incl_vat, held.incl_vat),
        )
        if before != after
    ]
    return Line(
        period=None,
        start_date_time=None,
        tariff_id=tariff.id,
        element=None,
        dimension=name,
        category="limit",
        price=None,
        vat=None,
        volume=None,
        billed_volume=None,
        unit=None,
        step_size=None,
        cost=price_of(held.excl_vat - total.excl_vat, held.incl_vat - total.incl_vat),
        explanation=f"{field} {verb} the total {' and '.join(changes)}.",
    )
