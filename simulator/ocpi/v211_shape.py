"""The objects of OCPI 2.1.1, as changes to the canonical classes.

Rule: a row a field that differs, as the property tables of 2.1.1-d2 have it; None where the version
does not have the field.

Lenient here too: a string may be any printable UTF-8 (the types chapter allows ASCII alone, and few
European addresses would pass), and an address may have 255 characters.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, Literal, NotRequired

from simulator.ocpi import enums, objects, objects_billing
from simulator.ocpi.objects_location import (
    EVSE,
    BusinessDetails,
    Connector,
    EnvironmentalImpact,
    Hours,
    Location,
)
from simulator.ocpi.shape import EXPECTED, Shape
from simulator.ocpi.types import (
    DATE_TIME_TEXT,
    LATITUDE_TEXT,
    LONGITUDE_TEXT,
    CiString36,
    CiString39,
    Count,
    CountryCode,
    DateTime,
    Int,
    Number,
    PartyId,
    String10,
    String255,
    Text,
)

Capability = Literal[
    "CHARGING_PROFILE_CAPABLE",
    "CREDIT_CARD_PAYABLE",
    "REMOTE_START_STOP_CAPABLE",
    "RESERVABLE",
    "RFID_READER",
    "UNLOCK_CAPABLE",
]
ConnectorType = Literal[
    "CHADEMO",
    "DOMESTIC_A",
    "DOMESTIC_B",
    "DOMESTIC_C",
    "DOMESTIC_D",
    "DOMESTIC_E",
    "DOMESTIC_F",
    "DOMESTIC_G",
    "DOMESTIC_H",
    "DOMESTIC_I",
    "DOMESTIC_J",
    "DOMESTIC_K",
    "DOMESTIC_L",
    "IEC_60309_2_single_16",
    "IEC_60309_2_three_16",
    "IEC_60309_2_three_32",
    "IEC_60309_2_three_64",
    "IEC_62196_T1",
    "IEC_62196_T1_COMBO",
    "IEC_62196_T2",
    "IEC_62196_T2_COMBO",
    "IEC_62196_T3A",
    "IEC_62196_T3C",
    "TESLA_R",
    "TESLA_S",
]
PowerType = Literal["AC_1_PHASE", "AC_3_PHASE", "DC"]
Facility = Literal[
    "HOTEL",
    "RESTAURANT",
    "CAFE",
    "MALL",
    "SUPERMARKET",
    "SPORT",
    "RECREATION_AREA",
    "NATURE",
    "MUSEUM",
    "BUS_STOP",
    "TAXI_STAND",
    "TRAIN_STATION",
    "AIRPORT",
    "CARPOOL_PARKING",
    "FUEL_STATION",
    "WIFI",
]
LocationType = Literal[
    "ON_STREET", "PARKING_GARAGE", "UNDERGROUND_GARAGE", "PARKING_LOT", "OTHER", "UNKNOWN"
]
AuthMethod = Literal["AUTH_REQUEST", "WHITELIST"]
CdrDimensionType = Literal["ENERGY", "FLAT", "MAX_CURRENT", "MIN_CURRENT", "PARKING_TIME", "TIME"]
SessionStatus = Literal["ACTIVE", "COMPLETED", "INVALID", "PENDING"]
TokenType = Literal["OTHER", "RFID"]
# One enum answers a command, at once and later.
CommandResponseType = Literal["NOT_SUPPORTED", "REJECTED", "ACCEPTED", "TIMEOUT", "UNKNOWN_SESSION"]

_NOT_OWNED: dict[str, Any] = {"country_code": None, "party_id": None}
_NO_REFERENCE: dict[str, Any] = {"authorization_reference": None}
_NO_MESSAGE: dict[str, Any] = {"result": CommandResponseType, "message": None}

_FIELDS: dict[type, dict[str, Any]] = {
    Location: {
        **_NOT_OWNED,
        "id": CiString39,
        "type": LocationType,
        "publish": None,
        "publish_allowed_to": None,
        "postal_code": String10,
        "state": None,
        "parking_type": None,
        "facilities": NotRequired[list[Facility]],
        "time_zone": NotRequired[String255],
    },
    EVSE: {"uid": CiString39, "capabilities": NotRequired[list[Capability]]},
    Connector: {
        "standard": ConnectorType,
        "power_type": PowerType,
        "max_voltage": None,
        "max_amperage": None,
        "max_electric_power": None,
        "voltage": Count,
        "amperage": Count,
        "tariff_ids": None,
        "tariff_id": NotRequired[CiString36],
    },
    Hours: {"twentyfourseven": NotRequired[bool]},
    EnvironmentalImpact: {"category": None, "source": enums.EnvironmentalImpactCategory},
    objects_billing.Tariff: {
        **_NOT_OWNED,
        "type": None,
        "min_price": None,
        "max_price": None,
        "start_date_time": None,
        "end_date_time": None,
    },
    objects_billing.PriceComponent: {"vat": None},
    objects_billing.TariffRestrictions: {
        "min_current": None,
        "max_current": None,
        "reservation": None,
    },
    objects.Token: {
        **_NOT_OWNED,
        "type": TokenType,
        "contract_id": None,
        "auth_id": CiString36,
        "group_id": None,
        "default_profile_type": None,
        "energy_contract": None,
    },
    objects.LocationReferences: {
        "location_id": CiString39,
        "evse_uids": NotRequired[list[CiString39]],
        "connector_ids": NotRequired[list[CiString36]],
    },
    objects.AuthorizationInfo: {**_NO_REFERENCE, "token": None},
    objects_billing.CdrDimension: {"type": CdrDimensionType},
    objects_billing.ChargingPeriod: {"tariff_id": None},
    objects_billing.Session: {
        **_NOT_OWNED,
        **_NO_REFERENCE,
        "start_date_time": None,
        "end_date_time": None,
        "start_datetime": DateTime,
        "end_datetime": NotRequired[DateTime],
        "cdr_token": None,
        "auth_id": CiString36,
        "auth_method": AuthMethod,
        "location_id": None,
        "evse_uid": None,
        "connector_id": None,
        "location": Location,
        "total_cost": NotRequired[Number],
        "status": SessionStatus,
    },
    objects_billing.CDR: {
        **_NOT_OWNED,
        **_NO_REFERENCE,
        "id": CiString36,
        "end_date_time": None,
        "stop_date_time": DateTime,
        "session_id": None,
        "cdr_token": None,
        "auth_id": CiString36,
        "auth_method": AuthMethod,
        "cdr_location": None,
        "location": Location,
        "signed_data": None,
        "total_cost": Number,
        "total_fixed_cost": None,
        "total_energy_cost": None,
        "total_time_cost": None,
        "total_parking_cost": None,
        "total_reservation_cost": None,
        "invoice_reference_id": None,
        "credit": None,
        "credit_reference_id": None,
        "home_charging_compensation": None,
    },
    objects.ReserveNow: {
        **_NO_REFERENCE,
        "reservation_id": Int,
        "location_id": CiString39,
        "evse_uid": NotRequired[CiString39],
    },
    objects.StartSession: {
        **_NO_REFERENCE,
        "location_id": CiString39,
        "evse_uid": NotRequired[CiString39],
        "connector_id": None,
    },
    objects.UnlockConnector: {"location_id": CiString39, "evse_uid": CiString39},
    objects.CommandResponse: {**_NO_MESSAGE, "timeout": None},
    objects.CommandResult: _NO_MESSAGE,
    objects.Credentials: {
        "roles": None,
        "business_details": BusinessDetails,
        "party_id": PartyId,
        "country_code": CountryCode,
    },
    objects.Endpoint: {"role": None},
}

_CONDITIONS = {
    Hours: (
        {
            "anyOf": [{"required": ["twentyfourseven"]}, {"required": ["regular_hours"]}],
            EXPECTED: "twentyfourseven or regular_hours",
        },
    ),
    objects.StartSession: (),
    objects_billing.CDR: (),
}

SHAPE = Shape(
    kinds=MappingProxyType(
        {
            kind: cls
            for kind, cls in objects.KINDS.items()
            if kind not in ("charging_preferences", "command:CANCEL_RESERVATION")
        }
    ),
    fields=MappingProxyType(_FIELDS),
    texts=MappingProxyType(
        {
            DATE_TIME_TEXT: Text(
                "DateTime in UTC without a fraction, as 2026-01-15T07:00:00Z",
                None,
                DATE_TIME_TEXT.pattern.replace(r"(?:\.[0-9]+)?", ""),
            ),
            LATITUDE_TEXT: Text("latitude, as 50.770774", None, r"^-?[0-9]{1,2}\.[0-9]{6}$"),
            LONGITUDE_TEXT: Text("longitude, as -126.104965", None, r"^-?[0-9]{1,3}\.[0-9]{6}$"),
        }
    ),
    conditions=MappingProxyType(_CONDITIONS),
    patch_needs=(),
)
