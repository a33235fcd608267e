"""OCPI 2.1.1 beside 2.2.1: one table a class, one row a difference, as the property tables have it.

Rule: see `bridge`. One party stands on either side of a connection, so objects name none; sessions
and CDRs hold a whole location, and of the token its contract alone; prices are numbers without VAT.
"""

from __future__ import annotations

import zlib
from types import MappingProxyType

from simulator.ocpi import v211_shape
from simulator.ocpi.bridge import (
    Implied,
    Lost,
    Made,
    Nested,
    Obj,
    Owned,
    Renamed,
    Row,
    Table,
    TableCodec,
    Trip,
    Values,
    WholeSeconds,
    Without,
)
from simulator.ocpi.envelope import Json
from simulator.ocpi.v22 import unknown_to
from simulator.ocpi.v211_places import (
    CHANGED,
    CONNECTOR,
    ENERGY_MIX,
    EVSE,
    LOCATION,
    LOCATION_OF_CDR,
    LOCATION_OF_SESSION,
    UNSAYABLE,
    not_regular,
    restricted_otherwise,
)

# Tariffs

PRICE_COMPONENT = Table(Lost("vat"))
ELEMENT = Table(
    Nested("price_components", PRICE_COMPONENT), Nested("restrictions", Table(Lost(*UNSAYABLE)))
)
TARIFF = Table(
    Owned(),
    Lost("type", "min_price", "max_price", "start_date_time", "end_date_time"),
    Nested("elements", ELEMENT),
    Without("elements", restricted_otherwise),
    Nested("energy_mix", ENERGY_MIX),
    CHANGED,
)

# Tokens

TOKEN_TYPES = MappingProxyType({"AD_HOC_USER": "OTHER", "APP_USER": "OTHER", "EMAID": "OTHER"})
TOKEN = Table(
    Owned(),
    Renamed("contract_id", "auth_id"),
    Lost("group_id", "default_profile_type", "energy_contract"),
    Values("type", TOKEN_TYPES),
    CHANGED,
)
AUTHORIZATION_INFO = Table(Lost("token", "authorization_reference"))

# Sessions and CDRs


def _write_contract(obj: Obj, out: Obj, trip: Trip, at: str) -> None:
    token = out.pop("cdr_token", None)
    if not isinstance(token, dict):
        return
    out["auth_id"] = token.get("contract_id")
    lost = ("uid", "type", "country_code", "party_id")
    trip.losses += [f"{at}/cdr_token/{name}" for name in lost if token.get(name) is not None]


def _read_contract(raw: Obj, out: Obj, trip: Trip) -> None:
    contract_id = out.pop("auth_id", None)
    if not isinstance(contract_id, str):
        return
    known = trip.around.token(contract_id) or {}
    owner = trip.around.receiver
    # Several tokens may share a contract: unless the owner knows better, the contract stands for
    # the token.
    token = {"uid": known.get("uid", contract_id), "type": known.get("type", "RFID")}
    if owner is not None:
        token |= {"country_code": owner.country_code, "party_id": owner.party_id}
    out["cdr_token"] = {**token, "contract_id": contract_id}


def _write_cost(obj: Obj, out: Obj, trip: Trip, at: str) -> None:
    price = out.get("total_cost")
    if isinstance(price, dict):
        out["total_cost"] = price.get("excl_vat")
        if price.get("incl_vat") is not None:
            trip.losses.append(f"{at}/total_cost/incl_vat")


def _read_cost(raw: Obj, out: Obj, trip: Trip) -> None:
    number = out.get("total_cost")
    if number is not None and not isinstance(number, dict | list):
        out["total_cost"] = {"excl_vat": number}


_unknown_dimension = unknown_to(v211_shape.CdrDimensionType)


def _unsayable_dimension(dimension: Json) -> bool:
    return isinstance(dimension, dict) and _unknown_dimension(dimension.get("type"))


def _unsayable_period(period: Json) -> bool:
    dimensions = period.get("dimensions") if isinstance(period, dict) else None
    return isinstance(dimensions, list) and all(map(_unsayable_dimension, dimensions))


# Without the flag of 2.2.1 the remark tells of a home charger's compensation (Plugsurfing's
# documents): exempt from VAT or not.
EXEMPT, NOT_EXEMPT = "HCC_E", "HCC_V"


def _write_compensation(obj: Obj, out: Obj, trip: Trip, at: str) -> None:
    flagged = out.pop("home_charging_compensation", None) is True
    told = out.get("remark") in (EXEMPT, NOT_EXEMPT)
    if flagged == told:
        return
    trip.losses.append(f"{at}/remark")
    if told:  # a remark that here would mean more than it did there
        del out["remark"]
        return
    cost = obj.get("total_cost")
    taxed = isinstance(cost, dict) and cost.get("incl_vat") is not None
    out["remark"] = NOT_EXEMPT if taxed else EXEMPT


def _read_compensation(raw: Obj, out: Obj, trip: Trip) -> None:
    if raw.get("remark") in (EXEMPT, NOT_EXEMPT):
        out["home_charging_compensation"] = True


