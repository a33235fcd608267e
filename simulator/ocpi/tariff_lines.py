"""What pricing gives: totals as a CDR has them, and a line that explains each amount.

Rule: the lines add up to the total. Amounts are unrounded: computed to 60 digits, given to twelve
decimals (OCPI has no rounding rules: mod_tariffs, Tariff Object, note).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from simulator.ocpi.tariff_parse import MONEY

MIN_PRICE: Final = "MIN_PRICE"
MAX_PRICE: Final = "MAX_PRICE"
_TWELVE = Decimal("1E-12")


@dataclass(frozen=True, slots=True)
class Price:
    """An amount excluding and including VAT; equal where no VAT applies."""

    excl_vat: Decimal
    incl_vat: Decimal

    def to_json(self) -> dict[str, Decimal]:
        """As an OCPI Price."""
        return {"excl_vat": self.excl_vat, "incl_vat": self.incl_vat}


@dataclass(frozen=True, slots=True)
class Line:
    """One billed component in one period, or what a price limit adds or takes.

    `dimension` is FLAT, ENERGY, TIME, PARKING_TIME, RESERVATION_TIME, MIN_PRICE or MAX_PRICE;
    `category` the total it counts in (fixed, energy, time, parking, reservation, limit); volumes
    in `unit` (kWh, h, session), `billed_volume` after step_size; a limit has no component.
    """

    period: int | None
    start_date_time: datetime | None
    tariff_id: str
    element: int | None
    dimension: str
    category: str
    price: Decimal | None
    vat: Decimal | None
    volume: Decimal | None
    billed_volume: Decimal | None
    unit: str | None
    step_size: int | None
    cost: Price
    explanation: str

    def to_json(self) -> dict[str, Any]:
        """As a JSON object; numbers are Decimals."""
        return {
            "period": self.period,
            "start_date_time": utc_text(self.start_date_time),
            "tariff_id": self.tariff_id,
            "element": self.element,
            "dimension": self.dimension,
            "category": self.category,
            "price": self.price,
            "vat": self.vat,
            "volume": self.volume,
            "billed_volume": self.billed_volume,
            "unit": self.unit,
            "step_size": self.step_size,
            "cost": self.cost.to_json(),
            "explanation": self.explanation,
        }


@dataclass(frozen=True, slots=True)
class Priced:
    """A priced session: the totals of a CDR (None where nothing of the kind was priced), energy in
    kWh, times in hours, the lines, and notes on what the price leaves out or takes as given.
    """

    currency: str | None
    total_cost: Price
    total_fixed_cost: Price | None
    total_energy_cost: Price | None
    total_time_cost: Price | None
    total_parking_cost: Price | None
    total_reservation_cost: Price | None
    total_energy: Decimal
    total_time: Decimal
    total_parking_time: Decimal
    lines: tuple[Line, ...]
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As a JSON object: totals named as in the CDR; encode Decimals as plain numbers
        (`msgspec.json.Encoder(decimal_format="number")`).
        """
        costs = ("fixed", "energy", "time", "parking", "reservation")
        result: dict[str, Any] = {
            "currency": self.currency,
            "total_cost": self.total_cost.to_json(),
        }
        for name in costs:
            cost: Price | None = getattr(self, f"total_{name}_cost")
            result[f"total_{name}_cost"] = None if cost is None else cost.to_json()
        result["total_energy"] = self.total_energy
        result["total_time"] = self.total_time
        result["total_parking_time"] = self.total_parking_time
        result["lines"] = [line.to_json() for line in self.lines]
        result["notes"] = list(self.notes)
        return result


def plain(value: Decimal) -> Decimal:
    """A number to twelve decimals, without trailing zeros or exponent."""
    rounded = value.quantize(_TWELVE, context=MONEY).normalize(MONEY)
    if int(rounded.as_tuple().exponent) > 0:
        rounded = rounded.quantize(Decimal(1), context=MONEY)
    return rounded if rounded else Decimal(0)


def price_of(excl_vat: Decimal, incl_vat: Decimal) -> Price:
    """A price as it is given: to twelve decimals."""
    return Price(plain(excl_vat), plain(incl_vat))


def utc_text(at: datetime | None) -> str | None:
    """A moment as an OCPI DateTime, with fractions only where there are any."""
    return None if at is None else at.isoformat().replace("+00:00", "Z")


def amount_text(value: Decimal) -> str:
    """A number for people: at most six decimals."""
    return f"{plain(value.quantize(Decimal('1E-6'), context=MONEY)):f}"


def money_text(value: Decimal) -> str:
    """An amount for people: two to six decimals."""
    text = amount_text(value)
    whole, _, decimals = text.partition(".")
    return f"{whole}.{decimals:0<2}"


def span_text(seconds: Decimal) -> str:
    """A duration for people: `1 h 54 min`, to the millisecond."""
    whole, rest = divmod(seconds.quantize(Decimal("1E-3"), context=MONEY), 1)
    minutes, second = divmod(int(whole), 60)
    hours, minute = divmod(minutes, 60)
    parts = [f"{hours} h"] if hours else []
    parts += [f"{minute} min"] if minute else []
    if second or rest or not parts:
        parts.append(f"{amount_text(second + rest)} s")
    return " ".join(parts)
