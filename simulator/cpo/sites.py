"""What stands where: locations with their live statuses, and the stations behind their EVSEs.

Rule: a change of an EVSE is a change of its location too (OCPI 2.2.1 mod_locations, last_updated
MUST be updated on all levels above); the objects here are always fit to be sent. Ids are found
without regard to case, and keep theirs (2.2.1 types, CiString).
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simulator.cpo import session
from simulator.cpo.config import CpoConfig, StationEntry
from simulator.ocpi.tariff_model import read_tariff
from simulator.ocpi.tariff_parse import Place

Object = dict[str, Any]

# OCPP connector statuses (1.6 ChargePointStatus, 2.0.1 ConnectorStatusEnumType) -> OCPI EVSE status
STATUSES: Mapping[str, str] = {
    "Available": "AVAILABLE",
    "Preparing": "CHARGING",  # OCPI: "in use"
    "Occupied": "CHARGING",
    "Charging": "CHARGING",
    "SuspendedEVSE": "CHARGING",
    "SuspendedEV": "CHARGING",
    "Finishing": "CHARGING",
    "Reserved": "RESERVED",
    "Unavailable": "INOPERATIVE",
    "Faulted": "OUTOFORDER",
}
# Of several connectors at one EVSE, only one of which can be used at a time, the first that holds.
_PRECEDENCE = ("CHARGING", "RESERVED", "AVAILABLE", "OUTOFORDER", "INOPERATIVE", "UNKNOWN")


def speaks_iso15118(standard: str) -> bool:
    """True for the plugs (OCPI ConnectorType) over which ISO 15118 is spoken: IEC 62196's, CCS
    among them; not CHAdeMO's, and not those of a wall.
    """
    return standard.startswith("IEC_62196_")


@dataclass(frozen=True, slots=True)
class Spot:
    """One connector in OCPI's words, and the station behind it in OCPP's."""

    station: StationEntry
    evse_id: int
    location: Object
    evse: Object
    connector: Object


class Sites:
    """The locations of one CPO. Raises TariffError for a tariff that cannot be priced with."""

    def __init__(self, config: CpoConfig, now: str) -> None:
        self._config = config
        self.stations = {entry.id: entry for entry in config.stations}
        self.tariffs: dict[str, Object] = {
            t["id"]: {"last_updated": now, **t} for t in config.tariffs
        }
        for tariff in self.tariffs.values():
            read_tariff(tariff, Place("tariff") / tariff["id"])
        self._locations = {item["id"].casefold(): _living(item, now) for item in config.locations}
        self._evses = {
            _key(location["id"], evse["uid"]): evse
            for location in self._locations.values()
            for evse in location.get("evses", ())
        }
        self._behind = {
            _key(entry.location_id, uid): (entry, number)
            for entry in config.stations
            for number, uid in enumerate(entry.evse_uids, 1)
        }

    # Finding

    def locations(self) -> list[Object]:
        """All locations, in the order of the configuration."""
        return list(self._locations.values())

    def location(self, location_id: str) -> Object | None:
        """A location by id."""
        return self._locations.get(location_id.casefold())

    def evse(self, location_id: str, evse_uid: str) -> Object | None:
        """An EVSE of a location."""
        return self._evses.get(_key(location_id, evse_uid))

    @staticmethod
    def connector(evse: Object, connector_id: str) -> Object | None:
        """A connector of an EVSE."""
        wanted = connector_id.casefold()
        connectors = evse.get("connectors", ())
        return next((one for one in connectors if one["id"].casefold() == wanted), None)

    def behind(self, location_id: str, evse_uid: str) -> tuple[StationEntry, int] | None:
        """The station that an EVSE belongs to, and its number there."""
        return self._behind.get(_key(location_id, evse_uid))

    def stations_at(self, location_id: str) -> list[StationEntry]:
        """The stations of a location."""
        here = location_id.casefold()
        return [e for e in self.stations.values() if e.location_id.casefold() == here]

    def evse_uids(self, station_id: str, evse_id: int | None = None) -> tuple[str, ...]:
        """The EVSE of that number at a station; all of the station's without a number."""
        entry = self.stations.get(station_id)
        if entry is None:
            return ()
        if evse_id is None or evse_id == 0:
            return tuple(entry.evse_uids)
        return tuple(entry.evse_uids[evse_id - 1 : evse_id])

    def spot(self, station_id: str, evse_id: int, connector_id: int = 1) -> Spot | None:
        """A connector by OCPP's numbers; an unknown connector of a known EVSE is its first."""
        entry = self.stations.get(station_id)
        if entry is None or not 1 <= evse_id <= len(entry.evse_uids):
            return None
        location = self.location(entry.location_id)
        evse = self.evse(entry.location_id, entry.evse_uids[evse_id - 1])
        if location is None or evse is None or not evse.get("connectors"):
            return None
        connectors = evse["connectors"]
        known = 1 <= connector_id <= len(connectors)
        return Spot(entry, evse_id, location, evse, connectors[connector_id - 1 if known else 0])

    # Living

    def set_status(self, location_id: str, evse_uid: str, status: str, at: str) -> bool:
        """Set an EVSE's OCPI status; False if it is no change (or no such EVSE)."""
        evse = self.evse(location_id, evse_uid)
        if evse is None or evse["status"] == status:
            return False
        evse["status"] = status
        evse["last_updated"] = at
        location = self._locations[location_id.casefold()]
        location["last_updated"] = max(location["last_updated"], at)
        return True

    def set_capabilities(
        self,
        location_id: str,
        evse_uid: str,
        words: Sequence[str],
        managed: Collection[str],
        at: str,
    ) -> list[str]:
        """Give an EVSE's connectors these capabilities, of those that are managed here.

        Others stay as configured, and plugs without ISO 15118 (CHAdeMO) get none. Returns the ids
        of the connectors that changed.
        """
        evse = self.evse(location_id, evse_uid)
        changed = []
        for connector in evse.get("connectors", ()) if evse is not None else ():
            had = connector.get("capabilities", [])
            gets = words if speaks_iso15118(connector["standard"]) else ()
            has = [word for word in had if word not in managed] + list(gets)
            if set(has) != set(had):
                connector |= {"capabilities": has, "last_updated": at}
                changed.append(connector["id"])
        if evse is not None and changed:
            evse["last_updated"] = at
            location = self._locations[location_id.casefold()]
            location["last_updated"] = max(location["last_updated"], at)
        return changed

    def change_tariff(self, tariff_id: str, fields: Mapping[str, Any], at: str) -> None:
        """Change a tariff's fields, None leaves one out. Raises TariffError, and then has not."""
        changed = {**self.tariffs[tariff_id], **fields, "last_updated": at}
        changed = {name: value for name, value in changed.items() if value is not None}
        read_tariff(changed, Place("tariff") / tariff_id)
        self.tariffs[tariff_id] = changed  # a new one: what a session sealed stays as it was

    # Sealing

    def place(self, spot: Spot) -> session.Place:
        """What a session there keeps of location, tariff and time zone, as they are now."""
        location, evse, connector = spot.location, spot.evse, spot.connector
        names = ("name", "address", "city", "postal_code", "state", "country", "coordinates")
        cdr_location = {"id": location["id"]}
        cdr_location |= {name: location[name] for name in names if location.get(name) is not None}
        cdr_location |= {
            "evse_uid": evse["uid"],
            "evse_id": evse.get("evse_id", evse["uid"]),
            "connector_id": connector["id"],
            "connector_standard": connector["standard"],
            "connector_format": connector["format"],
            "connector_power_type": connector["power_type"],
        }
        tariff = self._tariff_of(connector)
        currency = tariff["currency"] if tariff else self._config.currency
        zone = location.get("time_zone", "UTC")
        return session.Place(cdr_location, zone, currency, tariff, _max_power_w(connector))

    def _tariff_of(self, connector: Object) -> Object | None:
        """The tariff for a driver without preferences: the first REGULAR one (or of no type)."""
        tariffs = [self.tariffs[i] for i in connector.get("tariff_ids") or () if i in self.tariffs]
        regular = (t for t in tariffs if t.get("type", "REGULAR") == "REGULAR")
        return next(regular, None)


