"""What differs between the versions, row by row: fields, demands, enums, transport.

Source: the property tables and enums of the tags 2.1.1-d2, 2.2-d2 and v2.2.1-d2. Whatever the shape
of a version changes must stand here, and whatever stands here must be in its shape.
"""

from __future__ import annotations

from typing import Any, NamedTuple, NotRequired, get_args, get_origin

import pytest

from simulator.ocpi import enums, objects, v22, v211_shape
from simulator.ocpi import objects_billing as billing
from simulator.ocpi import objects_location as places
from simulator.ocpi.codec import Around
from simulator.ocpi.headers import Party
from simulator.ocpi.schema import hints_of
from simulator.ocpi.shape import CANONICAL, Shape
from simulator.ocpi.types import DATE_TIME_TEXT, LATITUDE_TEXT, LONGITUDE_TEXT
from simulator.ocpi.v211 import CODEC
from simulator.ocpi.versions import VERSIONS
from tests.simulator.ocpi.samples import sample


class Row(NamedTuple):
    """A class: fields of the older version alone, of 2.2.1 alone, and of both but otherwise.

    A field ends in `!` where its version requires it.
    """

    cls: type
    old: str = ""
    new: str = ""
    otherwise: str = ""


OWNED = "country_code! party_id!"
SINCE_2_1_1 = (
    Row(objects.Credentials, "business_details! party_id! country_code!", "roles!"),
    Row(objects.Endpoint, "", "role!"),
    Row(places.Location, "type!", f"{OWNED} publish! publish_allowed_to state parking_type",
        "id postal_code time_zone facilities"),
    Row(places.EVSE, "", "", "uid capabilities"),
    Row(places.Connector, "voltage! amperage! tariff_id",
        "max_voltage! max_amperage! max_electric_power tariff_ids", "standard power_type"),
    Row(places.Hours, "", "", "twentyfourseven"),
    Row(places.EnvironmentalImpact, "source!", "category!"),
    Row(objects.Token, "auth_id!",
        f"{OWNED} contract_id! group_id default_profile_type energy_contract", "type"),
    Row(objects.AuthorizationInfo, "", "token! authorization_reference"),
    Row(objects.LocationReferences, "connector_ids", "", "location_id evse_uids"),
    Row(billing.Session, "start_datetime! end_datetime auth_id! location!",
        f"{OWNED} start_date_time! end_date_time cdr_token! location_id! evse_uid! connector_id!"
        " authorization_reference", "auth_method total_cost status"),
    Row(billing.CDR, "stop_date_time! auth_id! location!",
        f"{OWNED} end_date_time! session_id cdr_token! cdr_location! authorization_reference"
        " signed_data total_fixed_cost total_energy_cost total_time_cost total_parking_cost"
        " total_reservation_cost invoice_reference_id credit credit_reference_id"
        " home_charging_compensation", "id auth_method total_cost"),
    Row(billing.CdrDimension, "", "", "type"),
    Row(billing.ChargingPeriod, "", "tariff_id"),
    Row(billing.Tariff, "", f"{OWNED} type min_price max_price start_date_time end_date_time"),
    Row(billing.PriceComponent, "", "vat"),
    Row(billing.TariffRestrictions, "", "min_current max_current reservation"),
    Row(objects.StartSession, "", "connector_id authorization_reference", "location_id evse_uid"),
    Row(objects.ReserveNow, "", "authorization_reference", "reservation_id location_id evse_uid"),
    Row(objects.UnlockConnector, "", "", "location_id evse_uid"),
    Row(objects.CommandResponse, "", "timeout! message", "result"),
    Row(objects.CommandResult, "", "message", "result"),
)  # fmt: skip
SINCE_2_2 = (
    Row(places.EVSE, "", "", "capabilities"),
    Row(places.Connector, "", "", "standard power_type"),
    Row(billing.CdrToken, "", OWNED),
    Row(billing.CdrLocation, "", "state", "postal_code connector_standard connector_power_type"),
    Row(objects.StartSession, "", "connector_id"),
)


def marked(hints: dict[str, Any], names: set[str]) -> set[str]:
    """Names, with `!` where required."""
    return {
        name if get_origin(hints[name]) is NotRequired else f"{name}!" for name in sorted(names)
    }


@pytest.mark.parametrize(
    ("shape", "row"),
    [(v211_shape.SHAPE, row) for row in SINCE_2_1_1] + [(v22.SHAPE, row) for row in SINCE_2_2],
    ids=[f"2.1.1-{row.cls.__name__}" for row in SINCE_2_1_1]
    + [f"2.2-{row.cls.__name__}" for row in SINCE_2_2],
)
def test_the_fields_of_a_class(shape: Shape, row: Row) -> None:
    before, now = hints_of(row.cls, shape), hints_of(row.cls)
    assert marked(before, before.keys() - now.keys()) == set(row.old.split())
    assert marked(now, now.keys() - before.keys()) == set(row.new.split())
    changed = {name for name in before.keys() & now.keys() if before[name] != now[name]}
    assert changed == set(row.otherwise.split())


