"""What 2.1.1 has, has not, and has otherwise."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.ocpi.objects import KINDS
from simulator.ocpi.schema import hints_of, schema_of
from simulator.ocpi.v211_shape import SHAPE
from simulator.ocpi.validate import What, errors


def test_no_change_is_idle() -> None:
    for cls, changes in SHAPE.fields.items():
        canonical = hints_of(cls)
        for name, hint in changes.items():
            assert canonical.get(name) != hint, f"{cls.__name__}.{name}"
            assert hint is not None or name in canonical, f"{cls.__name__}.{name}"


@pytest.mark.parametrize(
    ("kind", "required"),
    [
        ("location", {"id", "type", "address", "city", "postal_code", "country", "coordinates"}),
        ("connector", {"id", "standard", "format", "power_type", "voltage", "amperage"}),
        ("token", {"uid", "type", "auth_id", "issuer", "valid", "whitelist"}),
        ("session", {"id", "start_datetime", "kwh", "auth_id", "auth_method", "location",
                     "currency", "status"}),
        ("cdr", {"id", "start_date_time", "stop_date_time", "auth_id", "auth_method", "location",
                 "currency", "charging_periods", "total_cost", "total_energy", "total_time"}),
        ("tariff", {"id", "currency", "elements"}),
        ("authorization_info", {"allowed"}),
        ("command_response", {"result"}),
        ("credentials", {"token", "url", "business_details", "party_id", "country_code"}),
    ],
)  # fmt: skip
def test_required_fields(kind: str, required: set[str]) -> None:
    found = set(schema_of(KINDS[kind], SHAPE)["required"])
    assert found - {"last_updated"} == required


def test_modules_that_came_later_have_no_objects() -> None:
    assert "charging_preferences" not in SHAPE.kinds
    assert "command:CANCEL_RESERVATION" not in SHAPE.kinds


def problems(kind: str, obj: Any, *, partial: bool = True) -> list[tuple[str, What]]:
    return [(p.pointer, p.what) for p in errors(kind, obj, "2.1.1", partial=partial)]


@pytest.mark.parametrize("time", ["2026-01-15T07:00:00.5Z", "2026-01-15T07:00:00+00:00"])
def test_a_date_time_has_no_fraction(time: str) -> None:
    assert problems("token", {"last_updated": time}) == [("/last_updated", What.FORMAT)]
    assert problems("token", {"last_updated": "2026-01-15T07:00:00"}) == []


def test_coordinates_have_six_decimals() -> None:
    place = {"coordinates": {"latitude": "53.55029", "longitude": "9.992140"}}
    assert problems("location", place) == [("/coordinates/latitude", What.FORMAT)]


def test_a_patch_needs_nothing_more() -> None:
    assert problems("evse", {"status": "CHARGING"}) == []


def test_hours_are_one_of_two() -> None:
    assert problems("location", {"opening_times": {}}) == [("/opening_times", What.CONDITION)]
    assert problems("location", {"opening_times": {"twentyfourseven": True}}) == []
    assert problems("location", {"opening_times": {"regular_hours": []}}) == []


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        ("token", "type", "APP_USER"),
        ("session", "status", "RESERVATION"),
        ("cdr", "auth_method", "COMMAND"),
        ("connector", "standard", "CHAOJI"),
        ("connector", "power_type", "AC_2_PHASE"),
        ("location", "type", "ALONG_MOTORWAY"),
    ],
)
def test_values_that_came_later_are_unknown(kind: str, field: str, value: str) -> None:
    assert problems(kind, {field: value}) == [(f"/{field}", What.ENUM)]


def test_a_price_is_a_number_and_a_reservation_too() -> None:
    assert problems("session", {"total_cost": {"excl_vat": 1}}) == [("/total_cost", What.TYPE)]
    assert problems("command:RESERVE_NOW", {"reservation_id": "1"}) == [
        ("/reservation_id", What.TYPE)
    ]


def test_names_outside_ascii_pass() -> None:
    assert problems("location", {"address": "Große Straße 1"}) == []
