"""Rules of sessions and command results."""

from __future__ import annotations

import pytest

from mock_peer.known import Known
from mock_peer.rule import Occasion as On
from tests.mock_peer import objects as o
from tests.mock_peer.cases import Case, check, known


def with_session() -> Known:
    return known(sessions={"s1": o.session()})


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
        ids={"session_id": "S1"},
    ),
    Case(
        "session.valid",
        On.SESSION_PATCH,
        PATCH,
        PATCH,
        "",
        knows=known,
        good_knows=with_session,
        ids={"session_id": "S1"},
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
        ids={"session_id": "S1"},
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
