"""The peer over every version of OCPI: one conversation, written once."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock, rfc3339
from simulator.kernel.journal import Journal
from simulator.ocpi.codec import Around
from simulator.ocpi.headers import Party
from simulator.ocpi.versions import VERSIONS
from tests.mock_peer import objects as o
from tests.mock_peer.cpo import TestCpo, connected

HERE = {"location_id": "LOC1", "evse_uids": ["LOC1-1"]}


def wire(cpo: TestCpo, kind: str, body: dict[str, Any]) -> dict[str, Any]:
    """A canonical object as the connection's version writes it."""
    around = Around(Party("DE", "ABC"), Party("DE", "8PS"), location=lambda _name: o.location())
    codec = VERSIONS[cpo.connection.version or ""].codec
    made: dict[str, Any] = codec.to_wire(kind, body, around).obj
    return made


@pytest.mark.parametrize("version", sorted(VERSIONS))
async def test_a_session_from_registration_to_an_accepted_cdr(
    clock: Clock, chance: Chance, journal: Journal, version: str
) -> None:
    async with connected(clock, chance, journal, version=version) as cpo:
        assert cpo.connection.version == version
        assert len(cpo.tokens) == 7
        await cpo.put_tariff(wire(cpo, "tariff", o.tariff()))
        location = {**wire(cpo, "location", o.location())}
        if version == "2.1.1":
            location["type"] = "PARKING_LOT"
        answer = await cpo.put_location(location)
        assert answer.status_code == 1000, answer.message
        change = {"status": "CHARGING", "last_updated": rfc3339(clock.now()).split(".")[0]}
        path = ("DE", "ABC", "LOC1", "LOC1-1")
        assert (await cpo.ask("PATCH", "locations", *path, body=change)).status_code == 1000
        told = await cpo.authorize(o.CARD, HERE)
        assert told.data["allowed"] == "ALLOWED"
        assert ("authorization_reference" in told.data) is (version != "2.1.1")
        begun = clock.now().replace(microsecond=0)
        await clock.sleep(1800)
        reference = told.data.get("authorization_reference")
        cdr = wire(cpo, "cdr", o.cdr(start=begun, reference=reference))
        first = await cpo.post_cdr(cdr)
        assert (first.http_status, first.status_code) == (201, 1000), first.message
        again = await cpo.post_cdr(cdr)
        assert again.headers["Location"] == first.headers["Location"]
        assert await cpo.findings() == []
        back = await cpo.client.exchange(
            cpo.connection, "GET", first.headers["Location"], module="cdrs"
        )
        assert back.http_status == (405 if version == "2.1.1" else 200)
        _, state = await cpo.control("GET", "/state")
        (home,) = state["held"][0]["locations"]
        assert home["country_code"] == "DE"
        assert home["evses"][0]["status"] == "CHARGING"
        assert home["evses"][0]["connectors"][0]["tariff_ids"] == ["T1"]


@pytest.mark.parametrize("version", sorted(VERSIONS))
async def test_plugsurfing_begins_in_every_version(
    clock: Clock, chance: Chance, journal: Journal, version: str
) -> None:
    async with connected(clock, chance, journal, version=version, register=False) as cpo:
        cpo.connection.token_in = "token-a-of-the-cpo"
        cpo.store.save(cpo.connection)
        wanted = {"versions_url": cpo.server.versions_url, "token_a": "token-a-of-the-cpo"}
        status, made = await cpo.control("POST", "/register", wanted)
        assert (status, made["version"]) == (200, version), made
        await clock.sleep(5)
        assert len(cpo.tokens) == 7
        body = {"location_id": "LOC1"}
        status, told = await cpo.control("POST", "/commands/START_SESSION", body)
        assert status == (409 if version == "2.1.1" else 200), told


async def test_in_211_sessions_and_commands_are_not_there(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with connected(clock, chance, journal, version="2.1.1") as cpo:
        offered = {module for module, _role in cpo.connection.endpoints}
        assert offered == {"credentials", "locations", "tariffs", "tokens", "cdrs"}


async def test_in_211_tariffs_are_patched_and_their_parts_dropped(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with connected(clock, chance, journal, version="2.1.1") as cpo:
        parking = {"type": "PARKING_TIME", "price": 2, "step_size": 60}
        energy = {"type": "ENERGY", "price": 1, "step_size": 1}
        element = {
            "price_components": [energy, parking],
            "restrictions": {"min_power": 11, "max_kwh": 50, "end_date": "2026-12-31"},
        }
        tariff = wire(cpo, "tariff", o.tariff())
        assert (await cpo.put_tariff({**tariff, "elements": [element]})).status_code == 1000
        _, state = await cpo.control("GET", "/state")
        (kept,) = state["held"][0]["tariffs"]
        assert kept["elements"] == [{"price_components": [energy], "restrictions": {"max_kwh": 50}}]
        assert await cpo.findings() == ["tariff.unsupported-211"] * 3
        change = {"currency": "SEK"}
        path = ("DE", "ABC", "T1")
        assert (await cpo.ask("PATCH", "tariffs", *path, body=change)).status_code == 1000
        _, state = await cpo.control("GET", "/state")
        assert [t["currency"] for t in state["held"][0]["tariffs"]] == ["SEK"]


async def test_one_peer_serves_all_versions_at_once(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with connected(clock, chance, journal, register=False) as cpo:
        urls = {}
        for version in VERSIONS:
            body = {"version": version, "our_token": f"in-{version}", "their_token": "x"}
            _, made = await cpo.control("POST", "/connections", body)
            urls[version] = {e["identifier"]: e["url"] for e in made["endpoints"]}
        assert len({url["locations"] for url in urls.values()}) == len(VERSIONS)
        wrong = {"Authorization": "Token in-2.1.1"}
        answer = await cpo.send("PUT", f"{urls['2.2.1']['tariffs']}/DE/ABC/T1", b"{}", **wrong)
        assert b'"status_code":3002' in answer.body
