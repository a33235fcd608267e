"""When meters are read, told against the clock of the world."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.station.ev import Car
from simulator.wire.ocpp_rpc import OcppVersion
from tests.simulator.station.csms import flaws, sent, world

V16, V201 = OcppVersion.V16, OcppVersion.V201


def stamps(values: list[dict[str, Any]]) -> list[str]:
    return [value["timestamp"][11:19] for value in values]


def contexts(values: list[dict[str, Any]]) -> list[str]:
    return [value["sampledValue"][0]["context"] for value in values]


async def test_samples_come_by_interval_and_by_the_clock(clock: Clock, journal: Journal) -> None:
    await clock.sleep(130)  # 07:02:10
    async with world(clock, journal, V16, meter_interval_s=40, clock_aligned_interval_s=60) as (
        station,
        _,
    ):
        await station.plug(1, Car())
        await station.tap(1, "04A1")
        await clock.sleep(120)
    told = [p["meterValue"][0] for p in sent(journal, "MeterValues") if p["connectorId"] == 1]
    assert list(zip(stamps(told), contexts(told), strict=True)) == [
        ("07:02:50", "Sample.Periodic"),
        ("07:03:00", "Sample.Clock"),
        ("07:03:30", "Sample.Periodic"),
        ("07:04:00", "Sample.Clock"),
        ("07:04:10", "Sample.Periodic"),
    ]
    idle = [p for p in sent(journal, "MeterValues") if p["connectorId"] == 2]
    assert len(idle) == 2
    assert all("transactionId" not in p for p in idle)
    assert flaws(journal) == []


async def test_201_tells_by_transaction_events_and_idle_evses_by_meter_values(
    clock: Clock, journal: Journal
) -> None:
    async with world(clock, journal, V201, meter_interval_s=45, clock_aligned_interval_s=60) as (
        station,
        _,
    ):
        await station.plug(1, Car())
        await station.tap(1, "04A1")
        await clock.sleep(100)
    told = [e for e in sent(journal, "TransactionEvent") if e["triggerReason"].startswith("Meter")]
    assert [e["triggerReason"][10:] for e in told] == ["Periodic", "Clock", "Periodic"]
    assert [p["evseId"] for p in sent(journal, "MeterValues")] == [2]
    assert flaws(journal) == []


async def test_an_interval_of_zero_means_never(clock: Clock, journal: Journal) -> None:
    async with world(clock, journal, V16, meter_interval_s=0) as (station, _):
        await station.plug(1, Car())
        await station.tap(1, "04A1")
        await clock.sleep(3600)
    assert sent(journal, "MeterValues") == []


async def test_16_puts_noted_samples_into_stop_transaction(clock: Clock, journal: Journal) -> None:
    settings = {
        "stop_sampled_measurands": "Energy.Active.Import.Register",
        "stop_aligned_measurands": "Voltage",
    }
    async with world(
        clock,
        journal,
        V16,
        settings=settings,
        meter_interval_s=100,
        clock_aligned_interval_s=180,
    ) as (station, _):
        await station.plug(1, Car())
        await station.tap(1, "04A1")
        await clock.sleep(250)
        await station.tap(1, "04A1")
        await clock.sleep(1)
    noted = sent(journal, "StopTransaction")[0]["transactionData"]
    assert contexts(noted) == [
        "Transaction.Begin",
        "Sample.Periodic",
        "Sample.Clock",
        "Sample.Periodic",
        "Transaction.End",
    ]
    assert noted[-1]["sampledValue"][0]["value"] == str(
        sent(journal, "StopTransaction")[0]["meterStop"]
    )
    assert flaws(journal) == []


async def test_16_puts_nothing_there_by_default(clock: Clock, journal: Journal) -> None:
    async with world(clock, journal, V16) as (station, _):
        await station.plug(1, Car())
        await station.tap(1, "04A1")
        await clock.sleep(100)
        await station.tap(1, "04A1")
        await clock.sleep(1)
    assert "transactionData" not in sent(journal, "StopTransaction")[0]


@pytest.mark.parametrize(("interval_s", "between"), [("0", 0), ("60", 4)])
async def test_201_ends_with_begin_and_end_and_what_was_noted_between(
    clock: Clock, journal: Journal, interval_s: str, between: int
) -> None:
    settings = {"ended_interval_s": interval_s}
    async with world(clock, journal, V201, settings=settings) as (station, _):
        await station.plug(1, Car())
        await station.tap(1, "04A1")
        await clock.sleep(250)
        await station.tap(1, "04A1")
        await clock.sleep(1)
    values = sent(journal, "TransactionEvent")[-1]["meterValue"]
    assert contexts(values) == [
        "Transaction.Begin",
        *["Sample.Periodic"] * between,
        "Transaction.End",
    ]
    register = [value["sampledValue"][0]["value"] for value in values]
    assert register == sorted(register)


async def test_the_wire_s_energy_is_the_integral_of_the_wire_s_power(
    clock: Clock, journal: Journal
) -> None:
    async with world(clock, journal, V16, meter_interval_s=300) as (station, _):
        await station.plug(2, Car(soc_percent=20.0, knee_percent=90.0, pack_voltage_v=800.0))
        await station.tap(2, "04A1")
        await clock.sleep(1000)
    readings = [
        {v["measurand"]: float(v["value"]) for v in p["meterValue"][0]["sampledValue"]}
        for p in sent(journal, "MeterValues")
    ]
    assert len(readings) == 3
    before_wh = 0.0
    for seen in readings:
        assert seen["Power.Active.Import"] == pytest.approx(
            seen["Voltage"] * seen["Current.Import"], abs=0.1
        )
        flowed_wh = seen["Energy.Active.Import.Register"] - before_wh
        # The pack's voltage steps within the interval, and the current with it: 0.01 A of 800 V.
        assert flowed_wh == pytest.approx(seen["Power.Active.Import"] * 300 / 3600, abs=2)
        before_wh = seen["Energy.Active.Import.Register"]
    assert readings[-1]["SoC"] > readings[0]["SoC"] > 20
