"""The total of a plain tariff at a glance: energy and a flat fee, no restrictions, no limits.

Rule: it is the total that `simulator.ocpi.tariff.price` gives, or None where that must be asked; a
test holds the two against each other. It serves the running cost of sessions, which is told often.
"""

from __future__ import annotations

from decimal import Decimal, localcontext

from simulator.ocpi.tariff_lines import Price, price_of
from simulator.ocpi.tariff_model import ENERGY, FLAT, Component, Restrictions, Tariff
from simulator.ocpi.tariff_parse import MONEY

_NONE = Restrictions()
_HUNDRED = Decimal(100)
_WH = 1000


def plain_total(tariff: Tariff, energy_kwh: Decimal) -> Price | None:
    """The total of a session that has charged so much; None where the tariff is not plain."""
    rates = _rates(tariff)
    if rates is None:
        return None
    excl = incl = Decimal(0)
    with localcontext(MONEY):
        for kind, rate in rates.items():
            cost = rate.price
            if kind == ENERGY:
                cost = cost * _stepped(energy_kwh * _WH, rate.step_size) / _WH
            excl += cost
            incl += cost if rate.vat is None else cost * (_HUNDRED + rate.vat) / _HUNDRED
        return price_of(excl, incl)


def _rates(tariff: Tariff) -> dict[str, Component] | None:
    """The component of each dimension (the first one counts)."""
    if tariff.min_price is not None or tariff.max_price is not None:
        return None
    rates: dict[str, Component] = {}
    for element in tariff.elements:
        if element.restrictions != _NONE:
            return None
        for kind, component in element.components.items():
            if kind not in (ENERGY, FLAT):
                return None
            rates.setdefault(kind, component)
    return rates


def _stepped(watt_hours: Decimal, step: int) -> Decimal:
    """Rounded up to whole steps (2.2.1 mod_tariffs, PriceComponent, step_size)."""
    if not step:
        return watt_hours
    steps, rest = divmod(watt_hours, step)
    return (steps + 1 if rest else steps) * step
