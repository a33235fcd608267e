"""What is agreed and set for a CPO by the control API: profile keys and real-time answers."""

from __future__ import annotations

from typing import Any

import pytest

from mock_peer.rule import ALL, V22X, V211
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock, rfc3339
from simulator.kernel.journal import Journal
from simulator.ocpi.connection import SENDER
from tests.mock_peer import objects as o
from tests.mock_peer.cpo import TestCpo, connected
from tests.mock_peer.test_rules_over_http import Wire
from tests.mock_peer.test_versions import wire

HERE = {"location_id": "LOC1", "evse_uids": ["LOC1-1"]}
APP = "ps-app-000001"


async def agree(cpo: TestCpo, **profile: Any) -> None:
    status, made = await cpo.control("PUT", "/connections/cpo-1/profile", {"profile": profile})
    assert status == 200, made
    assert {name: made["profile"][name] for name in profile} == profile


# The questions before an integration


@pytest.mark.parametrize("version", ALL)
async def test_main_cpo(clock: Clock, chance: Chance, journal: Journal, version: str) -> None:
    for party, found in (("ABC", []), ("DEF", ["credentials.as-agreed"])):
        main = {"name": "Main", "country_code": "DE", "party_id": party}
        async with connected(
            clock, chance, journal, version=version, profile={"main_cpo": main}
        ) as cpo:
            assert await cpo.findings() == found
            assert cpo.connection.registered


@pytest.mark.parametrize("version", V22X)
async def test_cpos(clock: Clock, chance: Chance, journal: Journal, version: str) -> None:
    async with connected(clock, chance, journal, version=version) as cpo:
        theirs = {"country_code": "NL", "party_id": "XYZ"}
        body = {**Wire(cpo).tariff(), **theirs}

        async def put() -> int | None:
            return (await cpo.ask("PUT", "tariffs", "NL", "XYZ", "T1", body=body)).status_code

        assert await put() == 2001
        await agree(cpo, cpos=[{"name": "Other", **theirs}])
        assert await put() == 1000
        assert await cpo.findings() == ["credentials.roles-unique"]


@pytest.mark.parametrize("version", V22X)
async def test_remote_start(clock: Clock, chance: Chance, journal: Journal, version: str) -> None:
    async with connected(clock, chance, journal, version=version) as cpo:
        stop = ("POST", "/commands/STOP_SESSION", {"session_id": "S1"})
        assert (await cpo.control(*stop))[0] == 200
        await agree(cpo, remote_start=False)
        status, told = await cpo.control(*stop)
        assert status == 409 and "remote start is not supported" in told["error"]
        assert len(cpo.commands) == 1


@pytest.mark.parametrize("version", ALL)
async def test_remote_start_token_first(
    clock: Clock, chance: Chance, journal: Journal, version: str
) -> None:
    async with connected(clock, chance, journal, version=version) as cpo:
        assert APP in cpo.tokens
        await agree(cpo, remote_start_token_first=False)
        cpo.tokens.clear()
        _, told = await cpo.control("POST", "/connections/cpo-1/tokens")
        change = {"type": "APP_USER", "valid": False}
        _, changed = await cpo.control("PUT", f"/tokens/{APP}", change)
        listed = await cpo.ask("GET", "tokens", role=SENDER)
        assert (told["taken"], changed["pushed"], len(listed.data)) == (6, [], 6)
        assert APP not in {*cpo.tokens, *(token["uid"] for token in listed.data)}


@pytest.mark.parametrize("version", ALL)
async def test_private_locations_and_a_late_cdr(
    clock: Clock, chance: Chance, journal: Journal, version: str
) -> None:
    async with connected(clock, chance, journal, version=version) as cpo:
        await cpo.put_tariff(Wire(cpo).tariff())

        async def charge(name: str) -> tuple[str, int | None, list[str]]:
            began = len(await cpo.findings())
            told = await cpo.authorize(o.CARD, HERE)
            begun = clock.now().replace(microsecond=0)
            await clock.sleep(3 * 3600)
            reference = told.data.get("authorization_reference")
            body = o.cdr(name, start=begun, reference=reference, session_id=name)
            answer = await cpo.post_cdr(wire(cpo, "cdr", body))
            return told.data["allowed"], answer.status_code, (await cpo.findings())[began:]

        allowed, code, found = await charge("C1")
        assert (allowed, code) == ("NOT_ALLOWED", 2000)
        assert {"authorize.location-reference", "cdr.known-location", "cdr.in-time"} <= {*found}
        await agree(cpo, private_locations="a depot behind a gate")
        assert await charge("C2") == ("ALLOWED", 1000, ["cdr.in-time"])
        await agree(cpo, cdr_right_after_session="we bill at night")
        assert await charge("C3") == ("ALLOWED", 1000, [])
        await agree(cpo, cdr_right_after_session=False)
        assert await charge("C4") == ("ALLOWED", 1000, [])


