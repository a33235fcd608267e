"""The car: a battery, what its on-board charger can take, how it tapers; and what it holds for
Plug & Charge.

Rule: what a car accepts is a step function of its state of charge, so that power is constant
between two whole percents and energy can be integrated exactly. No clock.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from simulator.kernel.chance import Chance

if TYPE_CHECKING:  # a car without a contract loads no cryptography
    from cryptography.x509 import Certificate

    from simulator.pki.contract import Contract
    from simulator.pki.hierarchy import Issued

NOMINAL_VOLTAGE_V = 230.0
_TAPER_FLOOR = 0.12  # share of the full power that a nearly full battery still accepts
_FULL_PERCENT = 100.0


@dataclass(slots=True)
class Car:
    """A car and its battery.

    `ac_phases` and `ac_max_a` are those of its on-board charger; `dc_max_w` is 0 for a car without
    a DC inlet. Above `knee_percent` the battery accepts less and less. It stops by itself at
    `target_percent`.

    For Plug & Charge it holds a contract, or asks for one to be installed by its `provisioning`
    certificate and key, in one of the editions of ISO 15118 that it speaks; it trusts stations and
    certificate services up to `v2g_roots` and nobody else. What is installed stays in the car.
    """

    model: str = "compact"
    battery_kwh: float = 58.0
    soc_percent: float = 40.0
    ac_phases: int = 3
    ac_max_a: float = 16.0
    dc_max_w: float = 120_000.0
    knee_percent: float = 62.0  # below 100
    target_percent: float = 100.0
    power_factor: float = 0.99
    ac_efficiency: float = 0.92
    dc_efficiency: float = 0.97
    pack_voltage_v: float = 400.0
    contract: Contract | None = field(default=None, repr=False)
    provisioning: Issued | None = field(default=None, repr=False)
    v2g_roots: tuple[Certificate, ...] = field(default=(), repr=False)
    iso15118: tuple[str, ...] = ("2",)  # "2", "20"; the one it likes best comes first

    @property
    def plugs_and_charges(self) -> bool:
        """It has, or can get, a contract to charge by."""
        return self.contract is not None or self.provisioning is not None

    @property
    def full(self) -> bool:
        """The car wants no more."""
        return self.soc_percent >= self.target_percent - 1e-9

    def accepts_w(self) -> float:
        """What the battery accepts until `next_step_percent`: all below the knee, then a linear
        taper.
        """
        if self.full:
            return 0.0
        above = self._whole_percent() - self.knee_percent
        way = max(0.0, above / (_FULL_PERCENT - self.knee_percent))
        return self._peak_w() * max(_TAPER_FLOOR, 1.0 - way * (1.0 - _TAPER_FLOOR))

    def accepts_until_percent(self, power_w: float) -> float:
        """The state of charge up to which the battery accepts this much of what it accepts now."""
        share = power_w / self._peak_w()
        if share <= _TAPER_FLOOR:
            return self.target_percent
        way = max(0.0, (1.0 - share) / (1.0 - _TAPER_FLOOR))
        last = math.floor(self.knee_percent + way * (_FULL_PERCENT - self.knee_percent))
        return min(max(last, self._whole_percent()) + 1.0, self.target_percent)

    def next_step_percent(self) -> float:
        """The state of charge up to which acceptance and pack voltage hold."""
        return min(self._whole_percent() + 1.0, self.target_percent)

    def dc_voltage_v(self) -> float:
        """The pack's voltage: 90 % of nominal when empty, 105 % when full."""
        return round(self.pack_voltage_v * (0.90 + 0.15 * self._whole_percent() / 100.0), 1)

    def _peak_w(self) -> float:
        return self.dc_max_w or self.battery_kwh * 1000.0

    def _whole_percent(self) -> int:
        # The small sum keeps a battery that has just reached a step from standing below it.
        return math.floor(self.soc_percent + 1e-9)

    def charge(self, energy_wh: float, *, dc: bool) -> None:
        """Take energy from the plug into the battery, less what the conversion loses."""
        efficiency = self.dc_efficiency if dc else self.ac_efficiency
        gain = energy_wh * efficiency / (self.battery_kwh * 10.0)
        self.soc_percent = min(_FULL_PERCENT, self.soc_percent + gain)

    def needs_wh(self, percent: float, *, dc: bool) -> float:
        """Energy at the plug that brings the battery to `percent`."""
        efficiency = self.dc_efficiency if dc else self.ac_efficiency
        return max(0.0, percent - self.soc_percent) * self.battery_kwh * 10.0 / efficiency


@dataclass(frozen=True, slots=True)
class Model:
    """A kind of car to draw from: low and high where a fleet differs."""

    name: str
    battery_kwh: tuple[float, float]
    ac_phases: int
    ac_max_a: float
    dc_max_w: float
    knee_percent: tuple[float, float]
    pack_voltage_v: float


# Our own round figures for what stands at European chargers.
MODELS: tuple[Model, ...] = (
    Model("city", (24.0, 37.0), 1, 32.0, 40_000.0, (55.0, 70.0), 350.0),
    Model("compact", (45.0, 60.0), 3, 16.0, 110_000.0, (50.0, 65.0), 400.0),
    Model("saloon", (70.0, 82.0), 3, 16.0, 170_000.0, (40.0, 55.0), 400.0),
    Model("tourer", (84.0, 105.0), 3, 32.0, 240_000.0, (45.0, 60.0), 800.0),
    Model("van", (60.0, 90.0), 3, 16.0, 80_000.0, (60.0, 75.0), 400.0),
    Model("plug-in hybrid", (10.0, 18.0), 1, 16.0, 0.0, (80.0, 90.0), 350.0),
)


def draw_car(chance: Chance, *, needs_dc: bool = False) -> Car:
    """A car off the street, by this stream's dice; with a DC inlet where one is needed."""
    model = chance.choice([m for m in MODELS if m.dc_max_w or not needs_dc])
    return Car(
        model=model.name,
        battery_kwh=round(chance.uniform(*model.battery_kwh), 1),
        soc_percent=round(chance.uniform(8.0, 55.0), 1),
        ac_phases=model.ac_phases,
        ac_max_a=model.ac_max_a,
        dc_max_w=model.dc_max_w,
        knee_percent=round(chance.uniform(*model.knee_percent)),
        target_percent=float(chance.choice((80, 90, 100))),
        power_factor=chance.choice((0.98, 0.99, 1.0)),
        pack_voltage_v=model.pack_voltage_v,
    )