COMPENSATION = Made(_write_compensation, _read_compensation)


PERIOD = Table(
    Lost("tariff_id"), Without("dimensions", _unsayable_dimension), WholeSeconds("start_date_time")
)
_BILLED: tuple[Row, ...] = (
    Owned(),
    Lost("authorization_reference"),
    Made(_write_contract, _read_contract),
    Made(_write_cost, _read_cost),
    Values("auth_method", MappingProxyType({"COMMAND": "AUTH_REQUEST"})),
    Nested("charging_periods", PERIOD),
    Without("charging_periods", _unsayable_period),
    WholeSeconds("start_date_time", "end_date_time", "last_updated"),
)
SESSION = Table(
    *_BILLED,
    LOCATION_OF_SESSION,
    Renamed("start_date_time", "start_datetime"),
    Renamed("end_date_time", "end_datetime"),
    Values("status", MappingProxyType({"RESERVATION": "PENDING"})),
)
CDR = Table(
    COMPENSATION,
    *_BILLED,
    LOCATION_OF_CDR,
    Renamed("end_date_time", "stop_date_time"),
    Implied("credit", False),
    Nested("tariffs", TARIFF),
    Without("tariffs", lambda tariff: isinstance(tariff, dict) and not_regular(tariff)),
    Lost(
        "session_id",
        "signed_data",
        "total_fixed_cost",
        "total_energy_cost",
        "total_time_cost",
        "total_parking_cost",
        "total_reservation_cost",
        "invoice_reference_id",
        "credit_reference_id",
    ),
)

# Commands


def _write_reservation_id(obj: Obj, out: Obj, trip: Trip, at: str) -> None:
    name = out.get("reservation_id")
    if not isinstance(name, str):
        return
    # A number there: the id's own, else one that is always the same for the same id.
    if name.isascii() and name.isdecimal() and str(int(name[:18])) == name:
        out["reservation_id"] = int(name)
    else:
        out["reservation_id"] = zlib.crc32(name.encode())
        trip.losses.append(f"{at}/reservation_id")


def _read_reservation_id(raw: Obj, out: Obj, trip: Trip) -> None:
    number = out.get("reservation_id")
    if isinstance(number, int) and not isinstance(number, bool):
        out["reservation_id"] = str(number)


# The answers to a command have no time limit there: this one is put in on reading.
COMMAND_TIMEOUT_S = 30
_RESULTS = MappingProxyType(
    {
        "CANCELED_RESERVATION": "REJECTED",
        "EVSE_OCCUPIED": "REJECTED",
        "EVSE_INOPERATIVE": "REJECTED",
        "FAILED": "REJECTED",
        "UNKNOWN_RESERVATION": "REJECTED",
    }
)
START_SESSION = Table(Lost("connector_id", "authorization_reference"), Nested("token", TOKEN))
RESERVE_NOW = Table(
    Lost("authorization_reference"),
    Nested("token", TOKEN),
    Made(_write_reservation_id, _read_reservation_id),
    WholeSeconds("expiry_date"),
)
COMMAND_RESPONSE = Table(Lost("message"), Implied("timeout", COMMAND_TIMEOUT_S))
COMMAND_RESULT = Table(
    Lost("message"), Values("result", _RESULTS, MappingProxyType({"UNKNOWN_SESSION": "FAILED"}))
)

# Credentials


def _write_party(obj: Obj, out: Obj, trip: Trip, at: str) -> None:
    roles = out.pop("roles", None)
    if not isinstance(roles, list) or not roles or not isinstance(roles[0], dict):
        return
    out |= {name: value for name, value in roles[0].items() if name != "role"}
    trip.losses += [f"{at}/roles/{index}" for index in range(1, len(roles))]


def _read_party(raw: Obj, out: Obj, trip: Trip) -> None:
    names = ("business_details", "party_id", "country_code")
    role = {name: out.pop(name) for name in names if name in out}
    out["roles"] = [{"role": trip.around.role, **role}]


CODEC = TableCodec(
    tables=MappingProxyType(
        {
            "credentials": Table(Made(_write_party, _read_party)),
            "location": LOCATION,
            "evse": EVSE,
            "connector": CONNECTOR,
            "tariff": TARIFF,
            "token": TOKEN,
            "authorization_info": AUTHORIZATION_INFO,
            "session": SESSION,
            "cdr": CDR,
            "command:START_SESSION": START_SESSION,
            "command:RESERVE_NOW": RESERVE_NOW,
            "command_response": COMMAND_RESPONSE,
            "command_result": COMMAND_RESULT,
        }
    ),
    withheld=MappingProxyType(
        {
            "location": lambda location: location.get("publish") is False,
            "tariff": not_regular,
            "cdr": lambda cdr: cdr.get("credit") is True,
            "command:CANCEL_RESERVATION": lambda _command: True,
            "charging_preferences": lambda _preferences: True,
        }
    ),
)
