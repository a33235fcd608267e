"""Locations with live statuses, and the stations behind them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from simulator.cpo.sites import Sites, evse_status
from simulator.ocpi.tariff_parse import TariffError
from tests.simulator.cpo.world import CONFIG, LOCATION, TARIFF, connector, evse

NOW = "2026-01-15T07:00:00.000Z"


def sites(**config: Any) -> Sites:
    return Sites(replace(CONFIG, **config), NOW)


@pytest.mark.parametrize(
    ("connectors", "expected"),
    [
        (["Available"], "AVAILABLE"),
        (["Preparing"], "CHARGING"),
        (["Occupied", "Available"], "CHARGING"),
        (["Faulted", "Available"], "AVAILABLE"),
        (["Faulted", "Unavailable"], "OUTOFORDER"),
        (["Unavailable"], "INOPERATIVE"),
        (["Reserved", "Available"], "RESERVED"),
        (["Dancing"], "UNKNOWN"),
        ([], "UNKNOWN"),
    ],
)
def test_an_evse_is_as_its_connectors_are(connectors: list[str], expected: str) -> None:
    assert evse_status(connectors) == expected


def test_a_change_goes_up_to_the_location() -> None:
    here = sites()
    assert here.set_status("LOC1", "E1", "AVAILABLE", NOW)
    location, evse = here.location("LOC1"), here.evse("LOC1", "E1")
    assert location is not None
    assert evse is not None
    assert (evse["status"], evse["last_updated"], location["last_updated"]) == (
        "AVAILABLE",
        NOW,
        NOW,
    )
    other = here.evse("LOC1", "E2")
    assert other is not None
    assert (other["status"], other["last_updated"]) == ("UNKNOWN", "2026-01-01T00:00:00Z")
    assert not here.set_status("LOC1", "E1", "AVAILABLE", "2026-01-15T08:00:00.000Z")
    assert location["last_updated"] == NOW
    assert not here.set_status("LOC1", "nowhere", "AVAILABLE", NOW)


def test_ids_are_found_without_regard_to_case_and_keep_theirs() -> None:
    here = sites()
    location, evse = here.location("loc1"), here.evse("lOc1", "e1")
    assert location is not None and location["id"] == "LOC1"
    assert evse is not None and evse["uid"] == "E1"
    assert here.connector({"connectors": [{"id": "Left"}]}, "LEFT") == {"id": "Left"}
    assert here.connector(evse, "9") is None
    assert here.behind("loc1", "e2") == (CONFIG.stations[0], 2)
    assert here.stations_at("loc1") == list(CONFIG.stations)
    assert here.set_status("loc1", "e1", "CHARGING", NOW)
    assert (evse["status"], location["last_updated"]) == ("CHARGING", NOW)


def test_a_station_may_name_its_place_in_another_case() -> None:
    station = replace(CONFIG.stations[0], location_id="loc1", evse_uids=["e1", "e2"])
    spot = sites(stations=[station]).spot("CP16", 1)
    assert spot is not None and (spot.location["id"], spot.evse["uid"]) == ("LOC1", "E1")


def test_the_configuration_stays_as_it_is() -> None:
    sites().set_status("LOC1", "E1", "CHARGING", NOW)
    assert LOCATION["evses"][0]["status"] == "AVAILABLE"


def test_an_evse_that_is_gone_stays_gone() -> None:
    removed = {**LOCATION["evses"][0], "status": "REMOVED"}
    here = sites(locations=[{**LOCATION, "evses": [removed]}])
    evse = here.evse("LOC1", "E1")
    assert evse is not None
    assert evse["status"] == "REMOVED"


def test_what_has_no_time_of_change_gets_one() -> None:
    bare = {k: v for k, v in LOCATION.items() if k != "last_updated"}
    location = sites(locations=[bare]).location("LOC1")
    assert location is not None
    assert location["last_updated"] == NOW


def test_numbers_and_ids_find_each_other() -> None:
    here = sites()
    spot = here.spot("CP16", 2)
    assert spot is not None
    assert (spot.evse["uid"], spot.connector["id"], spot.location["id"]) == ("E2", "1", "LOC1")
    found = here.behind("LOC1", "E2")
    assert found is not None
    assert (found[0].id, found[1]) == ("CP16", 2)
    assert here.behind("LOC1", "E9") is None
    assert here.evse_uids("CP16") == ("E1", "E2")
    assert here.evse_uids("CP16", 0) == ("E1", "E2")
    assert here.evse_uids("CP16", 2) == ("E2",)
    assert here.evse_uids("CP16", 3) == here.evse_uids("nobody") == ()
    for station, number in (("CP16", 0), ("CP16", 3), ("nobody", 1)):
        assert here.spot(station, number) is None
    unknown_connector = here.spot("CP16", 1, 7)
    assert unknown_connector is not None
    assert unknown_connector.connector["id"] == "1"


def test_a_place_is_sealed() -> None:
    here = sites()
    spot = here.spot("CP16", 1)
    assert spot is not None
    place = here.place(spot)
    assert place.cdr_location["evse_id"] == "DE*ABC*E1"
    assert "evses" not in place.cdr_location
    assert (place.time_zone, place.currency, place.tariff_id) == ("Europe/Berlin", "EUR", "T1")


def test_the_tariff_is_the_regular_one() -> None:
    cheap = {**TARIFF, "id": "T0", "type": "PROFILE_CHEAP"}
    location = {**LOCATION, "evses": [_with_tariffs(["missing", "T0", "T1"])]}
    here = sites(locations=[location], tariffs=[cheap, TARIFF])
    spot = here.spot("CP16", 1)
    assert spot is not None
    assert here.place(spot).tariff_id == "T1"
    none = sites(locations=[{**LOCATION, "evses": [_with_tariffs([])]}])
    spot = none.spot("CP16", 1)
    assert spot is not None
    assert (none.place(spot).tariff, none.place(spot).currency) == (None, "EUR")


def _with_tariffs(ids: list[str]) -> dict[str, Any]:
    evse = LOCATION["evses"][0]
    return {**evse, "connectors": [{**evse["connectors"][0], "tariff_ids": ids}]}


def test_a_tariff_that_cannot_be_priced_with_is_refused_at_once() -> None:
    with pytest.raises(TariffError, match="/T1/elements"):
        sites(tariffs=[{**TARIFF, "elements": []}])


def test_capabilities_change_a_connector_and_all_above_it() -> None:
    own = {**connector(), "capabilities": ["OTHER_WORD", "OLD"]}
    location = {**LOCATION, "evses": [{**evse("E1"), "connectors": [own, connector("2")]}]}
    known = sites(locations=[location])
    at = "2026-01-15T09:00:00.000Z"
    managed = ("OLD", "NEW", "NEWER")
    assert known.set_capabilities("loc1", "e1", ["NEW", "NEWER"], managed, at) == ["1", "2"]
    found = known.evse("LOC1", "E1")
    above = known.location("LOC1")
    assert found is not None
    assert above is not None
    first, second = found["connectors"]
    assert first["capabilities"] == ["OTHER_WORD", "NEW", "NEWER"]
    assert second["capabilities"] == ["NEW", "NEWER"]
    moments = {found["last_updated"], above["last_updated"], first["last_updated"]}
    assert moments == {at}
    assert known.set_capabilities("LOC1", "E1", ["NEWER", "NEW"], managed, "later") == []
    assert found["last_updated"] == at
    assert known.set_capabilities("LOC1", "E1", [], managed, at) == ["1", "2"]
    assert (first["capabilities"], second["capabilities"]) == (["OTHER_WORD"], [])
    assert known.set_capabilities("LOC1", "E9", ["NEW"], managed, at) == []


def test_a_plug_without_iso_15118_gets_no_capability_of_it() -> None:
    chademo = {**connector("2"), "standard": "CHADEMO"}
    location = {**LOCATION, "evses": [{**evse("E1"), "connectors": [connector(), chademo]}]}
    known = sites(locations=[location])
    assert known.set_capabilities("LOC1", "E1", ["NEW"], ("NEW",), "2026-01-15T09:00:00Z") == ["1"]
    assert "capabilities" not in chademo
