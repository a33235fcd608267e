"""A quick total for the plain tariff: energy and flat fees, no restrictions, no limits.

Rule: it gives the total that `simulator.ocpi.tariff.price` gives, or None where it does not know;
a test holds the two against each other. It serves to pass the many CDRs that are right; whatever it
cannot pass is judged by the whole calculation.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, localcontext
from typing import Any, NamedTuple

from mock_peer import raw
from simulator.ocpi.tariff_parse import MONEY

_WH = 1000
_HUNDRED = Decimal(100)
# Volumes that have no price here, whatever their amount.
_UNPRICED = frozenset(
    {
        "CURRENT", "MIN_CURRENT", "MAX_CURRENT", "POWER", "MIN_POWER", "MAX_POWER",
        "ENERGY_IMPORT", "ENERGY_EXPORT", "STATE_OF_CHARGE", "TIME", "PARKING_TIME",
    }
)  # fmt: skip


class Rate(NamedTuple):
    """A price component: price excl. VAT, what VAT makes of it, step in Wh."""

    price: Decimal
    with_vat: Decimal
    step: int


class PlainTariff(NamedTuple):
    """A tariff without restrictions, limits or time: at most one rate each."""

    energy: Rate | None
    flat: Rate | None


def plain_tariff(tariff: Mapping[str, Any]) -> PlainTariff | None:
    """The tariff as plain rates; None where it is more than that."""
    if any(tariff.get(name) is not None for name in ("min_price", "max_price")):
        return None
    rates: dict[str, Rate] = {}
    for element in raw.items(tariff, "/elements"):
        if raw.at(element, "/restrictions"):
            return None
        for component in raw.items(element, "/price_components"):
            kind, rate = raw.text(component, "/type"), _rate(component)
            if rate is None or kind not in ("ENERGY", "FLAT"):
                return None
            rates.setdefault(kind, rate)
    return PlainTariff(rates.get("ENERGY"), rates.get("FLAT")) if rates else None


def _rate(component: Any) -> Rate | None:
    price, vat = raw.number(component, "/price"), raw.at(component, "/vat")
    step, rate = raw.at(component, "/step_size"), raw.number(component, "/vat")
    if price is None or not isinstance(step, int) or isinstance(step, bool) or step < 0:
        return None
    if vat is not None and rate is None:
        return None
    return Rate(price, Decimal(1) if rate is None else (_HUNDRED + rate) / _HUNDRED, step)


def total(tariff: PlainTariff, periods: list[Any]) -> tuple[Decimal, Decimal] | None:
    """The total of a session excluding and including VAT; None where it is not plain."""
    energy, has_periods = _energy(periods), bool(periods)
    if energy is None or not has_periods:
        return None
    with localcontext(MONEY):
        without, with_vat = Decimal(0), Decimal(0)
        if tariff.energy is not None:
            watt_hours = energy * _WH
            if tariff.energy.step > 1:
                steps, rest = divmod(watt_hours, tariff.energy.step)
                watt_hours = (steps + 1 if rest else steps) * tariff.energy.step
            elif tariff.energy.step == 1:
                watt_hours = watt_hours.to_integral_value(rounding="ROUND_CEILING")
            cost = tariff.energy.price * watt_hours / _WH
            without, with_vat = cost, cost * tariff.energy.with_vat
        if tariff.flat is not None:
            without += tariff.flat.price
            with_vat += tariff.flat.price * tariff.flat.with_vat
        return without, with_vat


def _energy(periods: list[Any]) -> Decimal | None:
    """The kWh of all periods; None where one of them is not plain."""
    energy = Decimal(0)
    for period in periods:
        dimensions = period.get("dimensions") if isinstance(period, dict) else None
        if not isinstance(dimensions, list):
            return None
        for dimension in dimensions:
            kind = dimension.get("type") if isinstance(dimension, dict) else None
            if kind == "ENERGY":
                volume = raw.exact(dimension.get("volume"))
                if volume is None or volume < 0:
                    return None
                energy += volume
            elif not isinstance(kind, str) or kind not in _UNPRICED:
                return None
    return energy
