"""What the control API lets the peer send, in every version, and what the CPO does wrong."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.ocpi.connection import SENDER
from simulator.ocpi.envelope import encode
from simulator.ocpi.exchange import Ctx
from simulator.ocpi.versions import VERSIONS
from simulator.wire.http import Headers, Response
from tests.mock_peer import objects as o
from tests.mock_peer.cpo import TestCpo, connected

EVERY = sorted(VERSIONS)
HERE = "/connections/cpo-1"


def spoil(cpo: TestCpo, how: str, *modules: str) -> None:
    """Let the CPO's server fail at these modules."""

    async def tamper(ctx: Ctx, response: Response) -> Response:
        if ctx.module not in modules:
            return response
        if how == "silence":
            await cpo.clock.sleep(600)
            return Response(0)
        return {
            "500": Response(500, Headers(), b"out of order"),
            "garbage": Response(200, Headers({"Content-Type": "text/html"}), b"<html>"),
            "3000": Response(200, Headers(), encode(None, 3000, "down", now=cpo.clock.now())),
            "no data": Response(200, Headers(), encode(None, 1000, now=cpo.clock.now())),
        }[how]

    cpo.server.tamper = tamper


@pytest.mark.parametrize("version", EVERY)
async def test_credentials_are_got_and_put_and_the_old_token_is_dead(
    clock: Clock, chance: Chance, journal: Journal, version: str
) -> None:
    async with connected(clock, chance, journal, version=version) as cpo:
        status, told = await cpo.control("GET", f"{HERE}/credentials")
        party = told["credentials"] if version == "2.1.1" else told["credentials"]["roles"][0]
        assert (status, party["party_id"], "token" in told["credentials"]) == (200, "ABC", False)
        before = (cpo.connection.token_in, cpo.connection.token_out)
        status, made = await cpo.control("PUT", f"{HERE}/credentials")
        assert (status, made["version"], made["registered"]) == (200, version, True)
        assert len({*before, cpo.connection.token_in, cpo.connection.token_out}) == 4
        assert (await cpo.ask("GET", "tokens", role=SENDER)).status_code == 1000
        cpo.connection.token_out = before[1]
        assert (await cpo.ask("GET", "tokens", role=SENDER)).http_status == 401


