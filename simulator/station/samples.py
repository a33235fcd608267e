"""From a meter reading to measurands, the same for every version.

Rule: names, phases, contexts and units are those that 1.6 and 2.0.1 share; how a sample is spelled
is the dialects' affair.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from simulator.station.meter import Reading
from simulator.station.settings import ENERGY


class Context(StrEnum):
    """Why a reading was taken (ReadingContext)."""

    BEGIN = "Transaction.Begin"
    PERIODIC = "Sample.Periodic"
    CLOCK = "Sample.Clock"
    END = "Transaction.End"
    TRIGGER = "Trigger"


@dataclass(frozen=True, slots=True)
class Sample:
    """One value of one measurand, at one phase where it has phases."""

    measurand: str
    value: float
    unit: str | None
    phase: str | None = None


def _currents(reading: Reading) -> Iterable[Sample]:
    for number, current_a in enumerate(reading.current_a, 1):
        phase = None if reading.dc else f"L{number}"
        yield Sample("Current.Import", current_a, "A", phase)


def _voltages(reading: Reading) -> Iterable[Sample]:
    for number, voltage_v in enumerate(reading.voltage_v, 1):
        phase = None if reading.dc else f"L{number}-N"
        yield Sample("Voltage", voltage_v, "V", phase)


def _soc(reading: Reading) -> Iterable[Sample]:
    if reading.soc_percent is not None:
        yield Sample("SoC", reading.soc_percent, "Percent")


_TAKEN: dict[str, Callable[[Reading], Iterable[Sample]]] = {
    ENERGY: lambda r: [Sample(ENERGY, r.energy_wh, "Wh")],
    "Power.Active.Import": lambda r: [Sample("Power.Active.Import", round(r.power_w, 1), "W")],
    "Power.Offered": lambda r: [Sample("Power.Offered", r.offered_w, "W")],
    "Power.Factor": lambda r: [Sample("Power.Factor", r.power_factor, None)],
    "Current.Import": _currents,
    "Current.Offered": lambda r: [Sample("Current.Offered", r.offered_a, "A")],
    "Voltage": _voltages,
    "SoC": _soc,
}
_INTERVAL = "Energy.Active.Import.Interval"


def tells(measurands: Iterable[str], *, knows_soc: bool) -> bool:
    """Will a reading say anything of these measurands?"""
    return any(measurand != "SoC" or knows_soc for measurand in measurands)


def samples_of(reading: Reading, measurands: Iterable[str], since_wh: int) -> list[Sample]:
    """What a reading says of these measurands, in their order; `since_wh` is the register at the
    previous sample. A measurand that the car or the current does not have is left out.
    """
    found: list[Sample] = []
    for measurand in measurands:
        if measurand == _INTERVAL:
            found.append(Sample(_INTERVAL, reading.energy_wh - since_wh, "Wh"))
        else:
            found.extend(_TAKEN[measurand](reading))
    return found
