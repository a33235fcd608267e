"""A location as EMPs see it."""

from __future__ import annotations

import copy

from mock_peer.roam_ids import IdMap, Kind
from mock_peer.roam_locations import (
    KEPT_CAPABILITIES,
    STRIPPED_CAPABILITIES,
    is_removed,
    shown_location,
    shown_tariff,
    tariff_names,
    trimmed,
)
from simulator.ocpi import enums
from tests.mock_peer.roam_things import connector, evse, inlined, location, origin, tariff

HERE = origin("LOC1")


def test_ids_are_rewritten_and_the_cpo_stays_named() -> None:
    ids, source = IdMap(), location()
    before = copy.deepcopy(source)
    shown = shown_location(source, HERE, ids, inlined(ids))
    place = shown["evses"][0]
    assert ids.origin(shown["id"], Kind.LOCATION) == HERE
    assert ids.origin(place["uid"], Kind.EVSE) == HERE.below("E1")
    assert ids.origin(place["connectors"][0]["id"], Kind.CONNECTOR) == HERE.below("E1", "1")
    assert (shown["country_code"], shown["party_id"]) == ("DE", "ABC")
    assert shown["operator"] == {"name": "ABC Charging"}
    assert source == before


def test_capabilities_that_plugsurfing_does_not_speak_are_stripped() -> None:
    everything = sorted(KEPT_CAPABILITIES | STRIPPED_CAPABILITIES)
    shown = shown_location(
        location(evses=[evse(capabilities=[*everything, "NEW_ONE"])]), HERE, IdMap(), lambda _: None
    )
    assert shown["evses"][0]["capabilities"] == [*sorted(KEPT_CAPABILITIES), "NEW_ONE"]


def test_every_capability_of_ocpi_is_either_kept_or_stripped() -> None:
    known = {str(word) for word in enums.Capability.__args__}
    assert known == KEPT_CAPABILITIES | STRIPPED_CAPABILITIES


def test_a_connector_carries_the_whole_tariff_in_place_of_its_id() -> None:
    ids = IdMap()
    shown = shown_location(location(), HERE, ids, inlined(ids))
    plug = shown["evses"][0]["connectors"][0]
    assert "tariff_ids" not in plug
    (whole,) = plug["tariffs"]
    assert whole["elements"] == tariff()["elements"]
    assert whole["id"] != "T1"
    assert whole["last_updated"] == "2026-01-01T00:00:00Z"


def test_a_connector_without_a_known_tariff_carries_none() -> None:
    shown = shown_location(location(), HERE, IdMap(), lambda _: None)
    assert "tariffs" not in shown["evses"][0]["connectors"][0]


def test_new_content_has_a_new_tariff_id_and_old_content_its_old_one() -> None:
    ids = IdMap()
    first = shown_tariff(tariff("0.50"), HERE, ids)["id"]
    dearer = shown_tariff(tariff("0.60"), HERE, ids)["id"]
    again = shown_tariff(tariff("0.50", last_updated="2026-02-01T00:00:00Z"), HERE, ids)["id"]
    assert first == again != dearer


def test_a_location_without_a_name_stays_without() -> None:
    assert "name" not in shown_location(location(), HERE, IdMap(), lambda _: None)


def test_long_addresses_pass_up_to_their_limit() -> None:
    shown = trimmed({"address": "a" * 300, "postal_code": "1" * 60, "city": "c" * 300})
    assert [len(shown[name]) for name in ("address", "postal_code", "city")] == [200, 50, 300]


def test_removed_evses_are_left_out_and_a_location_ends_with_its_last() -> None:
    gone = evse(uid="E2", status="REMOVED")
    shown = shown_location(location(evses=[evse(), gone]), HERE, IdMap(), lambda _: None)
    assert len(shown["evses"]) == 1
    assert is_removed(location(evses=[gone]))
    assert not is_removed(location(evses=[evse(), gone]))
    assert not is_removed(location(evses=[]))


def test_the_tariffs_a_location_refers_to() -> None:
    plugs = [connector(tariff_ids=["A", "b"]), connector(tariff_ids=None)]
    assert list(tariff_names(location(evses=[evse(connectors=plugs)]))) == ["a", "b"]
