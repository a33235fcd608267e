"""From a reading to measurands."""

from __future__ import annotations

import pytest

from simulator.kernel.chance import Chance
from simulator.station.ev import Car
from simulator.station.meter import Limits, Meter, Reading
from simulator.station.samples import Sample, samples_of
from simulator.station.settings import ENERGY, MEASURANDS


def reading(*, dc: bool = False) -> Reading:
    meter = Meter(Limits(0 if dc else 3, 100.0, 50_000.0), Chance(1))
    meter.connect(Car(), 0.0)
    meter.switch(True, 0.0)
    return meter.read(360.0)


def names(found: list[Sample]) -> list[tuple[str, str | None]]:
    return [(sample.measurand, sample.phase) for sample in found]


def test_alternating_current_is_told_by_phase_and_knows_no_charge() -> None:
    found = samples_of(reading(), ["Current.Import", "Voltage", "SoC"], 0)
    assert names(found) == [
        ("Current.Import", "L1"),
        ("Current.Import", "L2"),
        ("Current.Import", "L3"),
        ("Voltage", "L1-N"),
        ("Voltage", "L2-N"),
        ("Voltage", "L3-N"),
    ]


def test_direct_current_has_no_phases() -> None:
    found = samples_of(reading(dc=True), ["SoC", "Voltage", "Current.Import"], 0)
    assert names(found) == [("SoC", None), ("Voltage", None), ("Current.Import", None)]


def test_the_interval_counts_from_the_previous_sample() -> None:
    seen = reading()
    total, part = samples_of(seen, [ENERGY, "Energy.Active.Import.Interval"], 400)
    assert total.value == seen.energy_wh == part.value + 400
    assert part.unit == "Wh"


@pytest.mark.parametrize("measurand", MEASURANDS)
def test_every_measurand_that_can_be_configured_can_be_taken(measurand: str) -> None:
    found = samples_of(reading(dc=True), [measurand], 0)
    assert {sample.measurand for sample in found} == {measurand}
