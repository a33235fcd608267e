"""Each row about requests, pulls and locations: once satisfied, once broken."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from mock_peer.roam_face import ROLE
from mock_peer.roam_locations import shown_location
from mock_peer.roam_organisation import RealTime
from mock_peer.rule import Occasion as On
from tests.mock_peer.roam_cases import Case
from tests.mock_peer.roam_things import inlined, location, origin

ENTRY = {
    "id": "LOC1",
    "country": "DEU",
    "party": "DE*ABC",
    "changed_at": "2026-01-15T07:00:00Z",
    "removed": False,
}
BOTH = [
    {"identifier": "sessions", "role": "RECEIVER"},
    {"identifier": "cdrs", "role": "RECEIVER"},
    {"identifier": "tokens", "role": "SENDER"},
]


def page(**changes: Any) -> dict[str, Any]:
    return {"since": None, "until": None, "entries": [{**ENTRY, **changes}]}


def without(identifier: str) -> dict[str, Any]:
    return {"endpoints": [e for e in BOTH if e["identifier"] != identifier]}


@pytest.mark.parametrize(
    ("rule", "occasion", "good", "bad"),
    [
        ("roam.roles", On.ROAM_CREDENTIALS, {"roles": [ROLE]}, {"roles": [ROLE, ROLE]}),
        ("roam.roles", On.ROAM_CREDENTIALS, {"roles": [ROLE]},
         {"roles": [{**ROLE, "party_id": "ABC"}]}),
        ("roam.no-routing-headers", On.ROAM_REQUEST, {"routed_to": "de*8ps"},
         {"routed_to": "DE*ABC"}),
        ("roam.limit-minute", On.ROAM_REQUEST, {"exceeded": "day"}, {"exceeded": "minute"}),
        ("roam.limit-day", On.ROAM_REQUEST, {"exceeded": "minute"}, {"exceeded": "day"}),
        ("roam.limit-locations", On.ROAM_PULL, {"state": "first"},
         {"state": "first", "since_s": 59.0}),
        ("roam.locations-pull-only", On.ROAM_REQUEST, {"module": "locations", "method": "GET"},
         {"module": "locations", "method": "PUT", "refused": True}),
        ("roam.locations-page", On.ROAM_PULL, {"state": "first"}, {"state": "deep"}),
        ("roam.locations-page", On.ROAM_PULL, {"state": "next"}, {"state": "parallel"}),
        ("roam.locations-page", On.ROAM_PULL, {"state": "next"}, {"state": "unknown"}),
        ("roam.locations-page", On.ROAM_PAGE, {"entries": [ENTRY] * 250},
         {"entries": [ENTRY] * 251}),
        ("roam.locations-delta", On.ROAM_PAGE, {**page(), "since": "2026-01-15T07:00:00Z"},
         {**page(), "since": "2026-01-15T07:00:01Z"}),
        ("roam.locations-delta", On.ROAM_PAGE, {**page(), "until": "2026-01-15T07:00:01Z"},
         {**page(), "until": "2026-01-15T07:00:00Z"}),
        ("roam.locations-removed", On.ROAM_PAGE, page(), page(removed=True)),
        ("roam.locations-countries", On.ROAM_PAGE, page(), page(country="NLD")),
        ("roam.locations-countries", On.ROAM_PAGE, page(), page(party="DE*BAD")),
        ("roam.locations-name", On.ROAM_LOCATION, {"address": "a" * 200, "postal_code": "1" * 50},
         {"address": "a" * 201, "postal_code": "1"}),
        ("roam.locations-name", On.ROAM_LOCATION, {"address": "a"}, {"postal_code": "1" * 51}),
        ("roam.capabilities", On.ROAM_LOCATION, {"evses": [{"capabilities": ["RFID_READER"]}]},
         {"evses": [{"capabilities": ["RFID_READER", "RESERVABLE"]}]}),
        ("roam.sessions", On.ROAM_ENDPOINTS, {"endpoints": BOTH}, without("sessions")),
        ("roam.cdrs", On.ROAM_ENDPOINTS, {"endpoints": BOTH}, without("cdrs")),
        ("roam.authorize", On.ROAM_ENDPOINTS, {"endpoints": BOTH}, without("tokens")),
    ],
)  # fmt: skip
def test_a_row_is_satisfied_and_broken(rule: str, occasion: On, good: Any, bad: Any) -> None:
    case = Case(countries=("DEU",), blocked_cpos=("DE*BAD",))
    assert case.found(rule, occasion, good) == []
    assert case.found(rule, occasion, bad)


def test_ids_that_were_not_issued_are_found_wherever_they_stand() -> None:
    case = Case()
    shown = shown_location(location(), origin("LOC1"), case.ids, inlined(case.ids))
    assert case.found("roam.unique-ids", On.ROAM_LOCATION, shown) == []
    for pointer in (
        ("id",),
        ("evses", 0, "uid"),
        ("evses", 0, "connectors", 0, "id"),
        ("evses", 0, "connectors", 0, "tariffs", 0, "id"),
    ):
        spoiled = copy.deepcopy(shown)
        parent: Any = spoiled
        for step in pointer[:-1]:
            parent = parent[step]
        parent[pointer[-1]] = "LOC1"
        (finding,) = case.found("roam.unique-ids", On.ROAM_LOCATION, spoiled)
        assert finding.pointer == "/" + "/".join(str(step) for step in pointer)


def test_a_tariff_that_changed_under_its_id_is_found() -> None:
    case = Case()
    shown = shown_location(location(), origin("LOC1"), case.ids, inlined(case.ids))
    assert case.found("roam.tariffs-inlined", On.ROAM_LOCATION, shown) == []
    shown["evses"][0]["connectors"][0]["tariffs"][0]["currency"] = "SEK"
    assert len(case.found("roam.tariffs-inlined", On.ROAM_LOCATION, shown)) == 1


def test_tariff_ids_in_place_of_tariffs_are_found() -> None:
    case = Case()
    assert case.found("roam.tariffs-inlined", On.ROAM_LOCATION, location())


def test_who_is_not_to_be_asked_need_not_say_where() -> None:
    case = Case(authorization=RealTime(enabled=False))
    assert case.found("roam.authorize", On.ROAM_ENDPOINTS, without("tokens")) == []


@pytest.mark.parametrize("nonsense", [None, [], "", 1, {"entries": 1}, {"evses": [1, {}]}])
def test_any_json_is_survived(nonsense: Any) -> None:
    for occasion in On:
        if occasion.startswith("roam_"):
            Case().found("", occasion, nonsense)