async def test_a_put_of_credentials_goes_to_another_version_and_the_journal_tells_which(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with connected(clock, chance, journal, version="2.1.1", offers=EVERY) as cpo:
        assert cpo.connection.version == "2.1.1"
        status, made = await cpo.control("PUT", f"{HERE}/credentials", {"version": "2.2.1"})
        assert (status, made["version"], cpo.connection.version) == (200, "2.2.1", "2.2.1")
        assert "commands" in {e["identifier"] for e in made["endpoints"]}
        puts = [r for r in journal.records if (r.get("module"), r.get("method")) == _PUT]
        assert sorted((r["direction"], r["version"]) for r in puts) == [
            ("received", "2.2.1"),
            ("sent", "2.2.1"),
        ]
        assert (await cpo.put_location(o.location())).status_code == 1000


_PUT = ("credentials", "PUT")


@pytest.mark.parametrize("version", ["2.2", "2.2.1"])
async def test_a_cpo_changes_the_version_too(
    clock: Clock, chance: Chance, journal: Journal, version: str
) -> None:
    async with connected(clock, chance, journal, version="2.1.1", offers=EVERY) as cpo:
        old = cpo.connection.endpoints["locations", "RECEIVER"]
        await cpo.registrar.update(cpo.connection, (version,))
        assert cpo.connection.version == version
        await clock.sleep(5)
        assert (await cpo.put_location(o.location())).status_code == 1000
        cpo.connection.endpoints["locations", "RECEIVER"] = old
        assert (await cpo.put_location(o.location())).status_code == 3002
        (sent,) = [
            r
            for r in journal.records
            if (r.get("module"), r.get("method"), r.get("direction")) == (*_PUT, "sent")
        ]
        assert sent["version"] == version


@pytest.mark.parametrize("version", EVERY)
@pytest.mark.parametrize("ends", ["cpo", "peer"])
async def test_after_a_delete_of_credentials_data_is_401(
    clock: Clock, chance: Chance, journal: Journal, version: str, ends: str
) -> None:
    async with connected(clock, chance, journal, version=version) as cpo:
        was = (cpo.connection.token_out, dict(cpo.connection.endpoints))
        if ends == "cpo":
            url = cpo.connection.endpoints["credentials", SENDER]
            told = await cpo.client.exchange(cpo.connection, "DELETE", url, module="credentials")
            assert (told.http_status, told.status_code) == (200, 1000)
        else:
            assert await cpo.control("DELETE", HERE) == (200, {"done": True, "problem": None})
            assert not cpo.connection.registered
        cpo.connection.token_out, cpo.connection.endpoints = was
        assert (await cpo.put_location(o.location())).http_status == 401
        assert await cpo.findings() == ["credentials.before-data"]
        assert (await cpo.control("GET", f"{HERE}/credentials"))[0] == 404


@pytest.mark.parametrize("version", EVERY)
async def test_all_tokens_are_pushed_at_once(
    clock: Clock, chance: Chance, journal: Journal, version: str
) -> None:
    async with connected(clock, chance, journal, version=version) as cpo:
        cpo.tokens.clear()
        status, told = await cpo.control("POST", f"{HERE}/tokens")
        assert (status, told["taken"], len(told["pushed"]), len(cpo.tokens)) == (200, 7, 7, 7)
        assert {p["status_code"] for p in told["pushed"]} == {1000}
        spoil(cpo, "500", "tokens")
        status, told = await cpo.control("POST", f"{HERE}/tokens")
        assert (status, told["taken"], len(told["pushed"])) == (200, 0, 7)
        assert {p["problem"] for p in told["pushed"]} == {"HTTP 500"}
        spoil(cpo, "silence", "tokens")
        _, told = await cpo.control("POST", f"{HERE}/tokens")
        assert (told["taken"], len(told["pushed"])) == (0, 1)
        assert "no answer" in told["pushed"][0]["problem"]


async def test_a_cpo_without_tokens_is_told(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with connected(clock, chance, journal) as cpo:
        (connection,) = (c for c in cpo.peer.book.all() if c.registered)
        connection.endpoints.pop(("tokens", "RECEIVER"))
        status, told = await cpo.control("POST", f"{HERE}/tokens")
        assert (status, told["error"]) == (409, "the CPO offers no tokens module")


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("500", "HTTP 500"),
        ("garbage", "HTTP 200"),
        ("3000", "3000 down"),
        ("no data", "credentials"),
        ("silence", "no answer"),
    ],
)
async def test_what_a_cpo_does_wrong_ends_in_a_clear_answer(
    clock: Clock, chance: Chance, journal: Journal, how: str, words: str
) -> None:
    async with connected(clock, chance, journal) as cpo:
        kept = (cpo.connection.token_in, cpo.connection.token_out)
        spoil(cpo, how, "credentials", "commands", "locations", "tariffs", "cdrs")
        for method, path in (("GET", f"{HERE}/credentials"), ("PUT", f"{HERE}/credentials")):
            status, told = await cpo.control(method, path)
            assert status == 502, told
            assert words in told["error"] or how == "garbage", told
        status, told = await cpo.control("POST", f"{HERE}/pull")
        assert status == 502 and "locations" in told["error"] and "tariffs" in told["error"]
        status, sent = await cpo.control("POST", "/commands/STOP_SESSION", {"session_id": "S1"})
        assert status == 200
        failed = how != "no data"
        assert (sent["response"] is not None and "failure" in sent["response"]) is failed
        cpo.connection.token_in, cpo.connection.token_out = kept
        assert (await cpo.put_location(o.location())).status_code == 1000
        status, told = await cpo.control("DELETE", HERE)
        assert (status, told["done"]) == (200, True)
        assert (told["problem"] is None) is not failed


@pytest.mark.parametrize("how", ["500", "garbage", "3000", "silence"])
async def test_a_registration_that_the_cpo_spoils_is_told_and_leaves_nothing(
    clock: Clock, chance: Chance, journal: Journal, how: str
) -> None:
    async with connected(clock, chance, journal, register=False) as cpo:
        cpo.connection.token_in = "token-a-of-the-cpo"
        cpo.store.save(cpo.connection)
        wanted = {"versions_url": cpo.server.versions_url, "token_a": "token-a-of-the-cpo"}
        for module in ("versions", "credentials"):
            spoil(cpo, how, module)
            status, told = await cpo.control("POST", "/register", wanted)
            assert status == 502 and told["error"].startswith("the registration failed: ")
        _, listed = await cpo.control("GET", "/connections")
        assert listed["connections"] == []


