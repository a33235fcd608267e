"""What a session should cost, reckoned on the back of an envelope: kilowatt-hours times price.

Rule: nothing here knows the tariff engine, which CPO and peer share: a mistake in it would be made
by both, and be seen by nobody. Only tariffs so plain that a hand can reckon them are priced.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

_REGISTER = "Energy.Active.Import.Register"
_PLAIN = frozenset({"FLAT", "ENERGY"})
# Amounts travel with four decimals (2.2.1 types, number).
_LEAST = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Owed:
    """What is owed, in the tariff's currency, and how that was reckoned."""

    net: Decimal
    gross: Decimal
    words: str

    def is_told(self, net: float | None, gross: float | None) -> bool:
        """True if a CDR asks for that; some versions tell no gross amount."""
        if net is None or not _same(net, self.net):
            return False
        return gross is None or _same(gross, self.gross)


def owed(tariff: Mapping[str, Any], kwh: float, duration_s: float) -> Owed | None:
    """Reckon a whole session; None where the tariff is not plain.

    An element that begins later than the session ended counts for nothing.
    """
    components: dict[str, Mapping[str, Any]] = {}
    for element in tariff["elements"]:
        restrictions = element.get("restrictions") or {}
        if set(restrictions) - {"min_duration"}:
            return None
        if restrictions and duration_s >= restrictions["min_duration"]:
            return None
        if not restrictions:
            for component in element["price_components"]:
                components.setdefault(component["type"], component)
    if not components or set(components) - _PLAIN:
        return None
    net = gross = Decimal(0)
    words: list[str] = []
    for kind, component in components.items():
        volume = _exact(kwh) if kind == "ENERGY" else Decimal(1)
        price, vat = _exact(component["price"]), _exact(component.get("vat", 0))
        net += volume * price
        gross += volume * price * (100 + vat) / 100
        words.append(f"{volume} kWh x {price}" if kind == "ENERGY" else str(price))
    return Owed(net, gross, " + ".join(words))


def counted_wh(payloads: Iterable[Mapping[str, Any]]) -> int | None:
    """What a meter counted in one transaction, by its messages: StartTransaction and
    StopTransaction of 1.6, or the TransactionEvents of 2.0.1. None where they do not tell.
    """
    told = [value for payload in payloads for value in _registers(payload)]
    return round(told[-1] - told[0]) if len(told) > 1 else None


def _registers(payload: Mapping[str, Any]) -> Iterable[Decimal]:
    for name in ("meterStart", "meterStop"):
        if name in payload:
            yield _exact(payload[name])
    for meter_value in payload.get("meterValue") or ():
        for sample in meter_value["sampledValue"]:
            if sample.get("measurand", _REGISTER) == _REGISTER and "phase" not in sample:
                unit = sample.get("unitOfMeasure") or {}
                factor = 1000 if unit.get("unit", "Wh") == "kWh" else 1
                yield _exact(sample["value"]) * factor * Decimal(10) ** unit.get("multiplier", 0)


def _exact(number: Any) -> Decimal:
    return Decimal(str(number))


def _same(told: float, reckoned: Decimal) -> bool:
    return abs(_exact(told) - reckoned) <= _LEAST
