"""What a meter said: OCPP meter values of either version, read into one shape. Pure.

Rule: a value that cannot be read is named and left out; it never sinks the message it came in.
Defaults are the specification's (OCPP 1.6 edition 2, 7.43 SampledValue; 2.0.1 part 2, SampledValue
Type): measurand Energy.Active.Import.Register, unit Wh, location Outlet, context Sample.Periodic.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from simulator.kernel.clock import parse_rfc3339

REGISTER = "Energy.Active.Import.Register"
INTERVAL = "Energy.Active.Import.Interval"
POWER = "Power.Active.Import"
CURRENT = "Current.Import"
SOC = "SoC"

# Everything is brought to the unit that OCPI counts in: kWh, kW, A, percent.
_SCALES: Mapping[str, Decimal] = {
    "Wh": Decimal("0.001"),
    "kWh": Decimal(1),
    "W": Decimal("0.001"),
    "kW": Decimal(1),
    "A": Decimal(1),
    "Percent": Decimal(1),
}
_DEFAULT_UNITS: Mapping[str, str] = {
    REGISTER: "Wh",
    INTERVAL: "Wh",
    POWER: "W",
    CURRENT: "A",
    SOC: "Percent",
}
# More than a power plant gives in a year: such a value says that the meter is broken.
_ABSURD = Decimal(10) ** 12
# Contexts that make a register that of the transaction (1.6 edition 2, 7.31; 2.0.1, 3.69).
_BEGIN, _END = "Transaction.Begin", "Transaction.End"
_MARKS = (_BEGIN, _END)
_PHASES = ("L1", "L2", "L3", "L1-N", "L2-N", "L3-N")


class Reading(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the meter showed at one moment; None where it did not say.

    `begin_kwh` and `end_kwh` are registers that are said to be those of the transaction's begin and
    end: meterStart and meterStop in 1.6, a sample's context in either version.
    """

    at: datetime
    register_kwh: Decimal | None = None
    interval_kwh: Decimal | None = None
    power_kw: Decimal | None = None
    current_a: Decimal | None = None
    soc_percent: Decimal | None = None
    odd: tuple[str, ...] = ()
    begin_kwh: Decimal | None = None
    end_kwh: Decimal | None = None


def of_meter_values(values: Iterable[Mapping[str, Any]]) -> list[Reading]:
    """Read `meterValue` (1.6 and 2.0.1) or `transactionData` (1.6): one a moment, oldest first."""
    readings: dict[datetime, Reading] = {}
    for value in values:
        reading = _of_meter_value(value)
        if reading is not None:
            before = readings.get(reading.at)
            readings[reading.at] = _together(before, reading) if before else reading
    return sorted(readings.values(), key=lambda reading: reading.at)


def of_meter_start(at: datetime, wh: object) -> Reading:
    """Read `meterStart` (1.6: whole Wh)."""
    value = _register_kwh(wh)
    return Reading(at, register_kwh=value, begin_kwh=value, odd=_odd_register(value, wh))


def of_meter_stop(at: datetime, wh: object) -> Reading:
    """Read `meterStop` (1.6: whole Wh)."""
    value = _register_kwh(wh)
    return Reading(at, register_kwh=value, end_kwh=value, odd=_odd_register(value, wh))


def _register_kwh(wh: object) -> Decimal | None:
    value = _decimal(wh)
    return None if value is None or abs(value) >= _ABSURD else value * _SCALES["Wh"]


def _odd_register(kwh: Decimal | None, wh: object) -> tuple[str, ...]:
    return (f"meter register {wh!r}",) if kwh is None else ()


def _together(first: Reading, second: Reading) -> Reading:
    """Two readings of one moment; where both say something, the second."""
    said = {
        name: value for name, value in msgspec.structs.asdict(second).items() if value is not None
    }
    return msgspec.structs.replace(first, **{**said, "odd": first.odd + second.odd})


def _of_meter_value(meter_value: Mapping[str, Any]) -> Reading | None:
    try:
        at = parse_rfc3339(meter_value["timestamp"])
    except (KeyError, TypeError, ValueError, OverflowError):
        return None  # a value of no moment cannot be placed in a session
    totals: dict[str, Decimal] = {}
    phases: dict[str, dict[str, Decimal]] = {}
    odd: list[str] = []
    for measurand, phase, value in _samples(meter_value.get("sampledValue") or (), odd):
        if phase is None:
            totals[measurand] = value
        elif phase in _PHASES:
            phases.setdefault(measurand, {})[phase[:2]] = value
    for measurand, by_phase in phases.items():
        totals.setdefault(measurand, sum(by_phase.values(), Decimal(0)))
    return Reading(
        at,
        register_kwh=totals.get(REGISTER),
        interval_kwh=totals.get(INTERVAL),
        power_kw=totals.get(POWER),
        current_a=totals.get(CURRENT),
        soc_percent=totals.get(SOC),
        odd=tuple(odd),
        begin_kwh=totals.get(_BEGIN),
        end_kwh=totals.get(_END),
    )


def _samples(
    sampled_values: Iterable[Mapping[str, Any]], odd: list[str]
) -> Iterator[tuple[str, str | None, Decimal]]:
    """The samples that count: of a known measurand, at the outlet, in plain numbers."""
    for sample in sampled_values:
        measurand = sample.get("measurand", REGISTER)
        default_unit = _DEFAULT_UNITS.get(measurand)
        if default_unit is None or sample.get("format", "Raw") != "Raw":
            continue
        if measurand != SOC and sample.get("location", "Outlet") != "Outlet":
            continue
        value = _decimal(sample.get("value"))
        scale = _scale(sample, default_unit)
        if value is None or scale is None or abs(value * scale) >= _ABSURD:
            odd.append(f"{measurand} {sample.get('value')!r} {sample.get('unit', default_unit)}")
            continue
        phase, context = sample.get("phase"), sample.get("context")
        yield measurand, phase, value * scale
        if measurand == REGISTER and context in _MARKS:
            yield context, phase, value * scale


def _scale(sample: Mapping[str, Any], default_unit: str) -> Decimal | None:
    """What one of the sample's unit is in ours; 2.0.1 has a unit of measure with a power of ten."""
    of_measure = sample.get("unitOfMeasure")
    if of_measure is None:
        return _SCALES.get(sample.get("unit", default_unit))
    scale = _SCALES.get(of_measure.get("unit", default_unit))
    multiplier = of_measure.get("multiplier", 0)
    if scale is None or not isinstance(multiplier, int) or abs(multiplier) > 12:
        return None
    return scale.scaleb(multiplier)


def _decimal(value: object) -> Decimal | None:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number.adjusted()) < 30 else None
