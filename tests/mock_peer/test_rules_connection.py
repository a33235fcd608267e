"""Rules of registration and requests."""

from __future__ import annotations

from typing import Any

import pytest

from mock_peer.known import Known
from mock_peer.profile import Party
from mock_peer.rule import Occasion as On
from tests.mock_peer.cases import Case, check, known

ROLE = {
    "role": "CPO",
    "country_code": "DE",
    "party_id": "ABC",
    "business_details": {"name": "Test CPO"},
}
CREDENTIALS = {"token": "t", "url": "https://cpo.example/versions", "roles": [ROLE]}


def with_roles() -> Known:
    return known(roles=frozenset({("de", "abc")}))


def head(module: str, method: str, **more: object) -> dict[str, object]:
    return {"module": module, "method": method, **more}


def refused(rule: str, module: str, method: str, version: str = "2.2.1") -> Case:
    return Case(
        rule,
        On.REQUEST,
        good=head(module, method),
        bad=head(module, method, refused="PUT"),
        at="",
        version=version,
    )


REQUIRED = (("locations", "SENDER"), ("tariffs", "SENDER"), ("tokens", "RECEIVER"))


def offering(*rows: tuple[str, str]) -> dict[str, object]:
    return {"endpoints": [{"identifier": module, "role": role} for module, role in rows]}


CASES = [
    Case(
        "credentials.endpoints",
        On.ENDPOINTS,
        good=offering(*REQUIRED),
        bad=offering(*REQUIRED[:2], ("tokens", "SENDER")),
        at="/endpoints",
    ),
    Case(
        "credentials.endpoints",
        On.ENDPOINTS,
        good=offering(REQUIRED[0], REQUIRED[2]),  # tariffs are optional there
        bad=offering(REQUIRED[2]),
        at="/endpoints",
        version="2.1.1",
    ),
    Case(
        "credentials.valid",
        On.CREDENTIALS,
        good=CREDENTIALS,
        bad={**CREDENTIALS, "roles": [{**ROLE, "business_details": {}}]},
        at="/roles/0/business_details/name",
    ),
    Case(
        "credentials.cpo-role",
        On.CREDENTIALS,
        good={**CREDENTIALS, "roles": [{**ROLE, "role": "NSP"}, ROLE]},
        bad={**CREDENTIALS, "roles": [ROLE, {**ROLE, "role": "XYZ"}]},
        at="/roles/1/role",
    ),
    Case(
        "credentials.cpo-role",
        On.CREDENTIALS,
        good=CREDENTIALS,
        bad={**CREDENTIALS, "roles": [{**ROLE, "role": "EMSP"}]},
        at="/roles",
    ),
    Case(
        "credentials.as-agreed",
        On.CREDENTIALS,
        good=CREDENTIALS,
        bad={**CREDENTIALS, "roles": [{**ROLE, "party_id": "DEF"}]},
        at="/roles",
        profile={"main_cpo": Party("Test CPO", "de", "abc")},
    ),
    Case(
        "credentials.as-agreed",
        On.CREDENTIALS,
        good={"country_code": "DE", "party_id": "ABC"},
        bad={"country_code": "NL", "party_id": "ABC"},
        at="/party_id",
        profile={"main_cpo": Party("Test CPO", "DE", "ABC")},
        version="2.1.1",
    ),
    Case(
        "credentials.roles-unique",
        On.CREDENTIALS,
        good={**CREDENTIALS, "roles": [ROLE, {**ROLE, "party_id": "DEF"}]},
        bad={**CREDENTIALS, "roles": [ROLE, {**ROLE, "party_id": "abc"}]},
        at="/roles/1",
    ),
    Case(
        "credentials.roles-unique",
        On.OWNER,
        good={"country_code": "de", "party_id": "abc"},
        bad={"country_code": "DE", "party_id": "XYZ"},
        at="/party_id",
        knows=with_roles,
    ),
    Case(
        "request.url",
        On.REQUEST,
        good=head("cdrs", "POST"),
        bad=head("cdrs", "POST", unslashed="/ocpi/2.2.1/receiver/cdrsX"),
        at="",
    ),
    Case(
        "request.body",
        On.REQUEST,
        good=head("cdrs", "POST"),
        bad=head("cdrs", "POST", error="{"),
        at="",
    ),
    Case(
        "request.ids",
        On.REQUEST,
        good=head("cdrs", "POST", missing=[]),
        bad=head("cdrs", "POST", missing=["X-Request-ID"]),
        at="/headers/X-Request-ID",
    ),
    refused("request.supported", "locations", "DELETE"),
    refused("locations.no-get", "locations", "GET"),
    refused("tariffs.no-get", "tariffs", "GET"),
    refused("tariffs.no-patch", "tariffs", "PATCH"),
    refused("tariffs.no-patch", "tariffs", "PATCH", "2.2"),
    refused("sessions.no-get", "sessions", "GET"),
    refused("cdrs.no-get", "cdrs", "GET"),
    refused("cdrs.no-get", "cdrs", "GET", "2.1.1"),
    refused("request.supported", "sessions", "GET", "2.1.1"),
    Case(
        "session.required-for-remote",
        On.ENDPOINTS,
        good={
            "endpoints": [
                {"identifier": "commands", "role": "RECEIVER"},
                {"identifier": "sessions", "role": "SENDER"},
            ]
        },
        bad={"endpoints": [{"identifier": "commands", "role": "RECEIVER"}]},
        at="/endpoints",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rule(case: Case) -> None:
    check(case)


def test_data_without_registration_is_always_a_breach() -> None:
    case = Case("credentials.before-data", On.UNREGISTERED, None, head("cdrs", "POST"), "")
    (found,) = case.judged_bad()
    assert found.pointer == "/headers/Authorization"


def test_a_get_of_locations_is_told_by_its_own_rule_alone() -> None:
    case = Case("request.supported", On.REQUEST, None, head("locations", "GET", refused="x"), "")
    assert case.judged_bad() == []


def test_a_role_of_no_version_is_told_by_its_own_rule_alone() -> None:
    body = {**CREDENTIALS, "roles": [ROLE, {**ROLE, "role": "XYZ"}]}
    assert Case("credentials.valid", On.CREDENTIALS, None, body, "").judged_bad() == []


@pytest.mark.parametrize(
    ("body", "seen"),
    [
        ({**CREDENTIALS, "token": "x" * 65}, "***"),
        ({**CREDENTIALS, "token": ["x"]}, "***"),
        ({**CREDENTIALS, "token": None}, None),
        ([{"token": "x", "url": "u"}], [{"token": "***", "url": "u"}]),
        ("x", "***"),
    ],
)
def test_a_token_that_is_wrong_is_not_shown(body: Any, seen: Any) -> None:
    (found,) = Case("credentials.valid", On.CREDENTIALS, None, body, "").judged_bad()
    assert found.seen == seen