@pytest.mark.parametrize("version", ALL)
async def test_territory_quirks_and_what_is_left_out(
    clock: Clock, chance: Chance, journal: Journal, version: str
) -> None:
    async with connected(clock, chance, journal, version=version) as cpo:
        w = Wire(cpo)
        assert (await cpo.put_location(w.location(country="AUS"))).status_code == 2000
        await agree(cpo, territory=["AUS"])
        assert (await cpo.put_location(w.location(country="AUS"))).status_code == 1000
        assert (await cpo.put_location(w.location("L2", evses=[]))).status_code == 2000
        await agree(cpo, strict=False)
        assert (await cpo.put_location(w.location("L2", evses=[]))).status_code == 1000
        await agree(cpo, quirks=["published-pnc-example"])
        await cpo.control("POST", "/connections/cpo-1/tokens")
        assert cpo.tokens[o.PNC]["valid"] == "true"
        _, listed = await cpo.control("GET", "/connections")
        profile = listed["connections"][0]["profile"]
        assert (profile["territory"], profile["strict"]) == (["AUS"], False)


async def test_a_profile_that_is_wrong_changes_nothing(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with connected(clock, chance, journal) as cpo:
        for profile, pointer in (
            ({"strict": "no"}, "/profile/strict"),
            ({"cpos": [{"name": "x", "country_code": "D", "party_id": "ABC"}]},
             "/profile/cpos/0/country_code"),
            ({"cdr_right_after_session": 1}, "/profile/cdr_right_after_session"),
        ):  # fmt: skip
            body = {"profile": {"territory": ["AUS"], **profile}}
            status, told = await cpo.control("PUT", "/connections/cpo-1/profile", body)
            assert (status, told["pointer"]) == (400, pointer), told
        assert (await cpo.put_location(o.location(country="AUS"))).status_code == 2000
        status, _ = await cpo.control("PUT", "/connections/cpo-9/profile", {"profile": {}})
        assert status == 404


# Real-time answers

REFUSALS = ("BLOCKED", "EXPIRED", "NO_CREDIT", "NOT_ALLOWED")


def settings(where: str, answer: dict[str, Any], clock: Clock) -> dict[str, Any]:
    """The answer, set for this token, this location, this time, or whatever comes."""
    places: dict[str, dict[str, Any]] = {
        "default": {"default": answer},
        "token": {"tokens": {o.CARD.lower(): answer}},
        "location": {"locations": {"loc1": answer}},
        "time": {"times": [{**answer, "since": rfc3339(clock.now())}]},
    }
    return places[where]


@pytest.mark.parametrize("where", ["default", "token", "location", "time"])
@pytest.mark.parametrize("version", ALL)
async def test_every_answer_can_be_set_everywhere(
    clock: Clock, chance: Chance, journal: Journal, version: str, where: str
) -> None:
    async with connected(clock, chance, journal, version=version) as cpo:
        await cpo.put_location(Wire(cpo).location())

        async def given(**answer: Any) -> Any:
            status, _ = await cpo.control("PUT", "/authorizations", settings(where, answer, clock))
            assert status == 200
            return await cpo.authorize(o.CARD, HERE)

        for allowed in ("ALLOWED", *REFUSALS):
            told = await given(allowed=allowed, info=f"it is {allowed}")
            assert (told.http_status, told.status_code) == (200, 1000)
            assert told.data["allowed"] == allowed
            assert told.data["info"]["text"] == f"it is {allowed}"
            assert ("authorization_reference" in told.data) is (version != V211)
        began = clock.now()
        assert (await given(delay_s=12)).data["allowed"] == "ALLOWED"
        assert 12 <= (clock.now() - began).total_seconds() < 13
        silent = await given(no_answer=True)
        assert (silent.ok, silent.http_status) == (False, None)
        await cpo.control("DELETE", "/authorizations")
        assert (await cpo.authorize(o.CARD, HERE)).data["allowed"] == "ALLOWED"
        assert await cpo.findings() == []


@pytest.mark.parametrize(
    ("answers", "pointer"),
    [
        ({"default": {"allowed": "MAYBE"}}, "/default/allowed"),
        ({"default": {"delay_s": -1}}, "/default/delay_s"),
        ({"tokens": {"A": {"delay_s": 1e9}}}, "/tokens/A/delay_s"),
        ({"locations": {"L": {"allow": "ALLOWED"}}}, "/locations/L/allow"),
        (
            {"times": [{"since": "2026-01-15T08:00:00Z", "until": "2026-01-15T07:00:00Z"}]},
            "/times/0",
        ),
    ],
)
async def test_an_answer_that_cannot_be_is_refused_with_its_place(
    clock: Clock, chance: Chance, journal: Journal, answers: Any, pointer: str
) -> None:
    async with connected(clock, chance, journal, register=False) as cpo:
        status, told = await cpo.control("PUT", "/authorizations", answers)
        assert (status, told["pointer"]) == (400, pointer), told
        _, kept = await cpo.control("GET", "/authorizations")
        assert kept["default"]["allowed"] == "ALLOWED"