@pytest.mark.parametrize(
    ("shape", "rows"), [(v211_shape.SHAPE, SINCE_2_1_1), (v22.SHAPE, SINCE_2_2)]
)
def test_no_other_class_differs(shape: Shape, rows: tuple[Row, ...]) -> None:
    assert {cls.__name__ for cls in shape.fields} == {row.cls.__name__ for row in rows}


@pytest.mark.parametrize(
    ("cls", "name", "old", "new"),
    [
        (places.Location, "id", 39, 36),
        (places.EVSE, "uid", 39, 36),
        (objects.LocationReferences, "location_id", 39, 36),
        (billing.CDR, "id", 36, 39),
    ],
)
def test_the_length_of_ids(cls: type, name: str, old: int, new: int) -> None:
    def length(shape: Shape) -> int:
        (mark,) = get_args(hints_of(cls, shape)[name])[1:]
        return int(mark.max_length)

    assert (length(v211_shape.SHAPE), length(CANONICAL)) == (old, new)


@pytest.mark.parametrize(
    ("old", "new", "later", "gone"),
    [
        (v211_shape.AuthMethod, enums.AuthMethod, "COMMAND", ""),
        (v211_shape.Capability, enums.Capability,
         "CHARGING_PREFERENCES_CAPABLE CHIP_CARD_SUPPORT CONTACTLESS_CARD_SUPPORT"
         " DEBIT_CARD_PAYABLE PED_TERMINAL START_SESSION_CONNECTOR_REQUIRED TOKEN_GROUP_CAPABLE",
         ""),
        (v211_shape.CdrDimensionType, enums.CdrDimensionType,
         "CURRENT ENERGY_EXPORT ENERGY_IMPORT MAX_POWER MIN_POWER POWER RESERVATION_TIME"
         " STATE_OF_CHARGE", "FLAT"),
        (v211_shape.TokenType, enums.TokenType, "AD_HOC_USER APP_USER", ""),
        (v211_shape.PowerType, enums.PowerType, "AC_2_PHASE AC_2_PHASE_SPLIT", ""),
        (v211_shape.SessionStatus, enums.SessionStatus, "RESERVATION", ""),
        (v211_shape.LocationType, enums.ParkingType, "ALONG_MOTORWAY ON_DRIVEWAY",
         "OTHER UNKNOWN"),
        (v211_shape.CommandResponseType, enums.CommandResponseType, "", "TIMEOUT"),
        (v22.Capability, enums.Capability, "START_SESSION_CONNECTOR_REQUIRED", ""),
        (v22.PowerType, enums.PowerType, "AC_2_PHASE AC_2_PHASE_SPLIT", ""),
    ],
)  # fmt: skip
def test_the_words_of_an_enum(old: Any, new: Any, later: str, gone: str) -> None:
    before, now = set(get_args(old)), set(get_args(new))
    assert (now - before, before - now) == (set(later.split()), set(gone.split()))


@pytest.mark.parametrize("old", [v211_shape.ConnectorType, v22.ConnectorType])
def test_connectors_that_came_later(old: Any) -> None:
    def all_of(hint: Any) -> set[str]:
        return {v for a in get_args(hint) for v in (all_of(a) if get_args(a) else {a})}

    before, now = all_of(old), all_of(enums.ConnectorType)
    later = {"CHAOJI", "GBT_AC", "GBT_DC", "DOMESTIC_M", "DOMESTIC_N", "DOMESTIC_O"}
    later |= {name for name in now if name.startswith(("NEMA_",))}
    pantographs = {"PANTOGRAPH_BOTTOM_UP", "PANTOGRAPH_TOP_DOWN"}
    assert before <= now and now - before == later | (pantographs - before)
    assert len(later) == 13


def test_modules_and_verbs() -> None:
    def modules(number: str) -> set[str]:
        return {row.module for row in VERSIONS[number].modules}

    assert modules("2.2.1") - modules("2.1.1") == {"chargingprofiles", "hubclientinfo"}
    assert modules("2.2.1") == modules("2.2")
    patch = {n: version.knows("tariffs", "RECEIVER", "PATCH") for n, version in VERSIONS.items()}
    assert patch == {"2.1.1": True, "2.2": False, "2.2.1": False}
    assert all(v.knows("tariffs", "RECEIVER", "DELETE") for v in VERSIONS.values())


def test_transport() -> None:
    rows = {
        n: (v.token_form, v.request_ids, v.routing_headers, v.endpoint_roles, 2004 in v.codes)
        for n, v in VERSIONS.items()
    }
    later = ("base64", True, True, True, True)
    assert rows == {"2.1.1": ("raw", False, False, False, False), "2.2": later, "2.2.1": later}


def test_texts_of_2_1_1() -> None:
    assert set(v211_shape.SHAPE.texts) == {DATE_TIME_TEXT, LATITUDE_TEXT, LONGITUDE_TEXT}
    assert v211_shape.SHAPE.patch_needs == () and v22.SHAPE.patch_needs == ("last_updated",)
    assert v22.SHAPE.texts == {}


