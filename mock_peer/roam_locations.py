"""A CPO's location as EMPs see it: ids rewritten, capabilities stripped, tariffs inlined.

Rule: pure, and nothing of the CPO's object is changed. What Plugsurfing does not speak of is passed
on as it came, names that are missing and long addresses too. Source: Roam OCPI, locations module.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mock_peer import raw
from mock_peer.roam_ids import IdMap, Kind, Origin, content_digest

Object = dict[str, Any]
TariffOf = Callable[[str], Mapping[str, Any] | None]

KEPT_CAPABILITIES = frozenset(
    {
        "CHIP_CARD_SUPPORT",
        "CONTACTLESS_CARD_SUPPORT",
        "CREDIT_CARD_PAYABLE",
        "DEBIT_CARD_PAYABLE",
        "PED_TERMINAL",
        "REMOTE_START_STOP_CAPABLE",
        "RFID_READER",
        "START_SESSION_CONNECTOR_REQUIRED",
    }
)
STRIPPED_CAPABILITIES = frozenset(
    {
        "CHARGING_PROFILE_CAPABLE",
        "CHARGING_PREFERENCES_CAPABLE",
        "RESERVABLE",
        "TOKEN_GROUP_CAPABLE",
        "UNLOCK_CAPABLE",
    }
)
LONGEST_ADDRESS = 200
LONGEST_POSTAL_CODE = 50


def shown_location(
    location: Mapping[str, Any], origin: Origin, ids: IdMap, tariff_of: TariffOf
) -> Object:
    """The location as it stands in a pull; EVSEs that are gone are left out.

    `origin` is the location's own, `tariff_of` finds a tariff as shown by the CPO's id for it.
    """
    shown = {**location, "id": ids.issue(Kind.LOCATION, origin)}
    shown.pop("publish_allowed_to", None)  # Plugsurfing does not look at it
    if "evses" in location:
        shown["evses"] = [
            _shown_evse(evse, origin, ids, tariff_of) for evse in present_evses(location)
        ]
    return shown


def _shown_evse(evse: Object, origin: Origin, ids: IdMap, tariff_of: TariffOf) -> Object:
    here = origin.below(str(evse.get("uid")))
    shown = {**evse, "uid": ids.issue(Kind.EVSE, here)}
    if "capabilities" in evse:
        told = raw.items(evse, "/capabilities")
        shown["capabilities"] = [word for word in told if not _is_stripped(word)]
    shown["connectors"] = [
        _shown_connector(connector, here, ids, tariff_of)
        for connector in raw.items(evse, "/connectors")
        if isinstance(connector, dict)
    ]
    return shown


def _shown_connector(connector: Object, evse: Origin, ids: IdMap, tariff_of: TariffOf) -> Object:
    here = evse.below(str(connector.get("id")))
    shown = {**connector, "id": ids.issue(Kind.CONNECTOR, here)}
    shown.pop("tariff_ids", None)
    names = raw.items(connector, "/tariff_ids")
    known = [tariff_of(name) for name in names if isinstance(name, str)]
    if tariffs := [tariff for tariff in known if tariff is not None]:
        shown["tariffs"] = tariffs
    return shown


def shown_tariff(tariff: Mapping[str, Any], owner: Origin, ids: IdMap) -> Object:
    """A tariff as it stands on a connector: its id belongs to this content and no other."""
    origin = owner._replace(ids=(str(tariff.get("id")), content_digest(tariff)))
    return {**tariff, "id": ids.issue(Kind.TARIFF, origin)}


def _is_stripped(word: Any) -> bool:
    return isinstance(word, str) and word in STRIPPED_CAPABILITIES


def present_evses(location: Mapping[str, Any]) -> list[Object]:
    """The EVSEs of a location that are not REMOVED."""
    return [
        evse
        for evse in raw.items(location, "/evses")
        if isinstance(evse, dict) and evse.get("status") != "REMOVED"
    ]


def is_removed(location: Mapping[str, Any]) -> bool:
    """True once all of a location's EVSEs are REMOVED: so it ends, for OCPI deletes none."""
    return bool(raw.items(location, "/evses")) and not present_evses(location)


def tariff_names(location: Mapping[str, Any]) -> Iterator[str]:
    """The ids of the tariffs that a CPO's location refers to, case-folded."""
    for evse in raw.items(location, "/evses"):
        for connector in raw.items(evse, "/connectors"):
            for name in raw.items(connector, "/tariff_ids"):
                if isinstance(name, str):
                    yield name.casefold()


def trimmed(shown: Object) -> Object:
    """Cut what is longer than Plugsurfing passes on: address and postal code."""
    for name, longest in (("address", LONGEST_ADDRESS), ("postal_code", LONGEST_POSTAL_CODE)):
        if isinstance(shown.get(name), str):
            shown[name] = shown[name][:longest]
    return shown
