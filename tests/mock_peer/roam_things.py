"""Objects for the tests of the Roam face: a CPO's location, tariff, session and CDR."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from mock_peer.roam_ids import IdMap, Origin
from mock_peer.roam_locations import TariffOf, shown_tariff

CPO = Origin("cpo-1", "DE", "ABC", ())


def origin(*ids: str, party_id: str = "ABC") -> Origin:
    """Where an object of the CPO comes from."""
    return CPO._replace(ids=ids, party_id=party_id)


def connector(**changes: Any) -> dict[str, Any]:
    """A connector with one tariff."""
    return {
        "id": "1",
        "standard": "IEC_62196_T2",
        "format": "SOCKET",
        "power_type": "AC_3_PHASE",
        "max_voltage": 230,
        "max_amperage": 32,
        "tariff_ids": ["T1"],
        "last_updated": "2026-01-01T00:00:00Z",
        **changes,
    }


def evse(**changes: Any) -> dict[str, Any]:
    """An EVSE with one connector."""
    return {
        "uid": "E1",
        "evse_id": "DE*ABC*E1",
        "status": "AVAILABLE",
        "capabilities": ["RFID_READER", "RESERVABLE", "REMOTE_START_STOP_CAPABLE"],
        "connectors": [connector()],
        "last_updated": "2026-01-01T00:00:00Z",
        **changes,
    }


def location(**changes: Any) -> dict[str, Any]:
    """A location in Germany with one EVSE."""
    return {
        "country_code": "DE",
        "party_id": "ABC",
        "id": "LOC1",
        "publish": True,
        "address": "Hauptstraße 1",
        "city": "Berlin",
        "country": "DEU",
        "coordinates": {"latitude": "52.520000", "longitude": "13.404900"},
        "evses": [evse()],
        "operator": {"name": "ABC Charging"},
        "time_zone": "Europe/Berlin",
        "last_updated": "2026-01-01T00:00:00Z",
        **changes,
    }


def tariff(price: str = "0.50", **changes: Any) -> dict[str, Any]:
    """A tariff by the kWh."""
    component = {"type": "ENERGY", "price": Decimal(price), "vat": Decimal("19"), "step_size": 1}
    return {
        "country_code": "DE",
        "party_id": "ABC",
        "id": "T1",
        "currency": "EUR",
        "elements": [{"price_components": [component]}],
        "last_updated": "2026-01-01T00:00:00Z",
        **changes,
    }


def inlined(ids: IdMap, price: str = "0.50") -> TariffOf:
    """Where a connector finds its tariff, as shown."""
    return lambda name: shown_tariff(tariff(price, id=name), CPO, ids)


def token(**changes: Any) -> dict[str, Any]:
    """A token as an EMP pushes it."""
    return {
        "country_code": "DE",
        "party_id": "EMP",
        "uid": "04AABBCC",
        "type": "RFID",
        "contract_id": "DEEMPC00000001X",
        "issuer": "An EMP",
        "valid": True,
        "whitelist": "ALLOWED_OFFLINE",
        "last_updated": "2026-01-15T07:00:00Z",
        **changes,
    }


def cdr_token(**changes: Any) -> dict[str, Any]:
    """The token as a CPO names it: Plugsurfing's."""
    return {
        "country_code": "DE",
        "party_id": "8PS",
        "uid": "04AABBCC",
        "type": "RFID",
        "contract_id": "DE-EMP-C00000001-X",
        **changes,
    }


def session(**changes: Any) -> dict[str, Any]:
    """A session under way."""
    return {
        "country_code": "DE",
        "party_id": "ABC",
        "id": "S1",
        "start_date_time": "2026-01-15T07:00:00Z",
        "kwh": Decimal("1.5"),
        "cdr_token": cdr_token(),
        "auth_method": "AUTH_REQUEST",
        "location_id": "LOC1",
        "evse_uid": "E1",
        "connector_id": "1",
        "currency": "EUR",
        "charging_periods": [],
        "status": "ACTIVE",
        "last_updated": "2026-01-15T07:10:00Z",
        **changes,
    }


def cdr(**changes: Any) -> dict[str, Any]:
    """A CDR of 10 kWh at 0.50 a kWh, without a breakdown."""
    return {
        "country_code": "DE",
        "party_id": "ABC",
        "id": "C1",
        "session_id": "S1",
        "start_date_time": "2026-01-15T07:00:00Z",
        "end_date_time": "2026-01-15T08:00:00Z",
        "cdr_token": cdr_token(),
        "auth_method": "AUTH_REQUEST",
        "cdr_location": {
            "id": "LOC1",
            "address": "Hauptstraße 1",
            "city": "Berlin",
            "country": "DEU",
            "coordinates": {"latitude": "52.520000", "longitude": "13.404900"},
            "evse_uid": "E1",
            "evse_id": "DE*ABC*E1",
            "connector_id": "1",
            "connector_standard": "IEC_62196_T2",
            "connector_format": "SOCKET",
            "connector_power_type": "AC_3_PHASE",
        },
        "currency": "EUR",
        "tariffs": [tariff()],
        "charging_periods": [
            {
                "start_date_time": "2026-01-15T07:00:00Z",
                "dimensions": [{"type": "ENERGY", "volume": Decimal("10")}],
                "tariff_id": "T1",
            }
        ],
        "total_cost": {"excl_vat": Decimal("5.00"), "incl_vat": Decimal("5.95")},
        "total_energy": Decimal("10"),
        "total_time": Decimal("1"),
        "last_updated": "2026-01-15T08:00:00Z",
        **changes,
    }
