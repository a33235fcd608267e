"""The rules of real-time authorization and of the tokens sent, over HTTP, in each version: strict,
silent, switched off and changed by the profile.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from mock_peer.rules import BY_ID
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.ocpi.client import Answer
from simulator.ocpi.connection import SENDER
from tests.mock_peer import objects as o
from tests.mock_peer.charging import EVERY_VERSION, FIRST, Day, day

HERE = {"location_id": "LOC1", "evse_uids": [FIRST]}
each = pytest.mark.parametrize("version", EVERY_VERSION)


class Row(NamedTuple):
    """A request that breaks a rule, the verdict, and the place."""

    rule: str
    uid: str
    body: Any
    allowed: str
    at: str


ROWS = [
    Row("authorize.location-reference", o.CARD, None, "NOT_ALLOWED", "/location_id"),
    Row(
        "authorize.location-reference",
        o.CARD,
        {"location_id": "LOC9"},
        "NOT_ALLOWED",
        "/location_id",
    ),
    Row(
        "authorize.location-reference",
        o.CARD,
        {**HERE, "evse_uids": ["E9"]},
        "NOT_ALLOWED",
        "/evse_uids/0",
    ),
    Row("authorize.territory", o.CARD, {"location_id": "FAR"}, "NOT_ALLOWED", "/location_id"),
    Row("authorize.token", o.BLOCKED_CARD, HERE, "BLOCKED", ""),
]
rows = pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.rule}-{row.body}")


async def asked(cpo: Day, row: Row) -> Answer:
    far = cpo.wire("location", o.location("FAR", country="AUS"))
    await cpo.cpo.put_location({**far, "type": "PARKING_LOT"} if cpo.version == "2.1.1" else far)
    return await cpo.cpo.authorize(row.uid, row.body)


async def told(cpo: Day, rule: str) -> list[tuple[str, str]]:
    return [(f["severity"], f["pointer"]) for f in await cpo.findings() if f["rule"] == rule]


@each
@rows
@pytest.mark.parametrize("strict", [True, False])
async def test_the_verdict_is_the_same_strict_or_silent_and_has_its_reference(
    clock: Clock, chance: Chance, journal: Journal, version: str, row: Row, strict: bool
) -> None:
    async with day(clock, chance, journal, version, strict=strict) as cpo:
        answer = await asked(cpo, row)
        assert (answer.http_status, answer.status_code) == (200, 1000)
        assert answer.data["allowed"] == row.allowed
        assert ("authorization_reference" in answer.data) is (version != "2.1.1")
        assert await told(cpo, row.rule) == [("reject", row.at)]


@each
@rows
@pytest.mark.parametrize("switch", ["off", "warn"])
async def test_a_rule_that_refuses_no_more_allows(
    clock: Clock, chance: Chance, journal: Journal, version: str, row: Row, switch: str
) -> None:
    profile = {"rules": {row.rule: switch}}
    async with day(clock, chance, journal, version, profile=profile) as cpo:
        assert (await asked(cpo, row)).data["allowed"] == "ALLOWED"
        assert await told(cpo, row.rule) == ([] if switch == "off" else [("warn", row.at)])


@each
@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("switch", [None, "off"])
async def test_an_unknown_token_is_404_whatever_was_agreed(
    clock: Clock,
    chance: Chance,
    journal: Journal,
    version: str,
    strict: bool,
    switch: str | None,
) -> None:
    """2004 is a code from 2.2 on."""
    profile = {"strict": strict, "rules": {"authorize.token": switch} if switch else {}}
    async with day(clock, chance, journal, version, profile=profile) as cpo:
        answer = await cpo.cpo.authorize("unknown", HERE)
        wanted = (404, 2000 if version == "2.1.1" else 2004)
        assert (answer.http_status, answer.status_code) == wanted
        assert await told(cpo, "authorize.token") == ([] if switch else [("reject", "")])


@each
async def test_a_wrong_body_is_2001_when_strict_and_has_a_verdict_when_agreed(
    clock: Clock, chance: Chance, journal: Journal, version: str
) -> None:
    async with day(clock, chance, journal, version) as cpo:
        answer = await cpo.cpo.authorize(o.CARD, {**HERE, "evse_uids": FIRST})
        assert (answer.http_status, answer.status_code) == (200, 2001)
        assert "authorize.valid at /evse_uids" in answer.message


@each
async def test_a_wrong_body_is_read_as_far_as_it_goes_when_agreed(
    clock: Clock, chance: Chance, journal: Journal, version: str
) -> None:
    profile = {"rules": {"authorize.valid": "warn"}}
    async with day(clock, chance, journal, version, profile=profile) as cpo:
        answer = await cpo.cpo.authorize(o.CARD, {**HERE, "evse_uids": FIRST})
        assert (answer.status_code, answer.data["allowed"]) == (1000, "ALLOWED")
        assert await told(cpo, "authorize.valid") == [("warn", "/evse_uids")]


@each
async def test_a_private_location_is_allowed_where_that_is_declared(
    clock: Clock, chance: Chance, journal: Journal, version: str
) -> None:
    """In authorizations and in CDRs, without location references or with unknown ones."""
    profile = {"private_locations": "depots behind a gate"}
    async with day(clock, chance, journal, version, profile=profile) as cpo:
        for body in (None, {"location_id": "LOC9"}):
            answer = await cpo.cpo.authorize(o.NEVER_CARD, body)
            assert answer.data["allowed"] == "ALLOWED"
        reference = answer.data.get("authorization_reference")
        cdr = cpo.cdr("CDR1", await cpo.charge(), reference, card=o.NEVER_CARD)
        cdr["location" if version == "2.1.1" else "cdr_location"]["id"] = "LOC9"
        assert (await cpo.cpo.post_cdr(cdr)).status_code == 1000
        assert await cpo.broken() == []


# Tokens that the peer sends


@each
async def test_tokens_pushed_and_listed_are_as_the_rules_say(
    clock: Clock, chance: Chance, journal: Journal, version: str
) -> None:
    async with day(clock, chance, journal, version) as cpo:
        listed = (await cpo.cpo.ask("GET", "tokens", role=SENDER)).data
        assert listed == list(cpo.cpo.tokens.values())
        contract = "auth_id" if version == "2.1.1" else "contract_id"
        for token in listed:
            assert not {"group_id", "default_profile_type", "energy_contract"} & set(token)
            assert token["issuer"] == "DE*8PS"
        (pnc,) = [token for token in listed if token["uid"] == o.PNC]
        assert (pnc[contract], pnc["type"], pnc["whitelist"]) == (o.PNC, "OTHER", "NEVER")
        methods = {r["method"] for r in journal.records if r.get("module") == "tokens"}
        assert "PATCH" not in methods
        assert await cpo.broken() == []


@each
@pytest.mark.parametrize("switch", ["note", "off"])
async def test_the_quirk_is_sent_where_asked_for_and_told_unless_switched_off(
    clock: Clock, chance: Chance, journal: Journal, version: str, switch: str
) -> None:
    rule = "quirk.published-pnc-example"
    profile = {"quirks": ["published-pnc-example"], "rules": {rule: switch}}
    async with day(clock, chance, journal, version, profile=profile) as cpo:
        listed = {t["uid"]: t for t in (await cpo.cpo.ask("GET", "tokens", role=SENDER)).data}
        assert listed == cpo.cpo.tokens
        assert (listed[o.PNC]["valid"], listed[o.PNC]["authId"]) == ("true", o.PNC)
        wanted = [] if switch == "off" else [("note", "/valid"), ("note", "/authId")]
        assert await told(cpo, rule) == wanted
        assert BY_ID[rule].severity is None


@each
async def test_a_token_that_is_no_pnc_contract_is_a_defect_that_is_told(
    clock: Clock, chance: Chance, journal: Journal, version: str
) -> None:
    async with day(clock, chance, journal, version) as cpo:
        await cpo.cpo.control("PUT", "/tokens/NO-EMAID", {"type": "OTHER"})
        assert await told(cpo, "token.pnc") == [("note", "/uid")]


@pytest.mark.parametrize("version", ["2.2", "2.2.1"])
@pytest.mark.parametrize("strict", [True, False])
async def test_preferences_asked_for_are_405_strict_or_silent(
    clock: Clock, chance: Chance, journal: Journal, version: str, strict: bool
) -> None:
    async with day(clock, chance, journal, version, strict=strict) as cpo:
        body = {"profile_type": "FAST"}
        answer = await cpo.cpo.ask("PUT", "sessions", "S1", "charging_preferences", body=body)
        assert answer.http_status == 405
        assert await told(cpo, "session.no-preferences") == [("drop", "")]


async def test_sessions_are_not_taken_in_211(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with day(clock, chance, journal, "2.1.1") as cpo:
        assert not [e for e in cpo.cpo.connection.endpoints if e[0] in ("sessions", "commands")]
