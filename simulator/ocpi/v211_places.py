"""The locations of OCPI 2.1.1, alone and within sessions and CDRs.

Rule: see `bridge`. A session's location is looked up where it is known and cut down to the EVSE and
connector in use; a CDR's holds what the CDR says, and of the known location only what is missing.
"""

from __future__ import annotations

from collections.abc import Mapping

from simulator.ocpi import v211_shape
from simulator.ocpi.bridge import (
    Decimals,
    Filled,
    Implied,
    Lost,
    Made,
    Nested,
    Obj,
    Owned,
    Renamed,
    Table,
    Trip,
    Values,
    WholeSeconds,
    Without,
)
from simulator.ocpi.envelope import Json
from simulator.ocpi.v22 import ONE_PHASE, unknown_to

# time_zone is optional there and required here: most countries have but one (IANA tz database).
_TIME_ZONES = {
    "AUT": "Europe/Vienna",
    "BEL": "Europe/Brussels",
    "CHE": "Europe/Zurich",
    "CZE": "Europe/Prague",
    "DEU": "Europe/Berlin",
    "DNK": "Europe/Copenhagen",
    "ESP": "Europe/Madrid",
    "EST": "Europe/Tallinn",
    "FIN": "Europe/Helsinki",
    "FRA": "Europe/Paris",
    "GBR": "Europe/London",
    "HRV": "Europe/Zagreb",
    "HUN": "Europe/Budapest",
    "IRL": "Europe/Dublin",
    "ISL": "Atlantic/Reykjavik",
    "ITA": "Europe/Rome",
    "LIE": "Europe/Vaduz",
    "LTU": "Europe/Vilnius",
    "LUX": "Europe/Luxembourg",
    "LVA": "Europe/Riga",
    "NLD": "Europe/Amsterdam",
    "NOR": "Europe/Oslo",
    "POL": "Europe/Warsaw",
    "PRT": "Europe/Lisbon",
    "ROU": "Europe/Bucharest",
    "SVK": "Europe/Bratislava",
    "SVN": "Europe/Ljubljana",
    "SWE": "Europe/Stockholm",
}

# parking_type is called type, is required, and has no word for a motorway or a driveway.
UNKNOWN = "UNKNOWN"
# An EVSE or connector of a reservation that has none yet (2.2.1 "No data available").
NOT_AVAILABLE = "#NA"
_TYPES = {"ALONG_MOTORWAY": "OTHER", "ON_DRIVEWAY": "OTHER"}

CHANGED = WholeSeconds("last_updated")
COORDINATES = Table(Decimals(6))
PERIOD = Table(WholeSeconds("period_begin", "period_end"))


def _time_zone(location: Obj) -> str:
    return _TIME_ZONES.get(str(location.get("country")), "Etc/UTC")


def _write_type(obj: Obj, out: Obj, trip: Trip, at: str) -> None:
    named = out.pop("parking_type", None)
    if isinstance(named, str):
        out["type"] = _TYPES.get(named, named)
        if named in _TYPES:
            trip.losses.append(f"{at}/parking_type")
    elif not trip.partial:
        out["type"] = UNKNOWN


def _read_type(raw: Obj, out: Obj, trip: Trip) -> None:
    named = out.pop("type", None)
    if named not in (None, UNKNOWN, "OTHER"):
        out["parking_type"] = named


def _write_hours(obj: Obj, out: Obj, trip: Trip, at: str) -> None:
    # Either all hours or the regular ones: saying false beside them is not foreseen.
    if out.get("twentyfourseven") is False and out.get("regular_hours"):
        del out["twentyfourseven"]


def _read_hours(raw: Obj, out: Obj, trip: Trip) -> None:
    out.setdefault("twentyfourseven", False)


# An element under a restriction that cannot be said would apply always: it is left out instead.
UNSAYABLE = ("min_current", "max_current", "reservation")


def restricted_otherwise(element: Json) -> bool:
    """True for a tariff element under a restriction that the version does not know."""
    restrictions = element.get("restrictions") if isinstance(element, dict) else None
    return isinstance(restrictions, dict) and any(
        restrictions.get(name) is not None for name in UNSAYABLE
    )


def not_regular(tariff: Mapping[str, Json]) -> bool:
    """True for a tariff that must not travel: a driver's special one, or nothing that is left."""
    elements = tariff.get("elements")
    nothing_left = isinstance(elements, list) and all(map(restricted_otherwise, elements))
    return tariff.get("type") not in (None, "REGULAR") or nothing_left


def _write_tariff_id(obj: Obj, out: Obj, trip: Trip, at: str) -> None:
    ids = out.pop("tariff_ids", None)
    if not isinstance(ids, list):
        return
    # One tariff, and one that is sent: of those that are known, the first that may travel.
    known = [trip.around.tariff(str(name)) for name in ids]
    sent = [i for i, tariff in enumerate(known) if tariff is None or not not_regular(tariff)]
    if sent:
        out["tariff_id"] = ids[sent[0]]
    trip.losses += [f"{at}/tariff_ids/{i}" for i in range(len(ids)) if i not in sent[:1]]


def _read_tariff_id(raw: Obj, out: Obj, trip: Trip) -> None:
    tariff_id = out.pop("tariff_id", None)
    if tariff_id is not None:
        out["tariff_ids"] = [tariff_id]