def _key(location_id: str, evse_uid: str) -> tuple[str, str]:
    return location_id.casefold(), evse_uid.casefold()


def evse_status(connector_statuses: Iterable[str]) -> str:
    """The OCPI status of an EVSE whose connectors have these OCPP statuses."""
    told = {STATUSES.get(status, "UNKNOWN") for status in connector_statuses}
    return next((status for status in _PRECEDENCE if status in told), "UNKNOWN")


def _max_power_w(connector: Object) -> int | None:
    """What a connector gives at most (2.2.1 mod_locations: AC voltages are line to neutral)."""
    told = connector.get("max_electric_power")
    if told is None:
        lines = next((n for n in (2, 3) if f"_{n}_PHASE" in connector["power_type"]), 1)
        told = lines * connector.get("max_voltage", 0) * connector.get("max_amperage", 0)
    return int(told) or None


def _living(location: Mapping[str, Any], now: str) -> Object:
    """A copy to live with: statuses unknown until a station tells, times of change filled in."""
    living = copy.deepcopy(dict(location))
    living.setdefault("last_updated", now)
    for evse in living.get("evses", ()):
        evse.setdefault("last_updated", living["last_updated"])
        if evse.get("status") not in ("PLANNED", "REMOVED"):
            evse["status"] = "UNKNOWN"
        for connector in evse.get("connectors", ()):
            connector.setdefault("last_updated", evse["last_updated"])
    return living
