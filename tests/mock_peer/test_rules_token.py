"""Rules of real-time authorization, and of the tokens that Plugsurfing sends."""

from __future__ import annotations

from typing import Any

import pytest

from mock_peer.known import Known, KnownLocation
from mock_peer.rule import Occasion as On
from mock_peer.rule import Severity
from mock_peer.rules_token import as_published, is_pnc
from tests.mock_peer import objects as o
from tests.mock_peer.cases import Case, check, known

HERE = {"location_id": "LOC1", "evse_uids": ["LOC1-1"]}
CARD_IDS = {"token_uid": o.CARD, "type": "RFID"}
PNC_TOKEN: dict[str, Any] = {
    "country_code": "DE",
    "party_id": "8PS",
    "uid": o.PNC,
    "type": "OTHER",
    "contract_id": o.PNC,
    "issuer": "DE*8PS",
    "valid": True,
    "whitelist": "NEVER",
    "last_updated": o.AT,
}


def with_far_location() -> Known:
    made = known()
    made.take_location(KnownLocation(o.location("FAR", country="AUS"), o.NOW, outside=True))
    return made


CASES = [
    Case(
        "authorize.valid",
        On.AUTHORIZE,
        HERE,
        {"location_id": 1},
        "/location_id",
        ids=CARD_IDS,
    ),
    Case("authorize.location-reference", On.AUTHORIZE, HERE, None, "/location_id", ids=CARD_IDS),
    Case(
        "authorize.location-reference",
        On.AUTHORIZE,
        HERE,
        {"location_id": "LOC9"},
        "/location_id",
        ids=CARD_IDS,
    ),
    Case(
        "authorize.location-reference",
        On.AUTHORIZE,
        HERE,
        {"location_id": "LOC1", "evse_uids": ["E9"]},
        "/evse_uids/0",
        ids=CARD_IDS,
    ),
    Case(
        "authorize.location-reference",
        On.AUTHORIZE,
        None,
        None,
        "/location_id",
        ids=CARD_IDS,
        good_profile={"private_locations": "depots"},
    ),
    Case(
        "authorize.territory",
        On.AUTHORIZE,
        HERE,
        {"location_id": "FAR"},
        "/location_id",
        knows=with_far_location,
        ids=CARD_IDS,
    ),
    Case(
        "authorize.token",
        On.AUTHORIZE,
        HERE,
        HERE,
        "",
        ids={"token_uid": "unknown", "type": "RFID"},
        good_ids={"token_uid": o.CARD.lower(), "type": "RFID"},
    ),
    Case(
        "authorize.token",
        On.AUTHORIZE,
        HERE,
        HERE,
        "",
        ids={"token_uid": o.BLOCKED_CARD, "type": "RFID"},
        good_ids=CARD_IDS,
    ),
    Case(
        "authorize.token",
        On.AUTHORIZE,
        HERE,
        HERE,
        "",
        ids={"token_uid": o.CARD, "type": "APP_USER"},
        good_ids=CARD_IDS,
    ),
    Case(
        "authorize.reference-issued",
        On.AUTHORIZATION,
        {"authorization_reference": "r"},
        {"allowed": "ALLOWED"},
        "/authorization_reference",
    ),
    Case("token.fields", On.TOKEN, PNC_TOKEN, {**PNC_TOKEN, "group_id": "G"}, "/group_id"),
    Case("token.pnc", On.TOKEN, PNC_TOKEN, {**PNC_TOKEN, "uid": "DE8PSC000000077"}, "/uid"),
    Case(
        "token.pnc", On.TOKEN, PNC_TOKEN, {**PNC_TOKEN, "contract_id": "DE-8PS-X"}, "/contract_id"
    ),
    Case("token.pnc", On.TOKEN, PNC_TOKEN, {**PNC_TOKEN, "whitelist": "ALLOWED"}, "/whitelist"),
    Case("token.pnc", On.TOKEN, PNC_TOKEN, {**PNC_TOKEN, "issuer": "Plugsurfing"}, "/issuer"),
    Case("token.pnc", On.TOKEN, PNC_TOKEN, {**PNC_TOKEN, "type": "EMAID"}, "/type"),
    Case(
        "quirk.published-pnc-example",
        On.TOKEN,
        PNC_TOKEN,
        as_published(PNC_TOKEN),
        "/valid",
    ),
    Case(
        "quirk.published-pnc-example",
        On.TOKEN,
        PNC_TOKEN,
        as_published(PNC_TOKEN),
        "/authId",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rule(case: Case) -> None:
    check(case)


def test_a_patch_of_a_token_of_ours_would_be_a_breach() -> None:
    (found,) = Case("token.never-patched", On.TOKEN_PATCH, None, {}, "").judged_bad()
    assert found.severity is Severity.NOTE


def test_the_published_example_keeps_the_contract() -> None:
    assert as_published(PNC_TOKEN) == {
        "uid": o.PNC,
        "valid": "true",
        "authId": o.PNC,
        "type": "OTHER",
        "issuer": "DE*8PS",
        "whitelist": "NEVER",
        "last_updated": o.AT,
    }


@pytest.mark.parametrize(
    ("uid", "kind", "wanted"),
    [(o.PNC, "OTHER", True), (o.PNC, "RFID", False), ("DE8PSC000000077", "OTHER", False)],
)
def test_a_plug_and_charge_token_is_known_by_type_and_uid(
    uid: str, kind: str, wanted: bool
) -> None:
    assert is_pnc({"uid": uid, "type": kind}) is wanted


def test_an_app_user_that_travels_as_other_is_no_contract() -> None:
    """2.1.1 has no type for app users."""
    body = {"uid": "ps-app-000001", "auth_id": "DE-8PS-C00000006-6", "type": "OTHER"}
    assert Case("token.pnc", On.TOKEN, body, None, "", version="2.1.1").judged_good() == []
