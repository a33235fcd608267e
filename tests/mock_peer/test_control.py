"""The control API: what it does, and how it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from tests.mock_peer import objects as o
from tests.mock_peer.cpo import connected

BY_HAND = {
    "version": "2.2.1",
    "their_token": "token-for-the-cpo",
    "our_token": "token-for-the-peer",
    "their_versions_url": None,
    "profile": {"strict": False},
}


async def test_a_cpo_is_connected_without_a_handshake(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with connected(clock, chance, journal, register=False) as cpo:
        status, made = await cpo.control("POST", "/connections", BY_HAND)
        assert status == 200
        assert made["profile"]["strict"] is False
        urls = {(e["identifier"], e["role"]): e["url"] for e in made["endpoints"]}
        cpo.connection.endpoints = urls
        cpo.connection.version, cpo.connection.token_out = "2.2.1", "token-for-the-peer"
        assert (await cpo.put_location(o.location(country="AUS"))).status_code == 1000
        assert await cpo.findings() == ["location.territory"]
        status, listed = await cpo.control("GET", "/connections")
        assert [c["id"] for c in listed["connections"]] == [made["id"]]
        assert listed["token_a"] == cpo.peer.token_a


async def test_a_connection_by_hand_with_a_versions_url_pulls_and_pushes(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with connected(clock, chance, journal, register=False) as cpo:
        cpo.locations = [o.location()]
        cpo.connection.token_in = "token-for-the-cpo"
        cpo.connection.registered, cpo.connection.version = True, "2.2.1"
        cpo.store.save(cpo.connection)
        wanted = {**BY_HAND, "their_versions_url": cpo.server.versions_url}
        _, made = await cpo.control("POST", "/connections", wanted)
        assert made["problem"] is None
        assert made["their_endpoints"]
        await clock.sleep(5)
        assert len(cpo.tokens) == 7
        _, state = await cpo.control("GET", "/state")
        assert [place["id"] for place in state["held"][0]["locations"]] == ["LOC1"]


async def test_an_unreachable_versions_url_is_told_and_the_connection_stands(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with connected(clock, chance, journal, register=False) as cpo:
        wanted = {**BY_HAND, "their_versions_url": "http://127.0.0.1:9/versions"}
        status, made = await cpo.control("POST", "/connections", wanted)
        assert status == 200
        assert "127.0.0.1:9" in made["problem"]
        assert made["registered"] is True


async def test_the_peer_begins_the_handshake(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with connected(clock, chance, journal, register=False) as cpo:
        cpo.connection.token_in = "token-a-of-the-cpo"
        cpo.store.save(cpo.connection)
        wanted = {"versions_url": cpo.server.versions_url, "token_a": "token-a-of-the-cpo"}
        status, made = await cpo.control("POST", "/register", {**wanted, "version": "2.2.1"})
        assert (status, made["version"], made["registered"]) == (200, "2.2.1", True)
        assert cpo.connection.registered
        await clock.sleep(5)
        assert len(cpo.tokens) == 7
        status, told = await cpo.control("POST", "/register", {**wanted, "token_a": "wrong"})
        assert status == 502
        assert "401" in told["error"]
        status, _ = await cpo.control("DELETE", f"/connections/{made['id']}")
        assert status == 200
        assert not cpo.connection.registered


async def test_a_token_is_made_changed_and_pushed(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with connected(clock, chance, journal) as cpo:
        body = {"contract_id": "DE-8PS-C00000099-9", "whitelist": "NEVER"}
        status, made = await cpo.control("PUT", "/tokens/04FF", body)
        assert status == 200
        assert made["pushed"] == [
            {"connection": "cpo-1", "http_status": 201, "status_code": 1000, "problem": None}
        ]
        assert cpo.tokens["04FF"] == made["token"]
        _, changed = await cpo.control("PUT", "/tokens/04FF", {"valid": False})
        assert changed["token"] == {
            **made["token"],
            "valid": False,
            "last_updated": changed["token"]["last_updated"],
        }
        assert cpo.tokens["04FF"]["valid"] is False
        _, kept = await cpo.control("PUT", "/tokens/04FF", {"valid": True, "push": False})
        assert (kept["pushed"], cpo.tokens["04FF"]["valid"]) == ([], False)


async def test_a_remote_start_with_its_result(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with connected(clock, chance, journal) as cpo:
        await cpo.put_location(o.location())
        body = {"location_id": "LOC1", "evse_uid": "LOC1-1", "wait_s": 20}

        async def answer_later() -> None:
            while not cpo.commands:
                await clock.sleep(1)
            url = cpo.commands[0]["response_url"]
            await cpo.client.exchange(
                cpo.connection, "POST", url, module="commands", body={"result": "ACCEPTED"}
            )

        import asyncio

        later = asyncio.get_running_loop().create_task(answer_later())
        status, command = await cpo.control("POST", "/commands/START_SESSION", body)
        await later
        assert (status, command["response"]["result"]) == (200, "ACCEPTED")
        assert command["result"] == {"result": "ACCEPTED"}
        (sent,) = cpo.commands
        assert sent["token"]["type"] == "APP_USER"
        assert sent["authorization_reference"]
        _, stop = await cpo.control("POST", "/commands/STOP_SESSION", {"session_id": "S1"})
        assert cpo.commands[1]["session_id"] == "S1"
        assert stop["result"] is None
        # The CDR of a remote start rests on the reference that went with the command.
        begun = clock.now()
        await clock.sleep(1800)
        token = {**o.cdr_token("ps-app-000001", "APP_USER"), "contract_id": "DE-8PS-C00000006-6"}
        cdr = o.cdr(
            start=begun,
            reference=sent["authorization_reference"],
            auth_method="COMMAND",
            cdr_token=token,
        )
        assert (await cpo.post_cdr(cdr)).status_code == 1000
        assert await cpo.findings() == ["session.required-for-remote"]


async def test_findings_and_journal_go_on_from_a_number(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with connected(clock, chance, journal) as cpo:
        for name in ("A", "B", "C"):
            await cpo.put_location(o.location(name, country="AUS"))
        _, told = await cpo.control("GET", "/findings?after=1")
        assert [f["number"] for f in told["findings"]] == [2, 3]
        assert told["last"] == 3
        _, none = await cpo.control("GET", "/findings?after=3")
        assert none == {"findings": [], "last": 3}
        _, records = await cpo.control("GET", f"/journal?after={journal.seq - 2}")
        assert len(records["records"]) == 2
        assert records["last"] == journal.seq


async def test_reset_forgets_what_was_told(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with connected(clock, chance, journal) as cpo:
        await cpo.put_location(o.location())
        await cpo.put_location(o.location("FAR", country="AUS"))
        await cpo.control("PUT", "/tokens/04FF", {})
        await cpo.control("PUT", "/authorizations", {"default": {"allowed": "EXPIRED"}})
        assert (await cpo.control("POST", "/reset"))[0] == 200
        _, state = await cpo.control("GET", "/state")
        assert (state["held"][0]["locations"], len(state["tokens"])) == ([], 7)
        assert await cpo.findings() == []
        assert (await cpo.put_location(o.location())).http_status == 201
        assert (await cpo.authorize(o.CARD, {"location_id": "LOC1"})).data["allowed"] == "ALLOWED"
        await cpo.control("POST", "/reset", {"connections": True})
        assert (await cpo.put_location(o.location())).http_status == 401


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "pointer", "words"),
    [
        ("POST", "/connections", {}, 400, "", "our_token"),
        ("POST", "/connections", {**BY_HAND, "x": 1}, 400, "/x", "no such field"),
        ("POST", "/connections", {**BY_HAND, "version": "9"}, 400, "/version", "2.2.1"),
        ("POST", "/connections", {**BY_HAND, "our_token": "a b"}, 400, "/our_token", "expected"),
        (
            "POST",
            "/connections",
            {**BY_HAND, "profile": {"rules": {"cdr.prize": "off"}}},
            400,
            "/profile/rules/cdr.prize",
            "cdr.price",
        ),
        ("POST", "/register", {"versions_url": "x", "token_a": "t"}, 400, "/versions_url", ""),
        ("PUT", "/tokens/x", {"type": "CARD"}, 400, "/type", "CARD"),
        ("PUT", f"/tokens/{'x' * 37}", {}, 400, "", "36"),
        (
            "PUT",
            "/authorizations",
            {"tokens": {"x": {"allowed": "YES"}}},
            400,
            "/tokens/x/allowed",
            "",
        ),
        ("POST", "/commands/START_SESSION", {}, 404, "/connection", "none"),
        ("POST", "/commands/UNLOCK_CONNECTOR", {}, 404, "", "never sent"),
        ("GET", "/findings?after=-1", None, 400, "", "whole number"),
        ("GET", "/findings?from=1", None, 400, "", "from"),
        ("GET", "/nothing", None, 404, "", "openapi.json"),
        ("DELETE", "/findings", None, 405, "", "GET"),
        ("DELETE", "/connections/cpo-9", None, 404, "/connection", "no such connection"),
    ],
)
async def test_a_wrong_request_is_told_its_place(
    clock: Clock,
    chance: Chance,
    journal: Journal,
    method: str,
    path: str,
    body: Any,
    status: int,
    pointer: str,
    words: str,
) -> None:
    async with connected(clock, chance, journal, register=False) as cpo:
        answered, told = await cpo.control(method, path, body)
        assert (answered, told["pointer"]) == (status, pointer), told
        assert words in told["error"]


async def test_a_token_in_use_is_not_given_twice(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with connected(clock, chance, journal, register=False) as cpo:
        await cpo.control("POST", "/connections", BY_HAND)
        status, told = await cpo.control("POST", "/connections", BY_HAND)
        assert (status, told["pointer"]) == (409, "/our_token")


async def test_a_command_needs_what_it_says_and_a_cpo_that_takes_it(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with connected(clock, chance, journal, profile={"remote_start": False}) as cpo:
        for name, body, status, pointer in (
            ("START_SESSION", {}, 400, "/location_id"),
            ("START_SESSION", {"location_id": "L", "connector_id": "1"}, 400, "/evse_uid"),
            ("START_SESSION", {"location_id": "L", "token_uid": "x"}, 400, "/token_uid"),
            ("STOP_SESSION", {}, 400, "/session_id"),
            ("STOP_SESSION", {"session_id": "S1"}, 409, ""),
        ):
            answered, told = await cpo.control("POST", f"/commands/{name}", body)
            assert (answered, told["pointer"]) == (status, pointer), told


async def test_broken_json_is_told(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with connected(clock, chance, journal, register=False) as cpo:
        answer = await cpo.send("POST", f"{cpo.peer.control_url}/connections", b"{")
        assert answer.status == 400
        assert b"expected JSON" in answer.body
