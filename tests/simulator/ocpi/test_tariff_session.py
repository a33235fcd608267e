"""CDRs and Sessions are read into exact periods; what cannot be read is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from simulator.ocpi.tariff_parse import TariffError
from simulator.ocpi.tariff_session import exact_seconds, read_session, seconds_between
from tests.simulator.ocpi.tariff_examples import (
    MONDAY,
    Json,
    charging,
    energy,
    parking,
    period,
    reserved,
    session,
    utc,
)

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def test_a_period_ends_where_the_next_begins_in_any_order() -> None:
    made = session(energy(1, 30), energy(2, 15))
    made["charging_periods"].reverse()
    read = read_session(made)
    assert [(one.index, one.end - one.start) for one in read.periods] == [
        (1, timedelta(minutes=30)),
        (0, timedelta(minutes=15)),
    ]


def test_a_session_of_version_2_1_1() -> None:
    for begin, end in (("start_date_time", "stop_date_time"), ("start_datetime", "end_datetime")):
        made = {
            begin: "2026-05-04T12:00:00Z",
            end: "2026-05-04T13:00:00Z",
            "charging_periods": [period(NOON, FLAT=1, ENERGY=2)],
        }
        read = read_session(made)
        assert (read.start, read.end) == (NOON, NOON + timedelta(hours=1))
        assert read.periods[0].volumes == {"ENERGY": 2}


def test_a_running_session_ends_with_its_volumes() -> None:
    made = session(charging(60), charging(30))
    del made["end_date_time"]
    assert read_session(made).end == MONDAY + timedelta(minutes=90)


def test_a_session_may_have_no_periods_yet_a_cdr_not() -> None:
    made: Json = {"start_date_time": utc(NOON)}
    assert read_session(made | {"status": "ACTIVE"}).periods[0].volumes == {}
    with pytest.raises(TariffError, match="required") as caught:
        read_session(made)
    assert caught.value.pointer == "/charging_periods"


def test_reservation_and_charging_periods() -> None:
    made = session(reserved(20), charging(10), parking(10))
    read = read_session(made)
    assert [(one.reserves, one.charges) for one in read.periods] == [
        (True, False),
        (False, True),
        (False, True),
    ]
    assert read.charging_start == MONDAY + timedelta(minutes=20)
    assert not read.expired


def test_a_reservation_alone_has_expired() -> None:
    read = read_session(session(reserved(20)))
    assert read.expired
    assert read.charging_start == read.end
    assert read_session(session((20, {"RESERVATION_TIME": "0.3333", "ENERGY": 0}))).expired
    assert not read_session(session(reserved(20), status="RESERVATION")).expired


def test_volumes_of_one_kind_add_up() -> None:
    made = session(energy(1))
    made["charging_periods"][0]["dimensions"].append({"type": "ENERGY", "volume": "0.5"})
    assert read_session(made).periods[0].volumes == {"ENERGY": Decimal("1.5")}


def test_levels_may_be_negative_and_unknown_dimensions_are_left_out() -> None:
    read = read_session(session((60, {"ENERGY": 1, "MIN_CURRENT": -5, "STATE_OF_CHARGE": 50})))
    assert read.periods[0].levels == {"MIN_CURRENT": -5}


@pytest.mark.parametrize(
    ("hours", "elapsed", "seconds"),
    [
        ("0.1667", None, "600"),  # ten minutes to four decimals
        ("0.167", "600", "600"),  # to three: the elapsed time tells
        ("1.973", "7103", "7103"),
        ("0.5", "1900", "1800"),  # one decimal is meant as it stands
        ("0.25", "901", "900"),
        ("0.0001", None, "0.36"),  # too far from a whole second
        ("0.166701", None, "600.1236"),  # more decimals than rounding leaves
        ("0.16666666666666666", None, "600"),
        ("0", "60", "0"),
    ],
)
def test_seconds_of_rounded_hours(hours: str, elapsed: str | None, seconds: str) -> None:
    known = None if elapsed is None else Decimal(elapsed)
    assert exact_seconds(Decimal(hours), known) == Decimal(seconds)


def test_binary_noise_in_energy_is_dropped() -> None:
    read = read_session(session(energy(12.3 - 10.1)))  # 2.200000000000001
    assert read.periods[0].volumes["ENERGY"] == Decimal("2.2")


def test_elapsed_time_is_real_time() -> None:
    assert seconds_between(NOON, NOON + timedelta(microseconds=1)) == Decimal("0.000001")


def with_period(**more: Any) -> Json:
    return session(energy(1)) | {"charging_periods": [period(NOON, ENERGY=1) | more]}


@pytest.mark.parametrize(
    ("made", "pointer"),
    [
        (None, ""),
        ([], ""),
        ({}, "/start_date_time"),
        ({"start_date_time": 5}, "/start_date_time"),
        (session(energy(1)) | {"end_date_time": "2020-01-01T00:00:00Z"}, "/end_date_time"),
        (session(energy(1)) | {"charging_periods": None}, "/charging_periods"),
        (session(energy(1)) | {"charging_periods": {}}, "/charging_periods"),
        (session(energy(1)) | {"charging_periods": ["x"]}, "/charging_periods/0"),
        (with_period(start_date_time=None), "/charging_periods/0/start_date_time"),
        (with_period(start_date_time="2030-01-01T00:00:00Z"), "/charging_periods/0"),
        (with_period(dimensions={}), "/charging_periods/0/dimensions"),
        (with_period(dimensions=[1]), "/charging_periods/0/dimensions/0"),
        (with_period(dimensions=[{"volume": 1}]), "/charging_periods/0/dimensions/0/type"),
        (with_period(tariff_id=12), "/charging_periods/0/tariff_id"),
        (session(energy(-1)), "/charging_periods/0/dimensions/0/volume"),
        (session(energy(float("nan"))), "/charging_periods/0/dimensions/0/volume"),
        (session((9, {"MAX_POWER": None})), "/charging_periods/0/dimensions/0/volume"),
        (session(energy(1), currency=1), "/currency"),
    ],
)
def test_what_cannot_be_read(made: Any, pointer: str) -> None:
    with pytest.raises(TariffError) as caught:
        read_session(made)
    assert (caught.value.document, caught.value.pointer) == ("session", pointer)
