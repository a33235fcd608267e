"""Locations of 2.1.1, alone, in sessions and in CDRs."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.ocpi.bridge import Table, Trip
from simulator.ocpi.codec import Around
from simulator.ocpi.headers import Party
from simulator.ocpi.v211_places import (
    CONNECTOR,
    HOURS,
    LOCATION,
    LOCATION_OF_CDR,
    LOCATION_OF_SESSION,
)
from simulator.ocpi.validate import errors
from tests.simulator.ocpi.samples import sample

KNOWN = Around(Party("DE", "SNN"), Party("DE", "8PS"), location=lambda _id: sample("location"))
UNKNOWN = Around(Party("DE", "SNN"), Party("DE", "8PS"))


def down(table: Table, obj: Any, around: Around = KNOWN) -> tuple[Any, list[str]]:
    trip = Trip(around)
    return table.down(obj, trip), trip.losses


def up(table: Table, raw: Any) -> Any:
    return table.up(raw, Trip(KNOWN))


def test_a_location_is_owned_by_the_connection_and_always_published() -> None:
    wire, losses = down(LOCATION, sample("location"))
    assert not {"country_code", "party_id", "publish", "state"} & set(wire)
    assert "/state" in losses and "/publish" not in losses
    back = up(LOCATION, wire)
    assert (back["country_code"], back["party_id"], back["publish"]) == ("DE", "SNN", True)


@pytest.mark.parametrize(
    ("parking", "kind", "lost", "back"),
    [
        ("ON_STREET", "ON_STREET", False, "ON_STREET"),
        ("ALONG_MOTORWAY", "OTHER", True, None),
        ("ON_DRIVEWAY", "OTHER", True, None),
        (None, "UNKNOWN", False, None),
    ],
)
def test_types_of_places(parking: str | None, kind: str, lost: bool, back: str | None) -> None:
    wire, losses = down(LOCATION, {"parking_type": parking})
    assert wire["type"] == kind and ("/parking_type" in losses) == lost
    assert up(LOCATION, wire).get("parking_type") == back


def test_a_missing_time_zone_is_that_of_the_country() -> None:
    assert up(LOCATION, {"country": "ISL"})["time_zone"] == "Atlantic/Reykjavik"
    assert up(LOCATION, {"country": "USA"})["time_zone"] == "Etc/UTC"
    assert up(LOCATION, {"country": "DEU", "time_zone": "Europe/Busingen"})["time_zone"] == (
        "Europe/Busingen"
    )


def test_a_postal_code_is_always_there() -> None:
    wire, _ = down(LOCATION, {})
    assert wire["postal_code"] == "" and "postal_code" not in up(LOCATION, wire)


def test_a_connector_has_one_tariff_and_other_names() -> None:
    connector = {"max_voltage": 230, "max_amperage": 32, "tariff_ids": ["A", "B"]}
    wire, losses = down(CONNECTOR, connector)
    assert wire == {"voltage": 230, "amperage": 32, "tariff_id": "A"}
    assert losses == ["/tariff_ids/1"]
    assert up(CONNECTOR, wire) == {"max_voltage": 230, "max_amperage": 32, "tariff_ids": ["A"]}
    assert down(CONNECTOR, {"tariff_ids": []})[0] == {}


@pytest.mark.parametrize(
    ("types", "chosen", "lost"),
    [
        (("REGULAR", "REGULAR"), "T0", ["/tariff_ids/1"]),
        (("AD_HOC_PAYMENT", "REGULAR"), "T1", ["/tariff_ids/0"]),
        ((None, "PROFILE_FAST"), "T0", ["/tariff_ids/1"]),
        (("PROFILE_FAST", "PROFILE_CHEAP"), None, ["/tariff_ids/0", "/tariff_ids/1"]),
    ],
)
def test_a_connector_names_no_tariff_that_is_not_sent(
    types: tuple[str | None, ...], chosen: str | None, lost: list[str]
) -> None:
    tariffs = {f"T{n}": {"type": kind, "elements": [{}]} for n, kind in enumerate(types)}
    wire, losses = down(CONNECTOR, {"tariff_ids": list(tariffs)}, Around(tariff=tariffs.get))
    assert wire.get("tariff_id") == chosen and losses == lost


def test_later_facilities_and_capabilities_are_left_out() -> None:
    wire, losses = down(LOCATION, {"facilities": ["TRAM_STOP", "CAFE"]})
    assert wire["facilities"] == ["CAFE"] and "/facilities/0" in losses
    capabilities = ["START_SESSION_CONNECTOR_REQUIRED", "RFID_READER"]
    wire, losses = down(LOCATION, {"evses": [{"capabilities": capabilities}]})
    assert wire["evses"][0]["capabilities"] == ["RFID_READER"]
    assert "/evses/0/capabilities/0" in losses


def test_hours_are_one_of_two() -> None:
    regular = {"twentyfourseven": False, "regular_hours": [{"weekday": 1}]}
    assert down(HOURS, regular)[0] == {"regular_hours": [{"weekday": 1}]}
    assert up(HOURS, {"regular_hours": [{"weekday": 1}]}) == regular
    assert down(HOURS, {"twentyfourseven": True})[0] == {"twentyfourseven": True}


def test_no_moment_keeps_a_fraction_however_deep() -> None:
    moment = "2026-01-15T07:00:00.5Z"
    period = {"period_begin": moment, "period_end": moment}
    connector = {"last_updated": moment}
    evse = {"status_schedule": [period], "connectors": [connector], "last_updated": moment}
    hours = {"exceptional_openings": [period], "exceptional_closings": [period]}
    location = {"evses": [evse], "opening_times": hours, "last_updated": moment}
    wire, losses = down(LOCATION, location)
    assert ".5Z" not in repr(wire) and repr(wire).count("T07:00:00Z") == 9
    assert sorted(losses) == [
        "/evses/0/connectors/0/last_updated",
        "/evses/0/last_updated",
        "/evses/0/status_schedule/0/period_begin",
        "/evses/0/status_schedule/0/period_end",
        "/last_updated",
        "/opening_times/exceptional_closings/0/period_begin",
        "/opening_times/exceptional_closings/0/period_end",
        "/opening_times/exceptional_openings/0/period_begin",
        "/opening_times/exceptional_openings/0/period_end",
    ]


def test_every_coordinate_has_six_decimals() -> None:
    there = {"latitude": "54.31500", "longitude": "10.1350001"}
    location = {
        "coordinates": there, "related_locations": [there], "evses": [{"coordinates": there}],
    }  # fmt: skip
    wire, losses = down(LOCATION, location)
    exact = {"latitude": "54.315000", "longitude": "10.135000"}
    assert wire["coordinates"] == wire["related_locations"][0] == exact
    assert wire["evses"][0]["coordinates"] == exact
    assert sorted(losses) == [
        "/coordinates/longitude",
        "/evses/0/coordinates/longitude",
        "/related_locations/0/longitude",
    ]


def test_a_session_holds_its_place_alone() -> None:
    wire, losses = down(Table(LOCATION_OF_SESSION), sample("session"))
    assert losses == []
    place = wire["location"]
    assert errors("location", place, "2.1.1") == []
    assert [evse["uid"] for evse in place["evses"]] == ["HH-0042-1"]
    assert place["evses"][0]["connectors"][0]["tariff_id"] == "SNN-AC-1"
    back = up(Table(LOCATION_OF_SESSION), wire)
    for name in ("location_id", "evse_uid", "connector_id"):
        assert back[name] == sample("session")[name]


def test_an_unknown_place_keeps_its_ids() -> None:
    wire, _ = down(Table(LOCATION_OF_SESSION), sample("session"), UNKNOWN)
    assert wire["location"]["id"] == "HH-0042"
    assert wire["location"]["evses"] == [{"uid": "HH-0042-1", "connectors": [{"id": "1"}]}]


def test_a_reservation_has_no_evse_yet() -> None:
    wire, _ = down(Table(LOCATION_OF_SESSION), sample("session.reserved"))
    assert wire["location"]["evses"] == []
    back = up(Table(LOCATION_OF_SESSION), wire)
    assert (back["evse_uid"], back["connector_id"]) == ("#NA", "#NA")


def test_a_session_s_evse_without_connector() -> None:
    session = {**sample("session"), "connector_id": "#NA"}
    wire, _ = down(Table(LOCATION_OF_SESSION), session)
    assert wire["location"]["evses"][0]["connectors"] == []


def test_a_cdr_s_place_is_what_the_cdr_says() -> None:
    cdr = sample("cdr")
    cdr["cdr_location"]["address"] = "As it was then 1"
    wire, losses = down(Table(LOCATION_OF_CDR), cdr)
    place = wire["location"]
    assert errors("location", place, "2.1.1") == []
    assert place["address"] == "As it was then 1"
    assert place["type"] == "PARKING_GARAGE"
    connector = place["evses"][0]["connectors"][0]
    assert (connector["voltage"], connector["amperage"]) == (230, 32)
    assert losses == ["/cdr_location/state"]
    back = up(Table(LOCATION_OF_CDR), wire)["cdr_location"]
    del cdr["cdr_location"]["state"]
    assert back == cdr["cdr_location"]


def test_a_cdr_s_unknown_place_has_no_volts() -> None:
    wire, _ = down(Table(LOCATION_OF_CDR), sample("cdr"), UNKNOWN)
    assert wire["location"]["evses"][0]["connectors"][0]["voltage"] == 0
    assert errors("location", wire["location"], "2.1.1") == []


def test_a_cdr_without_an_evse_id_stays_without() -> None:
    cdr = sample("cdr")
    del cdr["cdr_location"]["evse_id"]
    wire, _ = down(Table(LOCATION_OF_CDR), cdr)
    assert "evse_id" not in wire["location"]["evses"][0]
    assert "evse_id" not in up(Table(LOCATION_OF_CDR), wire)["cdr_location"]