CONNECTOR = Table(
    Renamed("max_voltage", "voltage"),
    Renamed("max_amperage", "amperage"),
    Lost("max_electric_power"),
    Made(_write_tariff_id, _read_tariff_id),
    Values("power_type", ONE_PHASE),
    CHANGED,
)
EVSE = Table(
    Without("capabilities", unknown_to(v211_shape.Capability)),
    Nested("connectors", CONNECTOR),
    Nested("coordinates", COORDINATES),
    Nested("status_schedule", PERIOD),
    CHANGED,
)
HOURS = Table(
    Made(_write_hours, _read_hours),
    Nested("exceptional_openings", PERIOD),
    Nested("exceptional_closings", PERIOD),
)
ENERGY_MIX = Table(Nested("environ_impact", Table(Renamed("category", "source"))))
LOCATION = Table(
    Owned(),
    Lost("publish_allowed_to", "state"),
    Filled("postal_code", wire=""),
    Implied("publish", True),
    Filled("time_zone", canonical=_time_zone),
    Made(_write_type, _read_type),
    Without("facilities", unknown_to(v211_shape.Facility)),
    Nested("coordinates", COORDINATES),
    Nested("related_locations", COORDINATES),
    Nested("evses", EVSE),
    Nested("opening_times", HOURS),
    Nested("energy_mix", ENERGY_MIX),
    CHANGED,
)


# Within a session: three ids here, the whole location there


def _write_session_place(obj: Obj, out: Obj, trip: Trip, at: str) -> None:
    location_id, evse_uid, connector_id = (
        out.pop(name, None) for name in ("location_id", "evse_uid", "connector_id")
    )
    if not isinstance(location_id, str):
        return
    known = trip.around.location(location_id) or {"id": location_id}
    place = {**known, "evses": _only(known.get("evses"), evse_uid, connector_id)}
    out["location"] = LOCATION.down(place, Trip(trip.around))


def _only(evses: Json, evse_uid: Json, connector_id: Json) -> list[Obj]:
    """The EVSE and connector in use, as far as they are known; none for a mere reservation."""
    if not isinstance(evse_uid, str) or evse_uid == NOT_AVAILABLE:
        return []
    evse = _named(evses, "uid", evse_uid)
    if not isinstance(connector_id, str) or connector_id == NOT_AVAILABLE:
        return [{**evse, "connectors": []}]
    return [{**evse, "connectors": [_named(evse.get("connectors"), "id", connector_id)]}]


def _named(items: Json, key: str, name: str) -> Obj:
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict) and item.get(key) == name:
            return item
    return {key: name}


def _read_session_place(raw: Obj, out: Obj, trip: Trip) -> None:
    place = out.pop("location", None)
    if not isinstance(place, dict):
        return
    evse = _first(place.get("evses"))
    connector = _first(evse.get("connectors"))
    out["location_id"] = place.get("id")
    out["evse_uid"] = evse.get("uid", NOT_AVAILABLE)
    out["connector_id"] = connector.get("id", NOT_AVAILABLE)


def _first(items: Json) -> Obj:
    first = items[0] if isinstance(items, list) and items else None
    return first if isinstance(first, dict) else {}


LOCATION_OF_SESSION = Made(_write_session_place, _read_session_place)

# Within a CDR: a flat object here, the whole location there

_SAME = ("id", "name", "address", "city", "postal_code", "country", "coordinates")
_OF_EVSE = (("evse_uid", "uid"), ("evse_id", "evse_id"))
_OF_CONNECTOR = (
    ("connector_id", "id"),
    ("connector_standard", "standard"),
    ("connector_format", "format"),
    ("connector_power_type", "power_type"),
)
_CDR_LOCATION = Table(
    Lost("state"),
    Values("connector_power_type", ONE_PHASE),
    Nested("coordinates", COORDINATES),
)


def _write_cdr_place(obj: Obj, out: Obj, trip: Trip, at: str) -> None:
    sealed = _CDR_LOCATION.down(out.pop("cdr_location", None), trip, f"{at}/cdr_location")
    if not isinstance(sealed, dict):
        return
    changed = {"last_updated": obj.get("last_updated")}
    known = trip.around.location(str(sealed.get("id"))) or {}
    evse = _named(known.get("evses"), "uid", str(sealed.get("evse_uid")))
    connector = _named(evse.get("connectors"), "id", str(sealed.get("connector_id")))
    # Voltage and amperage are required there and unknown to a CDR: 0 where nobody knows them.
    limits = {name: connector.get(name, 0) for name in ("max_voltage", "max_amperage")}
    plug = {new: sealed[old] for old, new in _OF_CONNECTOR if old in sealed}
    stand = {new: sealed[old] for old, new in _OF_EVSE if old in sealed}
    place = {name: sealed[name] for name in _SAME if sealed.get(name) is not None}
    place |= {name: known[name] for name in ("parking_type", "time_zone") if name in known}
    connectors = [{**plug, **limits, **changed}]
    evses = [{**stand, "status": UNKNOWN, "connectors": connectors, **changed}]
    out["location"] = LOCATION.down({**place, "evses": evses, **changed}, Trip(trip.around))


def _read_cdr_place(raw: Obj, out: Obj, trip: Trip) -> None:
    place = LOCATION.up(out.pop("location", None), trip.inside())
    if not isinstance(place, dict):
        return
    evse = _first(place.get("evses"))
    connector = _first(evse.get("connectors"))
    out["cdr_location"] = {
        **{name: place[name] for name in _SAME if name in place},
        **{old: evse[new] for old, new in _OF_EVSE if new in evse},
        **{old: connector[new] for old, new in _OF_CONNECTOR if new in connector},
    }


LOCATION_OF_CDR = Made(_write_cdr_place, _read_cdr_place)
