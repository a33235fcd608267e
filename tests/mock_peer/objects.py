"""Objects as a good CPO sends them, OCPI 2.2.1: each test spoils its own copy."""

from __future__ import annotations

import copy
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from simulator.kernel.clock import DEFAULT_START, rfc3339

NOW = DEFAULT_START
AT = rfc3339(NOW)
CARD, NEVER_CARD, BLOCKED_CARD = "04A1B2C3D4E5F6", "04B1B2C3D4E5F6", "04C1B2C3D4E5F6"
ALLOWED_CARD, PNC = "04D1B2C3D4E5F6", "DE-8PS-C00000007-7"


def location(name: str = "LOC1", **fields: Any) -> dict[str, Any]:
    """A location with one EVSE, one connector, one tariff."""
    return {
        "country_code": "DE",
        "party_id": "ABC",
        "id": name,
        "publish": True,
        "name": "Depot",
        "address": "Hauptstrasse 1",
        "city": "Berlin",
        "postal_code": "10115",
        "country": "DEU",
        "coordinates": {"latitude": "52.520008", "longitude": "13.404954"},
        "evses": [evse(f"{name}-1", f"DE*ABC*E{name}1")],
        "time_zone": "Europe/Berlin",
        "last_updated": AT,
        **fields,
    }


def evse(uid: str = "LOC1-1", evse_id: str = "DE*ABC*ELOC11", **fields: Any) -> dict[str, Any]:
    """An EVSE with one connector."""
    return {
        "uid": uid,
        "evse_id": evse_id,
        "status": "AVAILABLE",
        "capabilities": ["RFID_READER", "REMOTE_START_STOP_CAPABLE"],
        "connectors": [connector()],
        "last_updated": AT,
        **fields,
    }


def connector(name: str = "1", **fields: Any) -> dict[str, Any]:
    """A connector with one tariff."""
    return {
        "id": name,
        "standard": "IEC_62196_T2",
        "format": "SOCKET",
        "power_type": "AC_3_PHASE",
        "max_voltage": 230,
        "max_amperage": 32,
        "tariff_ids": ["T1"],
        "last_updated": AT,
        **fields,
    }


def tariff(name: str = "T1", price: str = "0.50", **fields: Any) -> dict[str, Any]:
    """A tariff by energy alone."""
    component = {"type": "ENERGY", "price": Decimal(price), "vat": 19, "step_size": 1}
    return {
        "country_code": "DE",
        "party_id": "ABC",
        "id": name,
        "currency": "EUR",
        "type": "REGULAR",
        "elements": [{"price_components": [component]}],
        "last_updated": AT,
        **fields,
    }


def session(name: str = "S1", **fields: Any) -> dict[str, Any]:
    """A session that has just begun."""
    return {
        "country_code": "DE",
        "party_id": "ABC",
        "id": name,
        "start_date_time": AT,
        "kwh": 0,
        "cdr_token": cdr_token(),
        "auth_method": "AUTH_REQUEST",
        "location_id": "LOC1",
        "evse_uid": "LOC1-1",
        "connector_id": "1",
        "currency": "EUR",
        "status": "ACTIVE",
        "last_updated": AT,
        **fields,
    }


def cdr_token(uid: str = CARD, token_type: str = "RFID", **fields: Any) -> dict[str, Any]:
    """The token as a CDR or session names it."""
    number = {NEVER_CARD: 2, BLOCKED_CARD: 3, ALLOWED_CARD: 4, PNC: 7}.get(uid, 1)
    return {
        "country_code": "DE",
        "party_id": "8PS",
        "uid": uid,
        "type": token_type,
        "contract_id": f"DE-8PS-C0000000{number}-{number}",
        **fields,
    }


def cdr(
    name: str = "CDR1", *, start: datetime = NOW, reference: str | None = None, **fields: Any
) -> dict[str, Any]:
    """A CDR of 10 kWh in half an hour, at 0.50 a kWh and 19 % VAT."""
    end = start + timedelta(minutes=30)
    body = {
        "country_code": "DE",
        "party_id": "ABC",
        "id": name,
        "start_date_time": rfc3339(start),
        "end_date_time": rfc3339(end),
        "session_id": "S1",
        "cdr_token": cdr_token(),
        "auth_method": "AUTH_REQUEST",
        "authorization_reference": reference,
        "cdr_location": cdr_location(),
        "currency": "EUR",
        "tariffs": [tariff()],
        "charging_periods": [
            {
                "start_date_time": rfc3339(start),
                "dimensions": [{"type": "ENERGY", "volume": 10}],
                "tariff_id": "T1",
            }
        ],
        "total_cost": {"excl_vat": Decimal("5.00"), "incl_vat": Decimal("5.95")},
        "total_energy": 10,
        "total_time": Decimal("0.5"),
        "last_updated": rfc3339(end),
        **fields,
    }
    return copy.deepcopy({name: value for name, value in body.items() if value is not None})


def cdr_location(name: str = "LOC1", uid: str = "LOC1-1") -> dict[str, Any]:
    """The location as a CDR tells it."""
    return {
        "id": name,
        "address": "Hauptstrasse 1",
        "city": "Berlin",
        "postal_code": "10115",
        "country": "DEU",
        "coordinates": {"latitude": "52.520008", "longitude": "13.404954"},
        "evse_uid": uid,
        "evse_id": "DE*ABC*ELOC11",
        "connector_id": "1",
        "connector_standard": "IEC_62196_T2",
        "connector_format": "SOCKET",
        "connector_power_type": "AC_3_PHASE",
    }
