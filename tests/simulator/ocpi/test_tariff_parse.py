"""Values are read leniently and refused with their place."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest

from simulator.ocpi.tariff_parse import (
    Place,
    TariffError,
    clock,
    day,
    items,
    mapping,
    moment,
    number,
    seen,
    text,
    whole,
    zone_of,
)

AT = Place("tariff", "/x")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3, "3"),
        (0.1, "0.1"),
        ("0.25", "0.25"),
        ("-1e2", "-100"),
        (Decimal("0E+500"), "0"),
        (Decimal("1E-400"), "0"),
        (10**12, "1000000000000"),
    ],
)
def test_numbers_are_exact(value: Any, expected: str) -> None:
    assert number(value, AT) == Decimal(expected)


@pytest.mark.parametrize(
    "value",
    [
        True,
        None,
        "",
        "1,5",
        "0x10",
        "NaN",
        "1e9999",
        [1],
        float("nan"),
        float("inf"),
        1e300,
        pytest.param(10**5000, id="thousands of digits"),
        Decimal("NaN"),
        Decimal("1E+999999"),
    ],
)
def test_what_is_no_number_is_refused_with_its_place(value: Any) -> None:
    with pytest.raises(TariffError) as caught:
        number(value, AT)
    assert caught.value.pointer == "/x"
    assert len(str(caught.value)) < 150


def test_numbers_of_a_range() -> None:
    assert number(0, AT, minimum=0) == 0
    with pytest.raises(TariffError, match="at least 0, found -1"):
        number(-1, AT, minimum=0)
    assert whole("300.0", AT) == 300
    with pytest.raises(TariffError, match="whole number"):
        whole(1.5, AT)


@pytest.mark.parametrize(
    "written",
    [
        "2026-05-04T12:00:00Z",
        "2026-05-04T12:00:00",
        "2026-05-04 12:00:00.000z",
        "2026-05-04T12:00Z",
        "2026-5-4T12:00:00Z",
        "2026-05-04T14:00:00+02:00",
        "2026-05-04T11:30:00-0030",
        datetime(2026, 5, 4, 12),
    ],
)
def test_moments(written: Any) -> None:
    assert moment(written, AT) == datetime(2026, 5, 4, 12, tzinfo=UTC)


def test_a_leap_second_is_the_one_after_it() -> None:
    assert moment("2016-12-31T23:59:60Z", AT) == datetime(2017, 1, 1, tzinfo=UTC)


def test_moments_keep_microseconds() -> None:
    assert moment("2026-05-04T12:00:00.1234567Z", AT).microsecond == 123456


@pytest.mark.parametrize(
    "written",
    [
        None,
        7,
        "today",
        "2026-05-04",
        "2026-02-30T12:00:00Z",
        "2026-05-04T25:00:00Z",
        "2026-05-04T12:00:00+99:00",
        "0001-01-01T00:00:00+14:00",
        "2026-05-04T12:00:00٣Z",
    ],
)
def test_no_moments(written: Any) -> None:
    with pytest.raises(TariffError):
        moment(written, AT)


def test_clock_and_day() -> None:
    assert clock("13:30", AT) == time(13, 30)
    assert clock("24:00", AT, end=True) == time(0)
    assert day("2015-12-24", AT) == date(2015, 12, 24)
    for wrong in ("24:00", "9:00", "09:60", 9):
        with pytest.raises(TariffError, match="time of day"):
            clock(wrong, AT)
    for wrong in ("2015-02-30", "24.12.2015", "0000-01-01", None):
        with pytest.raises(TariffError, match="a date"):
            day(wrong, AT)


@pytest.mark.parametrize("name", ["Mars/Base", "", "../etc/passwd", "Europe", "a\0b", "ü" * 300, 5])
def test_time_zones_that_do_not_exist(name: Any) -> None:
    with pytest.raises(TariffError) as caught:
        zone_of(name)
    assert caught.value.document == "time zone"


def test_time_zone() -> None:
    assert zone_of("Europe/Berlin").key == "Europe/Berlin"


def test_shapes() -> None:
    assert mapping({"a": 1}, AT) == {"a": 1}
    assert items([1], AT) == [1]
    assert text("a", AT) == "a"
    for read, wrong in ((mapping, []), (items, "ab"), (items, {}), (text, 1)):
        with pytest.raises(TariffError, match="expected"):
            read(wrong, AT)


def test_places_are_json_pointers() -> None:
    place = Place("session") / "a/b" / 0 / "c~d"
    error = place.error("wrong")
    assert (error.pointer, error.document) == ("/a~1b/0/c~0d", "session")
    assert str(error) == "session /a~1b/0/c~0d: wrong"


@pytest.mark.parametrize(
    ("value", "picture"),
    [(None, "null"), (True, "true"), ({}, "an object"), ([], "a list"), ("x", "'x'"), (2, "2")],
)
def test_values_are_shown_short(value: Any, picture: str) -> None:
    assert seen(value) == picture


def test_long_values_are_cut() -> None:
    assert len(seen("x" * 1000)) == 60
    assert seen(10**9999) == "a number of thousands of digits"
