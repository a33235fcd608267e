"""Meter values in all the ways stations write them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.cpo.readings import Reading, of_meter_start, of_meter_stop, of_meter_values

AT = "2026-01-15T07:00:00Z"
MOMENT = datetime(2026, 1, 15, 7, tzinfo=UTC)


def read(*samples: dict[str, Any], at: str = AT) -> Reading:
    (reading,) = of_meter_values([{"timestamp": at, "sampledValue": list(samples)}])
    return reading


@pytest.mark.parametrize(
    ("samples", "kwh"),
    [
        ([{"value": "1500"}], "1.5"),  # every default of 1.6
        ([{"value": "1.5", "unit": "kWh"}], "1.5"),
        ([{"value": 1500.0}], "1.5"),  # 2.0.1: a number
        ([{"value": 1.5, "unitOfMeasure": {"unit": "kWh"}}], "1.5"),
        ([{"value": 15, "unitOfMeasure": {"unit": "Wh", "multiplier": 2}}], "1.5"),
        ([{"value": 15, "unitOfMeasure": {}}], "0.015"),
        ([{"value": "500", "phase": p} for p in ("L1", "L2", "L3")], "1.5"),
        ([{"value": "500", "phase": p} for p in ("L1-N", "L2-N", "L3-N")], "1.5"),
        ([{"value": "500", "phase": "L1"}, {"value": "1600"}], "1.6"),  # the total counts
        ([{"value": "1500"}, {"value": "9", "location": "Inlet"}], "1.5"),
        ([{"value": "AF==", "format": "SignedData"}, {"value": "1500"}], "1.5"),
        ([{"value": "7", "measurand": "Voltage"}], None),
    ],
)
def test_the_register(samples: list[dict[str, Any]], kwh: str | None) -> None:
    assert read(*samples).register_kwh == (None if kwh is None else Decimal(kwh))


def test_other_measurands() -> None:
    reading = read(
        {"value": "11000", "measurand": "Power.Active.Import"},
        {"value": "16", "measurand": "Current.Import", "phase": "L1"},
        {"value": "15", "measurand": "Current.Import", "phase": "L2"},
        {"value": "80", "measurand": "SoC", "unit": "Percent", "location": "EV"},
        {"value": "250", "measurand": "Energy.Active.Import.Interval"},
    )
    assert reading.power_kw == Decimal(11)
    assert reading.current_a == Decimal(31)
    assert reading.soc_percent == Decimal(80)
    assert reading.interval_kwh == Decimal("0.25")
    assert reading.register_kwh is None


@pytest.mark.parametrize("value", ["", "abc", "NaN", "Infinity", None, "1e15", "1e999", "1e-999"])
def test_what_cannot_be_read_is_named_and_left_out(value: Any) -> None:
    reading = read({"value": value}, {"value": "5", "measurand": "SoC", "unit": "Percent"})
    assert reading.register_kwh is None
    assert reading.soc_percent == Decimal(5)
    assert "Energy.Active.Import.Register" in reading.odd[0]


def test_an_unknown_unit_is_odd() -> None:
    assert read({"value": "1", "unit": "varh"}).odd


def test_readings_come_in_order_and_without_a_time_not_at_all() -> None:
    values = [
        {"timestamp": "2026-01-15T07:02:00Z", "sampledValue": [{"value": "2"}]},
        {"timestamp": "soon", "sampledValue": [{"value": "9"}]},
        {"timestamp": "0001-01-01T00:00:00+05:00", "sampledValue": [{"value": "9"}]},
        {"timestamp": "2026-01-15T08:01:00+01:00", "sampledValue": [{"value": "1"}]},
    ]
    assert [r.register_kwh for r in of_meter_values(values)] == [Decimal("0.001"), Decimal("0.002")]


def test_a_16_register() -> None:
    started, stopped = of_meter_start(MOMENT, 1234), of_meter_stop(MOMENT, 1234)
    assert started.register_kwh == started.begin_kwh == Decimal("1.234")
    assert stopped.register_kwh == stopped.end_kwh == Decimal("1.234")
    assert (started.end_kwh, stopped.begin_kwh) == (None, None)
    assert of_meter_start(MOMENT, "x").odd
    assert of_meter_stop(MOMENT, 10**40).odd


def test_registers_of_begin_and_end_are_told_by_their_context() -> None:
    both = read(
        {"value": "1000", "context": "Transaction.Begin"},
        {"value": "3000", "context": "Transaction.End"},
    )
    assert (both.begin_kwh, both.end_kwh, both.register_kwh) == (1, 3, 3)
    assert read({"value": "1000", "context": "Sample.Periodic"}).begin_kwh is None


def test_what_is_told_of_one_moment_in_parts_is_one_reading() -> None:
    parts = [
        {"value": "50", "measurand": "Power.Active.Import"},
        {"value": "abc"},
        {"value": "0", "measurand": "Current.Import"},
        {"value": "1500"},
    ]
    (reading,) = of_meter_values([{"timestamp": AT, "sampledValue": [part]} for part in parts])
    assert reading.register_kwh == Decimal("1.5")
    assert (reading.power_kw, reading.current_a) == (Decimal("0.05"), 0)
    assert len(reading.odd) == 1


@given(
    st.one_of(
        st.from_regex(r"-?[0-9]{1,5}(e-?[0-9]{1,4})?"),
        st.text(),
        st.floats(),
        st.integers(),
        st.none(),
        st.booleans(),
    ),
    st.text(),
)
def test_nothing_a_station_writes_breaks_it(value: Any, unit: str) -> None:
    reading = read({"value": value, "unit": unit})
    assert reading.register_kwh is None or reading.register_kwh.is_finite()
