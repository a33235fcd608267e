"""Rules of sessions and command results."""

from __future__ import annotations

import pytest

from mock_peer.known import Known
from mock_peer.rule import Occasion as On
from tests.mock_peer import objects as o
from tests.mock_peer.cases import Case, check, known


def with_session() -> Known:
    return known(sessions={"de*abc*s1": o.session()})


def completed() -> Known:
    return known(sessions={"de*abc*s1": o.session(status="COMPLETED")})


EARLIER = "2026-01-01T00:00:00Z"
URL = {"country_code": "DE", "party_id": "abc", "session_id": "S1"}
PATCH = {"kwh": 1, "last_updated": o.AT}
CASES = [
    Case("session.valid", On.SESSION, o.session(), o.session(kwh="1"), "/kwh"),
    Case(
        "session.valid",
        On.SESSION,
        o.session(),
        o.session(),
        "/party_id",
        ids={"party_id": "XYZ"},
        good_ids={"party_id": "ABC"},
    ),
    Case(
        "session.valid",
        On.SESSION_PATCH,
        PATCH,
        {"kwh": 1},
        "/last_updated",
        knows=with_session,
        ids=URL,
    ),
    Case(
        "session.valid",
        On.SESSION_PATCH,
        PATCH,
        PATCH,
        "",
        knows=known,
        good_knows=with_session,
        ids=URL,
    ),
    Case(
        "session.valid",
        On.SESSION_PATCH,
        {**PATCH, "party_id": "ABC"},
        {**PATCH, "party_id": "XYZ"},
        "/party_id",
        knows=with_session,
        ids=URL,
    ),
    Case("session.not-negative", On.SESSION, o.session(), o.session(kwh=-1), "/kwh"),
    Case(
        "session.not-negative",
        On.SESSION,
        o.session(end_date_time=o.AT),
        o.session(end_date_time=EARLIER),
        "/end_date_time",
    ),
    Case(
        "session.not-negative",
        On.SESSION_PATCH,
        {**PATCH, "end_date_time": o.AT},
        {**PATCH, "end_date_time": EARLIER},
        "/end_date_time",
        knows=with_session,
        ids=URL,
    ),
    Case(
        "session.known-location",
        On.SESSION,
        o.session(),
        o.session(location_id="LOC9"),
        "/location_id",
    ),
    Case(
        "session.known-location",
        On.SESSION,
        o.session(),
        o.session(evse_uid="LOC1-9"),
        "/evse_uid",
    ),
    Case(
        "session.known-location",
        On.SESSION,
        o.session(location_id="LOC9"),
        o.session(location_id="LOC9"),
        "/location_id",
        good_profile={"private_locations": "depots"},
    ),
    Case(
        "session.known-location",
        On.SESSION_PATCH,
        PATCH,
        {**PATCH, "location_id": "LOC9"},
        "/location_id",
        knows=with_session,
        ids=URL,
    ),
    Case(
        "session.ends-once",
        On.SESSION,
        o.session(status="INVALID"),
        o.session(),
        "/status",
        knows=completed,
    ),
    Case(
        "session.ends-once",
        On.SESSION_PATCH,
        PATCH,
        {**PATCH, "status": "ACTIVE"},
        "/status",
        knows=completed,
        ids=URL,
    ),
    Case(
        "session.no-preferences",
        On.SESSION,
        o.session(),
        o.session(charging_preferences={"profile_type": "FAST"}),
        "/charging_preferences",
    ),
    Case(
        "session.no-preferences",
        On.SESSION_PATCH,
        PATCH,
        {**PATCH, "profile_type": "FAST"},
        "/profile_type",
        knows=with_session,
        ids=URL,
    ),
    Case(
        "command.valid",
        On.COMMAND_RESPONSE,
        {"result": "REJECTED", "timeout": 0},
        {"result": "REJECTED"},
        "/timeout",
    ),
    Case(
        "command.valid",
        On.COMMAND_RESULT,
        {"result": "ACCEPTED"},
        {"result": "DONE"},
        "/result",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rule(case: Case) -> None:
    check(case)


def test_a_request_about_charging_preferences_is_always_a_breach() -> None:
    body = {"profile_type": "FAST"}
    (found,) = Case("session.no-preferences", On.PREFERENCES, None, body, "").judged_bad()
    assert found.seen == body
