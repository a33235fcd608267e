"""The meter's named invariants: POWER, ENERGY, REGISTER, BATTERY."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.kernel.chance import Chance
from simulator.station.ev import Car
from simulator.station.meter import Limits, Meter

AC3, AC1, DC = Limits(3, 32.0, 22_000.0), Limits(1, 32.0, 7_400.0), Limits(0, 300.0, 150_000.0)

_CARS = st.builds(
    Car,
    battery_kwh=st.floats(10, 110),
    soc_percent=st.floats(0, 99),
    ac_phases=st.sampled_from((1, 3)),
    ac_max_a=st.sampled_from((10.0, 16.0, 32.0)),
    dc_max_w=st.sampled_from((40_000.0, 120_000.0, 270_000.0)),
    knee_percent=st.floats(20, 95),
    target_percent=st.sampled_from((50.0, 80.0, 99.5, 100.0)),
    power_factor=st.sampled_from((0.95, 0.99, 1.0)),
    pack_voltage_v=st.sampled_from((350.0, 400.0, 800.0)),
)
_LIMITS = st.sampled_from((AC3, AC1, DC))
_PAUSES_S = st.lists(st.floats(0.0, 1800.0), min_size=1, max_size=25)


def charging(limits: Limits, car: Car, seed: int = 1) -> Meter:
    meter = Meter(limits, Chance(seed))
    meter.connect(car, 0.0)
    meter.switch(True, 0.0)
    return meter


@given(_LIMITS, _CARS, _PAUSES_S)
def test_power_is_what_voltage_and_current_make(
    limits: Limits, car: Car, pauses_s: list[float]
) -> None:
    meter, now_s = charging(limits, car), 0.0
    for pause_s in pauses_s:
        now_s += pause_s
        seen = meter.read(now_s)
        pairs = zip(seen.voltage_v, seen.current_a, strict=True)
        assert seen.power_w == pytest.approx(sum(v * i for v, i in pairs) * seen.power_factor)
        assert len(seen.voltage_v) == (limits.phases or 1)
        assert all(i <= limits.max_current_a for i in seen.current_a)
        assert seen.power_w <= limits.max_power_w * 1.0001
        if not limits.dc:
            assert all(abs(v - 230.0) < 3.0 for v in seen.voltage_v)
            assert sum(1 for i in seen.current_a if i) <= min(limits.phases, car.ac_phases)
            assert seen.soc_percent is None


@given(_LIMITS, _CARS, _PAUSES_S)
def test_the_register_rises_and_the_battery_with_it(
    limits: Limits, car: Car, pauses_s: list[float]
) -> None:
    began_percent = car.soc_percent
    meter, now_s, last_wh = charging(limits, car), 0.0, 0
    for pause_s in pauses_s:
        now_s += pause_s
        seen = meter.read(now_s)
        assert seen.energy_wh >= last_wh
        last_wh = seen.energy_wh
    efficiency = car.dc_efficiency if limits.dc else car.ac_efficiency
    gained_wh = (car.soc_percent - began_percent) / 100.0 * car.battery_kwh * 1000.0
    assert meter.register_wh * efficiency == pytest.approx(gained_wh, abs=0.01)
    assert car.soc_percent <= max(car.target_percent, began_percent) + 1e-6


@given(_LIMITS, _CARS, _PAUSES_S)
def test_looking_between_samples_changes_no_energy(
    limits: Limits, car: Car, pauses_s: list[float]
) -> None:
    twin = Car(**{name: getattr(car, name) for name in Car.__slots__})
    once, often = charging(limits, car), charging(limits, twin)
    now_s = 0.0
    for pause_s in pauses_s:
        for part in (0.1, 0.35, 0.8):
            often.show(now_s + pause_s * part)
        now_s += pause_s
        once.read(now_s)
        often.read(now_s)
    assert once.register_wh == pytest.approx(often.register_wh, abs=1e-3)


def test_energy_is_the_integral_of_the_power_that_closes_a_stretch() -> None:
    """Below the knee power is constant between two samples: what is shown is what flowed."""
    meter = charging(AC3, Car(soc_percent=10.0))
    before_wh = 0.0
    for number in range(1, 40):
        seen = meter.read(number * 30.0)
        assert meter.register_wh - before_wh == pytest.approx(seen.power_w * 30.0 / 3600.0)
        before_wh = meter.register_wh


def test_voltage_wanders_from_sample_to_sample_by_seed() -> None:
    def voltages(seed: int) -> list[tuple[float, ...]]:
        meter = charging(AC3, Car(), seed)
        return [meter.read(n * 10.0).voltage_v for n in range(1, 6)]

    assert voltages(1) == voltages(1) != voltages(2)
    assert len(set(voltages(1))) == 5


@pytest.mark.parametrize(
    ("limits", "car", "power_w"),
    [
        (AC3, Car(ac_max_a=16.0), 3 * 230 * 16 * 0.99),
        (AC3, Car(ac_phases=1, ac_max_a=32.0), 230 * 32 * 0.99),
        (AC1, Car(ac_max_a=16.0), 230 * 16 * 0.99),
        (DC, Car(soc_percent=20.0), 111_600.0),  # 372 V * 300 A
        (DC, Car(soc_percent=20.0, pack_voltage_v=800.0), 120_000.0),
        (Limits(0, 300.0, 50_000.0), Car(soc_percent=20.0), 50_000.0),
        (Limits(0, 100.0, 150_000.0), Car(soc_percent=20.0), 37_200.0),  # 372 V * 100 A
    ],
)
def test_the_weakest_part_sets_the_power(limits: Limits, car: Car, power_w: float) -> None:
    assert charging(limits, car).power_w() == pytest.approx(power_w, rel=0.02)


def test_a_dc_car_tapers_above_its_knee() -> None:
    car = Car(soc_percent=50.0, knee_percent=60.0)
    meter = charging(DC, car)
    powers_w = [meter.read(n * 60.0).power_w for n in range(1, 60)]
    tail = powers_w[15:]
    assert all(later <= earlier + 1e-6 for earlier, later in pairwise(tail))
    assert powers_w[-1] < 0.4 * powers_w[0]


@given(_LIMITS, _CARS)
def test_full_is_foretold(limits: Limits, car: Car) -> None:
    meter = charging(limits, car)
    full_in_s = meter.full_in_s()
    assert full_in_s is not None
    if full_in_s > 1.0:
        meter.advance(full_in_s * 0.999)
        assert not car.full
    meter.advance(full_in_s * 1.001 + 0.01)
    assert car.full
    assert meter.power_w() == 0.0


def test_another_connector_has_its_own_limits() -> None:
    meter = charging(AC3, Car(soc_percent=10.0))
    meter.use(DC, 3600.0)
    after_an_hour_wh = meter.register_wh
    seen = meter.read(3600.0)
    assert len(seen.voltage_v) == 1
    assert meter.register_wh == after_an_hour_wh > 10_000
    assert seen.power_w > 100_000


def test_nothing_flows_without_a_car_or_permission() -> None:
    meter = Meter(AC3, Chance(1), register_wh=1234.5)
    assert meter.read(3600.0).energy_wh == 1234
    meter.connect(Car(), 3600.0)
    assert meter.full_in_s() is None
    assert meter.read(7200.0).power_w == 0.0
    meter.switch(True, 7200.0)
    meter.switch(False, 7200.0 + 360.0)
    stopped_wh = meter.register_wh
    assert stopped_wh > 1234.5 + 1000
    assert meter.read(99_999.0).energy_wh == int(stopped_wh)