CPO = {"role": "CPO", "country_code": "DE", "party_id": "ABC", "business_details": {"name": "x"}}


@pytest.mark.parametrize(
    ("roles", "rule"),
    [
        ([CPO, {**CPO, "role": "XYZ"}], "credentials.cpo-role"),
        ([{**CPO, "role": "EMSP"}], "credentials.cpo-role"),
        ([CPO, {**CPO, "party_id": "abc"}], "credentials.roles-unique"),
    ],
)
@pytest.mark.parametrize("version", ["2.2", "2.2.1"])
async def test_the_roles_of_a_cpo_are_judged_whoever_begins(
    clock: Clock, chance: Chance, journal: Journal, version: str, roles: list[Any], rule: str
) -> None:
    async with connected(clock, chance, journal, version=version, register=False) as cpo:
        cpo.registrar.platform.roles = roles
        cpo.connection.token_in = "token-a-of-the-cpo"
        cpo.store.save(cpo.connection)
        wanted = {"versions_url": cpo.server.versions_url, "token_a": "token-a-of-the-cpo"}
        for asked in (wanted, {**wanted, "version": version}):
            status, told = await cpo.control("POST", "/register", asked)
            assert status == 502 and rule in told["error"], told
            cpo.connection.registered, cpo.connection.token_in = False, "token-a-of-the-cpo"
        assert await cpo.findings() == [rule] * 2
        silent = {**wanted, "profile": {"strict": False}}
        status, told = await cpo.control("POST", "/register", silent)
        assert (status, told.get("registered")) == (200, True), told
        assert await cpo.findings() == [rule] * 3


@pytest.mark.parametrize(
    ("profile", "code"),
    [
        ({}, 2001),
        ({"strict": False}, 1000),
        ({"rules": {"credentials.roles-unique": "off"}}, 1000),
        ({"rules": {"credentials.roles-unique": "warn"}}, 1000),
    ],
)
@pytest.mark.parametrize("version", ["2.2", "2.2.1"])
async def test_the_profile_decides_on_roles_that_a_cpo_registers_with(
    clock: Clock, chance: Chance, journal: Journal, version: str, profile: Any, code: int
) -> None:
    async with connected(
        clock, chance, journal, version=version, profile=profile, register=False
    ) as cpo:
        cpo.registrar.platform.roles = [CPO, CPO]
        cpo.registrar.judge = lambda *_: None
        if code == 1000:
            await cpo.register()
        else:
            with pytest.raises(Exception, match=r"credentials.roles-unique at /roles/1"):
                await cpo.register()
        found = [] if "off" in str(profile) else ["credentials.roles-unique"]
        assert await cpo.findings() == found


async def test_a_version_that_the_peer_does_not_offer_is_refused_with_the_nearest(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    some = ("2.1.1", "2.2.1")
    async with connected(clock, chance, journal, ocpi_versions=some) as cpo:
        url = {"versions_url": cpo.server.versions_url, "token_a": "t"}
        tokens = {"our_token": "a", "their_token": "b"}
        for method, path, body in (
            ("PUT", f"{HERE}/credentials", {}),
            ("POST", "/register", url),
            ("POST", "/connections", tokens),
        ):
            status, told = await cpo.control(method, path, {**body, "version": "2.2"})
            assert (status, told["pointer"]) == (400, "/version")
            assert "expected one of 2.1.1, 2.2.1, not '2.2'. Did you mean '2.2.1'?" in told["error"]


@pytest.mark.parametrize("version", EVERY)
async def test_a_version_that_the_cpo_does_not_offer_ends_in_a_clear_answer(
    clock: Clock, chance: Chance, journal: Journal, version: str
) -> None:
    async with connected(clock, chance, journal, version=version) as cpo:
        other = next(one for one in EVERY if one != version)
        status, told = await cpo.control("PUT", f"{HERE}/credentials", {"version": other})
        assert status == 502
        assert f"no common version: you offer {version}; {other} here" in told["error"]
        assert (await cpo.ask("GET", "tokens", role=SENDER)).status_code == 1000
