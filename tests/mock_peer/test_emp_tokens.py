"""Real-time authorization, and the list of tokens."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.ocpi.client import Failure
from simulator.ocpi.connection import SENDER
from tests.mock_peer import objects as o
from tests.mock_peer.cpo import connected

HERE = {"location_id": "LOC1", "evse_uids": ["LOC1-1"]}


async def test_allowed_at_a_known_place_with_token_place_and_reference(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with connected(clock, chance, journal) as cpo:
        await cpo.put_location(o.location())
        first = (await cpo.authorize(o.CARD.lower(), HERE)).data
        assert first["allowed"] == "ALLOWED"
        assert first["token"]["uid"] == o.CARD
        assert first["location"] == HERE
        second = (await cpo.authorize(o.CARD, HERE, type="RFID")).data
        assert second["authorization_reference"] != first["authorization_reference"]


@pytest.mark.parametrize(
    ("uid", "body", "allowed", "rule"),
    [
        (o.CARD, None, "NOT_ALLOWED", "authorize.location-reference"),
        (o.CARD, {"location_id": "LOC9"}, "NOT_ALLOWED", "authorize.location-reference"),
        (o.CARD, {"location_id": "FAR"}, "NOT_ALLOWED", "authorize.territory"),
        (o.BLOCKED_CARD, HERE, "BLOCKED", "authorize.token"),
    ],
)
async def test_a_refusal_has_its_type_its_reason_and_a_reference(
    clock: Clock,
    chance: Chance,
    journal: Journal,
    uid: str,
    body: Any,
    allowed: str,
    rule: str,
) -> None:
    async with connected(clock, chance, journal) as cpo:
        await cpo.put_location(o.location())
        await cpo.put_location(o.location("FAR", country="AUS"))
        answer = await cpo.authorize(uid, body)
        assert (answer.http_status, answer.status_code) == (200, 1000)
        assert answer.data["allowed"] == allowed
        assert answer.data["authorization_reference"]
        assert "location" not in answer.data
        assert (await cpo.findings())[-1] == rule


async def test_an_unknown_token_is_404_and_2004_without_data(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with connected(clock, chance, journal) as cpo:
        await cpo.put_location(o.location())
        for uid, kind in (("unknown", "RFID"), (o.CARD, "APP_USER")):
            answer = await cpo.authorize(uid, HERE, type=kind)
            assert (answer.http_status, answer.status_code) == (404, 2004)
            assert answer.data is None
        assert await cpo.findings() == ["authorize.token"] * 2


async def test_what_is_set_refuses_delays_and_keeps_silent(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with connected(clock, chance, journal) as cpo:
        await cpo.put_location(o.location())
        await cpo.put_location(o.location("LOC2"))
        answers = {
            "tokens": {o.CARD.lower(): {"allowed": "EXPIRED", "delay_s": 3}},
            "locations": {"LOC2": {"no_answer": True}},
        }
        status, told = await cpo.control("PUT", "/authorizations", answers)
        assert (status, told["default"]["allowed"]) == (200, "ALLOWED")
        before = clock.monotonic()
        assert (await cpo.authorize(o.CARD, HERE)).data["allowed"] == "EXPIRED"
        assert clock.monotonic() - before == pytest.approx(3, abs=0.01)
        silent = await cpo.authorize(o.NEVER_CARD, {"location_id": "LOC2"})
        assert silent.failure is Failure.NO_ANSWER
        assert (await cpo.authorize(o.NEVER_CARD, HERE)).data["allowed"] == "ALLOWED"
        await cpo.control("DELETE", "/authorizations")
        assert (await cpo.authorize(o.CARD, HERE)).data["allowed"] == "ALLOWED"


async def test_a_setting_never_allows_what_a_rule_refuses(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with connected(clock, chance, journal) as cpo:
        await cpo.control("PUT", "/authorizations", {"tokens": {o.BLOCKED_CARD: {}}})
        assert (await cpo.authorize(o.BLOCKED_CARD, HERE)).data["allowed"] == "BLOCKED"


async def test_no_answer_at_all_is_an_interruption(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with connected(clock, chance, journal) as cpo:
        await cpo.put_tariff(o.tariff())
        await cpo.put_location(o.location())
        await cpo.control("PUT", "/authorizations", {"default": {"no_answer": True}})
        begun = clock.now()
        await clock.sleep(1800)
        told = await cpo.post_cdr(o.cdr(start=begun, auth_method="WHITELIST"))
        assert told.status_code == 1000, told.message
        await cpo.control("DELETE", "/authorizations")
        await clock.sleep(7200)
        begun = clock.now()
        await clock.sleep(1800)
        told = await cpo.post_cdr(o.cdr("CDR2", start=begun, auth_method="WHITELIST"))
        assert "cdr.realtime-only" in told.message


async def test_the_list_of_tokens_comes_by_the_page_oldest_first(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with connected(clock, chance, journal) as cpo:
        url = cpo.connection.endpoints["tokens", SENDER]
        got = [
            g
            async for g in cpo.client.get_all(cpo.connection, url, "tokens", gives="token", limit=3)
        ]
        assert [g.obj["uid"] for g in got] == list(cpo.tokens)
        assert [g.obj for g in got] == list(cpo.tokens.values())
        pages = list(dict.fromkeys(g.answer.url for g in got))
        assert len(pages) == 3
        bad = await cpo.ask("GET", "tokens", role=SENDER, query={"limit": "x"})
        assert bad.status_code == 2001


async def test_app_users_are_kept_back_where_they_need_not_be_known(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    profile = {"remote_start_token_first": False}
    async with connected(clock, chance, journal, profile=profile) as cpo:
        assert len(cpo.tokens) == 6
        assert "ps-app-000001" not in cpo.tokens


async def test_the_published_example_is_sent_on_request(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    profile = {"quirks": ["published-pnc-example"]}
    async with connected(clock, chance, journal, profile=profile) as cpo:
        assert cpo.tokens[o.PNC]["valid"] == "true"
        assert cpo.tokens[o.PNC]["authId"] == o.PNC
        assert cpo.tokens[o.CARD]["valid"] is True
        assert set(await cpo.findings()) == {"quirk.published-pnc-example"}


def lost(journal: Journal) -> list[tuple[str, list[str], bool]]:
    """What the peer says was lost: kind, places, and whether the event names its exchange."""
    told = [r for r in journal.records if r.get("what") == "ocpi.lost"]
    ours = [r["data"] for r in told if r["actor"] == "plugsurfing"]
    return [(data["kind"], data["lost"], "message_seq" in data) for data in ours]


async def test_what_211_cannot_say_of_a_token_or_an_answer_is_journalled(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with connected(clock, chance, journal, version="2.1.1") as cpo:
        app_user = ("token", ["/type"], False)
        assert lost(journal) == [app_user], "pushed: an app user travels as OTHER"
        assert (await cpo.ask("GET", "tokens", role=SENDER)).status_code == 1000
        assert lost(journal) == [app_user, ("token", ["/*/type"], True)]
        answer = (await cpo.authorize(o.CARD, HERE)).data
        assert set(answer) == {"allowed", "info"}
        unsaid = ["/token", "/authorization_reference"]
        assert lost(journal)[2:] == [("authorization_info", unsaid, True)]


@pytest.mark.parametrize("version", ["2.2", "2.2.1"])
async def test_nothing_of_a_token_is_lost_since_22(
    clock: Clock, chance: Chance, journal: Journal, version: str
) -> None:
    async with connected(clock, chance, journal, version=version) as cpo:
        await cpo.ask("GET", "tokens", role=SENDER)
        await cpo.authorize(o.CARD, HERE)
        assert lost(journal) == []


@pytest.mark.parametrize("version", ["2.1.1", "2.2", "2.2.1"])
async def test_a_silent_peer_answers_what_it_can_read_of_a_wrong_body_by_a_verdict(
    clock: Clock, chance: Chance, journal: Journal, version: str
) -> None:
    async with connected(clock, chance, journal, version=version, strict=False) as cpo:
        answer = await cpo.authorize(o.CARD, {"location_id": 1})
        assert (answer.http_status, answer.status_code) == (200, 1000)
        assert answer.data["allowed"] == "NOT_ALLOWED"
        assert await cpo.findings() == ["authorize.valid", "authorize.location-reference"]
