"""The meter of one EVSE: voltage, current, power, energy and state of charge that agree.

Rule, the invariants by name:
- POWER:  P = sum over phases of V * I * power factor, with the V and I that are reported;
- ENERGY: the register is the integral of P, exact, for P is constant between two breakpoints;
- REGISTER: it counts whole Wh on the wire and never goes back;
- BATTERY: the state of charge rises by energy * efficiency / capacity.
Nothing ticks: the meter integrates up to now when somebody looks. The grid's voltage wanders with
each look, from then on, so that a reading describes the stretch that it closes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from simulator.kernel.chance import Chance
from simulator.station.ev import NOMINAL_VOLTAGE_V, Car

_JITTER = 0.012  # of the nominal voltage, either way
_LONGEST_S = 30 * 24 * 3600.0
_INSTANT_S = 1e-9


@dataclass(frozen=True, slots=True)
class Limits:
    """What an EVSE can deliver; `phases` is 0 for DC."""

    phases: int
    max_current_a: float
    max_power_w: float

    @property
    def dc(self) -> bool:
        """It delivers direct current."""
        return self.phases == 0


@dataclass(frozen=True, slots=True)
class Reading:
    """What the meter shows at one moment: a voltage and a current per phase, one each for DC."""

    energy_wh: int
    power_w: float
    voltage_v: tuple[float, ...]
    current_a: tuple[float, ...]
    power_factor: float
    offered_a: float
    offered_w: float
    soc_percent: float | None  # None where the car cannot tell (AC, IEC 61851-1)
    dc: bool


class Meter:
    """Integrate what flows through one EVSE. Times are seconds of the world's monotonic clock."""

    __slots__ = ("_at_s", "_chance", "_energy_wh", "_wandered_v", "car", "delivering", "limits")

    def __init__(self, limits: Limits, chance: Chance, *, register_wh: float = 0.0) -> None:
        self.limits = limits
        self.car: Car | None = None
        self.delivering = False
        self._chance = chance
        self._energy_wh = register_wh
        self._at_s = 0.0
        # Drawn at the first look, for most EVSEs of a large fleet stand idle.
        self._wandered_v: tuple[float, ...] | None = None

    @property
    def _voltage_v(self) -> tuple[float, ...]:
        if self._wandered_v is None:
            self._wandered_v = self._wander()
        return self._wandered_v

    @property
    def register_wh(self) -> float:
        """The register's exact value, as last integrated; it survives a power cut."""
        return self._energy_wh

    @property
    def knows_soc(self) -> bool:
        """A car is there that tells its state of charge: on DC (IEC 61851-1 has no way on AC)."""
        return self.car is not None and self.limits.dc

    def connect(self, car: Car | None, now_s: float) -> None:
        """A car is plugged in, or out with None."""
        self.advance(now_s)
        self.car = car

    def use(self, limits: Limits, now_s: float) -> None:
        """Another connector of the EVSE is taken, with its own limits."""
        self.advance(now_s)
        self.limits = limits
        self._wandered_v = self._wander()

    def switch(self, on: bool, now_s: float) -> None:
        """Let energy flow, or stop it."""
        self.advance(now_s)
        self.delivering = on

    def advance(self, now_s: float) -> None:
        """Integrate up to now, stretch by stretch of constant power."""
        while now_s - self._at_s > _INSTANT_S:
            left_s = now_s - self._at_s
            power_w, stretch_s, goal = self._stretch()
            took_s = min(left_s, stretch_s)
            energy_wh = power_w * took_s / 3600.0
            if energy_wh and self.car is not None:
                self._energy_wh += energy_wh
                self.car.charge(energy_wh, dc=self.limits.dc)
                if took_s == stretch_s:  # land on the step itself, not a rounding error beside it
                    self.car.soc_percent = goal
            self._at_s = now_s if took_s == left_s else self._at_s + took_s

    def read(self, now_s: float) -> Reading:
        """Integrate up to now and read; then the grid's voltage wanders on."""
        reading = self.show(now_s)
        self._wandered_v = self._wander()
        return reading

    def show(self, now_s: float) -> Reading:
        """Integrate up to now and read, with no sample taken."""
        self.advance(now_s)
        currents_a, voltages_v = self._electric()
        factor = 1.0 if self.limits.dc or self.car is None else self.car.power_factor
        offered_a = self.limits.max_current_a if self.delivering else 0.0
        return Reading(
            energy_wh=math.floor(self._energy_wh + 1e-6),
            power_w=_power_w(voltages_v, currents_a, factor),
            voltage_v=voltages_v,
            current_a=currents_a,
            power_factor=factor,
            offered_a=offered_a,
            offered_w=self.limits.max_power_w if self.delivering else 0.0,
            soc_percent=round(self.car.soc_percent, 1) if self.car and self.knows_soc else None,
            dc=self.limits.dc,
        )

    def power_w(self) -> float:
        """The power that flows now."""
        return self._stretch()[0]

    def full_in_s(self) -> float | None:
        """Seconds until the car has what it wants, if all stays as it is; None if nothing flows.

        The voltage may wander before that moment: look again then.
        """
        car = self.car
        if car is None or not self.delivering:
            return None
        saved, total_s = car.soc_percent, 0.0
        try:
            while not car.full:
                power_w, stretch_s, car.soc_percent = self._stretch()
                if power_w <= 0.0:
                    return None
                total_s += stretch_s
        finally:
            car.soc_percent = saved
        return total_s

    def _stretch(self) -> tuple[float, float, float]:
        """The power that flows now, for how long at most it stays so, and the state of charge that
        ends it. The pack's voltage changes with each percent, but only DC feels it.
        """
        car, dc = self.car, self.limits.dc
        currents_a, voltages_v = self._electric()
        if car is None or not any(currents_a):
            return 0.0, _LONGEST_S, 0.0 if car is None else car.soc_percent
        power_w = _power_w(voltages_v, currents_a, 1.0 if dc else car.power_factor)
        goal = car.next_step_percent() if dc else car.accepts_until_percent(power_w)
        return power_w, car.needs_wh(goal, dc=dc) * 3600.0 / power_w, goal

    def _electric(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Currents and voltages of now, as the meter resolves them: 0.01 A and 0.1 V."""
        car, limits = self.car, self.limits
        voltages_v = self._voltage_v
        if limits.dc:
            voltages_v = (car.dc_voltage_v() if car is not None and self.delivering else 0.0,)
        if car is None or not self.delivering or car.full:
            return (0.0,) * len(voltages_v), voltages_v
        accepts_w = min(car.accepts_w(), limits.max_power_w)
        if limits.dc:
            return (_down(min(limits.max_current_a, accepts_w / voltages_v[0])),), voltages_v
        used = min(limits.phases, car.ac_phases)
        # The on-board charger holds its current, or less where the battery accepts less.
        by_battery_a = accepts_w / (sum(voltages_v[:used]) * car.power_factor)
        current_a = _down(min(limits.max_current_a, car.ac_max_a, by_battery_a))
        return tuple(
            current_a if phase < used else 0.0 for phase in range(limits.phases)
        ), voltages_v

    def _wander(self) -> tuple[float, ...]:
        return tuple(
            round(NOMINAL_VOLTAGE_V * (1.0 + self._chance.uniform(-_JITTER, _JITTER)), 1)
            for _ in range(self.limits.phases)
        )


def _power_w(voltages_v: tuple[float, ...], currents_a: tuple[float, ...], factor: float) -> float:
    volt_amperes = sum(v * i for v, i in zip(voltages_v, currents_a, strict=True))
    return volt_amperes * factor


def _down(current_a: float) -> float:
    return math.floor(current_a * 100.0 + 1e-9) / 100.0