# The way down, field by field: lost and listed, or told otherwise and back again


LOST = {
    "location": {"publish_allowed_to": [{"uid": "1", "type": "RFID"}], "state": "Hamburg"},
    "connector": {"max_electric_power": 22000},
    "token": {"group_id": "G", "default_profile_type": "GREEN",
              "energy_contract": {"supplier_name": "S"}},
    "authorization_info": {"token": {"uid": "1"}, "authorization_reference": "A"},
    "session": {"authorization_reference": "A"},
    "cdr": {"session_id": "S", "authorization_reference": "A", "signed_data": {"public_key": "K"},
            "total_fixed_cost": {"excl_vat": 1}, "total_energy_cost": {"excl_vat": 1},
            "total_time_cost": {"excl_vat": 1}, "total_parking_cost": {"excl_vat": 1},
            "total_reservation_cost": {"excl_vat": 1}, "invoice_reference_id": "I",
            "credit_reference_id": "C"},
    "tariff": {"type": "REGULAR", "min_price": {"excl_vat": 1}, "max_price": {"excl_vat": 1},
               "start_date_time": "2026-01-15T07:00:00Z", "end_date_time": "2027-01-15T07:00:00Z"},
    "command:START_SESSION": {"connector_id": "1", "authorization_reference": "A"},
    "command:RESERVE_NOW": {"authorization_reference": "A"},
    "command_response": {"message": [{"language": "en", "text": "no"}]},
    "command_result": {"message": [{"language": "en", "text": "no"}]},
}  # fmt: skip
AROUND = Around(Party("DE", "SNN"), Party("DE", "8PS"), role="CPO")


@pytest.mark.parametrize(
    ("kind", "name"), [(k, name) for k, names in LOST.items() for name in names]
)
def test_what_2_1_1_cannot_say_is_listed(kind: str, name: str) -> None:
    obj = {**sample(kind.replace(":", ".")), name: LOST[kind][name]}
    wire, losses = CODEC.to_wire(kind, obj, AROUND)
    assert name not in wire and f"/{name}" in losses
    bare = {key: value for key, value in obj.items() if key != name}
    wire, losses = CODEC.to_wire(kind, bare, AROUND)
    assert f"/{name}" not in losses, "nothing was there to lose"


@pytest.mark.parametrize(
    ("kind", "canonical", "wire"),
    [
        ("connector", {"max_voltage": 230}, {"voltage": 230}),
        ("connector", {"max_amperage": 32}, {"amperage": 32}),
        ("connector", {"tariff_ids": ["T"]}, {"tariff_id": "T"}),
        ("token", {"contract_id": "DE-8PS-1"}, {"auth_id": "DE-8PS-1"}),
        ("session", {"start_date_time": "2026-01-15T07:00:00Z"},
         {"start_datetime": "2026-01-15T07:00:00Z"}),
        ("session", {"end_date_time": "2026-01-15T07:00:00Z"},
         {"end_datetime": "2026-01-15T07:00:00Z"}),
        ("session", {"total_cost": {"excl_vat": 5}}, {"total_cost": 5}),
        ("cdr", {"end_date_time": "2026-01-15T07:00:00Z"},
         {"stop_date_time": "2026-01-15T07:00:00Z"}),
        ("cdr", {"start_date_time": "2026-01-15T07:00:00Z"},
         {"start_date_time": "2026-01-15T07:00:00Z"}),
        ("cdr", {"total_cost": {"excl_vat": 5}}, {"total_cost": 5}),
        ("location", {"parking_type": "ON_STREET"}, {"type": "ON_STREET"}),
        ("location", {"energy_mix": {"environ_impact": [{"category": "CARBON_DIOXIDE"}]}},
         {"energy_mix": {"environ_impact": [{"source": "CARBON_DIOXIDE"}]}}),
        ("command:RESERVE_NOW", {"reservation_id": "17"}, {"reservation_id": 17}),
    ],
)  # fmt: skip
def test_what_2_1_1_calls_otherwise_comes_back(
    kind: str, canonical: dict[str, Any], wire: dict[str, Any]
) -> None:
    written, losses = CODEC.to_wire(kind, canonical, AROUND, partial=True)
    assert (written, losses) == (wire, ())
    assert CODEC.from_wire(kind, wire, AROUND, partial=True) == canonical


@pytest.mark.parametrize("kind", ["location", "tariff", "token", "session", "cdr"])
def test_the_owner_is_that_of_the_connection(kind: str) -> None:
    around = Around(Party("NL", "XYZ"), Party("DE", "8PS"))
    wire, losses = CODEC.to_wire(kind, sample(kind), around)
    assert not {"country_code", "party_id"} & set(wire)
    assert not [loss for loss in losses if loss in ("/country_code", "/party_id")]
    back = CODEC.from_wire(kind, wire, around)
    assert (back["country_code"], back["party_id"]) == ("NL", "XYZ")
