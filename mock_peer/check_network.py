"""The charging network that exists only in a check: locations, a tariff, sessions and their CDRs.

Rule: pure; canonical OCPI 2.2.1 objects of a made-up CPO, plain and without surprises.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from mock_peer.roam_ids import Origin
from mock_peer.roam_tokens import Held
from simulator.kernel.clock import rfc3339
from simulator.ocpi.tariff import price

PARTY = ("NL", "RLB")
CPO = Origin("check", *PARTY, ())
TARIFF_ID = "CHECK-AC"
ZONE = "Europe/Amsterdam"
# One more page than an EMP gets at once (roam.locations-page).
LOCATIONS = 260

Object = dict[str, Any]


def tariff(now: datetime) -> Object:
    """0.45 a kWh, VAT 21 %."""
    component = {"type": "ENERGY", "price": Decimal("0.45"), "vat": 21, "step_size": 1}
    return {
        "country_code": PARTY[0],
        "party_id": PARTY[1],
        "id": TARIFF_ID,
        "currency": "EUR",
        "type": "REGULAR",
        "elements": [{"price_components": [component]}],
        "last_updated": rfc3339(now),
    }


def location_id(number: int) -> str:
    """The id of the location of that number, from 1."""
    return f"CHECK-{number:03}"


def location(number: int, now: datetime, status: str = "AVAILABLE") -> Object:
    """A location with one EVSE, in that status."""
    name, at = location_id(number), rfc3339(now)
    connector = {
        "id": "1",
        "standard": "IEC_62196_T2",
        "format": "SOCKET",
        "power_type": "AC_3_PHASE",
        "max_voltage": 230,
        "max_amperage": 16,
        "tariff_ids": [TARIFF_ID],
        "last_updated": at,
    }
    evse = {
        "uid": f"{name}-1",
        "evse_id": f"NL*RLB*E{number:05}",
        "status": status,
        "capabilities": ["RFID_READER", "REMOTE_START_STOP_CAPABLE"],
        "connectors": [connector],
        "last_updated": at,
    }
    return {
        "country_code": PARTY[0],
        "party_id": PARTY[1],
        "id": name,
        "publish": True,
        "name": f"Check {number}",
        "address": f"Proefstraat {number}",
        "city": "Utrecht",
        "postal_code": "3511 AB",
        "country": "NLD",
        "coordinates": {"latitude": f"52.{90000 + number}", "longitude": f"5.{12000 + number}"},
        "time_zone": ZONE,
        "evses": [evse],
        "last_updated": at,
    }


def place(told_location: str) -> Object:
    """Where at a location there is something to charge at."""
    return {"location_id": told_location, "evse_uid": f"{told_location}-1", "connector_id": "1"}


def session(
    name: str, held: Held, where: Mapping[str, Any], begun: datetime, method: str
) -> Object:
    """A session that has just begun; `method` is its AuthMethod."""
    return {
        "country_code": PARTY[0],
        "party_id": PARTY[1],
        "id": name,
        "start_date_time": rfc3339(begun),
        "kwh": Decimal(0),
        "cdr_token": held.cdr_token,
        "auth_method": method,
        **where,
        "currency": "EUR",
        "status": "ACTIVE",
        "last_updated": rfc3339(begun),
    }


def later(told: Mapping[str, Any], kwh: Decimal, now: datetime, *, ended: bool = False) -> Object:
    """The session as it stands later."""
    end = {"end_date_time": rfc3339(now), "status": "COMPLETED"} if ended else {}
    return {**told, "kwh": kwh, **end, "last_updated": rfc3339(now)}


def cdr(told: Mapping[str, Any], shown: Mapping[str, Any]) -> Object:
    """The CDR of a session that has ended; `shown` is its location."""
    evse = shown["evses"][0]
    connector = evse["connectors"][0]
    period = {
        "start_date_time": told["start_date_time"],
        "dimensions": [{"type": "ENERGY", "volume": told["kwh"]}],
        "tariff_id": TARIFF_ID,
    }
    own = {name: told[name] for name in ("country_code", "party_id", "id", "start_date_time")}
    whole = {
        **own,
        "end_date_time": told["end_date_time"],
        "session_id": told["id"],
        "cdr_token": told["cdr_token"],
        "auth_method": told["auth_method"],
        "cdr_location": {
            **{name: shown[name] for name in ("id", "name", "address", "city", "postal_code")},
            **{name: shown[name] for name in ("country", "coordinates")},
            "evse_uid": evse["uid"],
            "evse_id": evse["evse_id"],
            "connector_id": connector["id"],
            "connector_standard": connector["standard"],
            "connector_format": connector["format"],
            "connector_power_type": connector["power_type"],
        },
        "currency": "EUR",
        "charging_periods": [period],
        "total_energy": told["kwh"],
        "last_updated": told["last_updated"],
    }
    return {**whole, **_cost(whole)}


def _cost(whole: Mapping[str, Any]) -> Object:
    """What the CDR's periods come to by the tariff."""
    start = datetime.fromisoformat(whole["start_date_time"])
    end = datetime.fromisoformat(whole["end_date_time"])
    total = price(tariff(start), whole, time_zone=ZONE).total_cost
    told = {"excl_vat": total.excl_vat, "incl_vat": total.incl_vat}
    hours = Decimal((end - start).total_seconds()) / 3600
    return {
        "tariffs": [tariff(start)],
        "total_cost": told,
        "total_energy_cost": told,
        "total_time": round(hours, 4),
    }
