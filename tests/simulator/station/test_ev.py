"""The car: what it accepts, how it fills, and the variety of a street."""

from __future__ import annotations

import pytest

from simulator.kernel.chance import Chance
from simulator.station.ev import MODELS, Car, draw_car
from tests.simulator.station.certificate_box import root
from tests.simulator.station.pnc_box import contract, provisioning


@pytest.mark.parametrize(
    ("soc_percent", "share"),
    [(0.0, 1.0), (59.9, 1.0), (60.0, 1.0), (80.0, 0.56), (80.9, 0.56), (99.0, 0.142)],
)
def test_acceptance_tapers_in_steps_above_the_knee(soc_percent: float, share: float) -> None:
    car = Car(soc_percent=soc_percent, knee_percent=60.0, dc_max_w=100_000.0)
    assert car.accepts_w() == pytest.approx(share * 100_000.0)


def test_a_full_car_accepts_nothing() -> None:
    assert Car(soc_percent=80.0, target_percent=80.0).accepts_w() == 0.0


def test_steps_end_at_whole_percents_and_at_the_target() -> None:
    assert Car(soc_percent=12.3).next_step_percent() == 13.0
    assert Car(soc_percent=13.0).next_step_percent() == 14.0
    assert Car(soc_percent=79.6, target_percent=79.8).next_step_percent() == 79.8


@pytest.mark.parametrize("power_w", [3_000.0, 12_000.0, 14_000.0, 50_000.0, 99_999.0, 100_000.0])
@pytest.mark.parametrize("soc_percent", [5.5, 60.0, 70.2])
def test_a_power_is_accepted_until_the_taper_reaches_it(power_w: float, soc_percent: float) -> None:
    car = Car(soc_percent=soc_percent, knee_percent=60.0, dc_max_w=100_000.0, target_percent=95.0)
    power_w = min(power_w, car.accepts_w())
    until = car.accepts_until_percent(power_w)
    assert until > soc_percent
    for percent in range(int(soc_percent), int(until)):
        car.soc_percent = float(percent)
        assert car.accepts_w() >= power_w
    car.soc_percent = until
    assert car.full or car.accepts_w() < power_w


def test_energy_and_charge_agree_both_ways() -> None:
    car = Car(soc_percent=20.0, battery_kwh=50.0)
    needs_wh = car.needs_wh(30.0, dc=False)
    assert needs_wh == pytest.approx(5_000.0 / 0.92)
    car.charge(needs_wh, dc=False)
    assert car.soc_percent == pytest.approx(30.0)
    assert car.needs_wh(30.0, dc=False) == pytest.approx(0.0)


def test_the_pack_s_voltage_rises_with_its_charge() -> None:
    volts = [Car(soc_percent=float(soc)).dc_voltage_v() for soc in range(0, 101, 10)]
    assert volts == sorted(volts)
    assert (volts[0], volts[-1]) == (360.0, 420.0)


def test_the_street_is_seeded_and_various() -> None:
    def street(seed: int) -> list[Car]:
        chance = Chance(seed)
        return [draw_car(chance) for _ in range(50)]

    assert street(7) == street(7) != street(8)
    assert {car.model for car in street(7)} == {model.name for model in MODELS}


def test_a_dc_charger_gets_cars_with_a_dc_inlet() -> None:
    chance = Chance(3)
    assert all(draw_car(chance, needs_dc=True).dc_max_w for _ in range(50))


def test_cars_off_the_street_have_no_contract() -> None:
    assert not draw_car(Chance(1)).plugs_and_charges
    assert Car(contract=contract()).plugs_and_charges
    assert Car(provisioning=provisioning()).plugs_and_charges


def test_a_car_s_secrets_are_not_shown() -> None:
    shown = repr(Car(contract=contract(), provisioning=provisioning(), v2g_roots=(root("V2G"),)))
    assert "key" not in shown
    assert "ertificate" not in shown
